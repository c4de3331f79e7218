"""What the case store gives: contacts, cases, articles, users. Times `*_ms` since the epoch."""

from dataclasses import dataclass, field
from typing import Any

from domain.records import Match


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """A person who may call; numbers in E.164, `extension` for internal calls."""

    id: int
    name: str
    employee_number: str = ""
    extension: str = ""
    email: str = ""
    department: str = ""
    site: str = ""
    language: str = ""
    vip: bool = False
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Callers:
    """Whom the number (E.164, extension or empty) belongs to; `how`: ani, extension, nothing."""

    match: Match
    number: str = ""
    contacts: tuple[ContactView, ...] = ()
    how: str = "nothing"


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """A case as it is now; `because` has the caller's words that decided each judged field."""

    number: str
    title: str
    description: str = ""
    status: str = "open"
    service: str = ""
    category: str = ""
    impact: str = "one"
    urgency: str = "hindered"
    priority: int = 3
    language: str = ""
    because: dict[str, tuple[str, ...]] = field(default_factory=dict)
    contact_id: int | None = None
    contact_name: str = ""
    caller_number: str = ""
    call_id: str = ""
    statement: str = ""
    words: tuple[dict[str, Any], ...] = ()
    opened_ms: int = 0
    changed_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One append-only line of a case's history: who changed what, when and why."""

    at_ms: int
    by: str
    what: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ArticleView:
    """A knowledge-base article; `key` is its file's name, the same in every language."""

    key: str
    language: str
    title: str
    service: str
    category: str
    body: str
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UserView:
    """Somebody who logs in; role agent, supervisor or admin."""

    id: int
    username: str
    name: str
    role: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A login that lasts: whose it is, and the token its changing requests must carry."""

    user: UserView
    csrf: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did; each error names where (line or file) and why, the others were taken in."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    errors: tuple[str, ...] = ()
