"""What the pages' HTTP requests are answered with; the pages' own types are made from these classes."""

from dataclasses import dataclass

from domain.articles import Article
from domain.calls import Outcome
from domain.case_history import HistoryEntry
from domain.cases import Case, CaseSummary, Suggestion
from domain.contacts import Contact
from screenpop.server.auth import PageUser


@dataclass(frozen=True, kw_only=True)
class SipAccount:
    """What a telephone in the page needs to register."""

    uri: str
    username: str
    password: str
    ws_url: str


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who is logged in; an account is None where it was not set up."""

    user: PageUser
    csrf: str
    phone: SipAccount | None
    # It may state any number as its own: for those alone who may phone as anybody.
    webcaller: SipAccount | None
    support_number: str
    break_reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CallSummary:
    """A call in a list; `waited_ms` until an agent answered, or until its end."""

    call_id: str
    at_ms: int
    outcome: Outcome | None
    agent: str
    case_number: str
    waited_ms: int


@dataclass(frozen=True, kw_only=True)
class CaseAnswer:
    """A case in full, the newest of its history and of its calls (newest first), and what was suggested in
    the last of these.

    Of a note only its newest text is there. `older`: ask with `before` of this number for the lines before
    these; None: there are none.
    """

    case: Case
    summary: CaseSummary
    history: tuple[HistoryEntry, ...]
    older: int | None
    calls: tuple[CallSummary, ...]
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, kw_only=True)
class CaseList:
    """A page of cases; `next` is given as `after` for the page that follows, None at the end."""

    cases: tuple[CaseSummary, ...]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class SavedCase:
    """The case as it is after what was asked of it."""

    case: Case
    summary: CaseSummary


@dataclass(frozen=True)
class Failure:
    """What went wrong; `message` is in the user's language."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class CaseConflict:
    """Nothing was written: somebody else has changed the fields `stale` since, or (`case_not_allowed`, where
    there are none) the case takes no such thing as it is now.
    """

    error: Failure
    current: CaseAnswer
    stale: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CallerCard:
    """Who calls, as far as it is known: their newest open cases (`open_count` in all), the last others, the
    last calls, all newest first. Of a caller who is no contact, the last calls from their number.
    """

    contact: Contact | None
    open_cases: tuple[CaseSummary, ...]
    open_count: int
    earlier_cases: tuple[CaseSummary, ...]
    calls: tuple[CallSummary, ...]


@dataclass(frozen=True, kw_only=True)
class ArticleAnswer(Article):
    """An article; `html` is its Markdown, safe to be put into a page."""

    html: str
