"""What the pages' HTTP requests are answered with; the pages' own types are made from these classes."""

from dataclasses import dataclass

from domain.articles import Article
from domain.cases import Case, HistoryEntry, Suggestion
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
class CaseAnswer:
    """A case, its history, and what was suggested during its call."""

    case: Case
    history: tuple[HistoryEntry, ...]
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, kw_only=True)
class ArticleAnswer(Article):
    """An article; `html` is its Markdown, safe to be put into a page."""

    html: str
