"""Cases: as they are kept, as a screen-pop shows them, and what happens to them in a call."""

import re
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from domain.dialogue import SpokenWord
from domain.event import CallEvent
from domain.streams import CASES

Status = Literal["open", "pending", "resolved", "closed"]
Impact = Literal["one", "several", "everyone"]
Urgency = Literal["works", "hindered", "stopped"]
Priority = Literal[1, 2, 3, 4, 5]
"""1 is the most pressing, 5 the least."""
Judged = Literal["service", "category", "impact", "urgency"]
"""What the caller's words decide."""
Because = dict[Judged, tuple[str, ...]]
"""For each field that words decided, those words as they were said."""

OPEN_STATUSES: tuple[Status, ...] = ("open", "pending")
IMPACTS: tuple[Impact, ...] = get_args(Impact)  # weakest first, as are the urgencies
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)

# Six digits at least, so that numbers sort as text; they may outgrow that.
CASE_NUMBER = re.compile(r"C-[0-9]{6,12}")

Priorities = dict[Impact, dict[Urgency, Priority]]
ITIL: Priorities = {
    "one": {"works": 5, "hindered": 4, "stopped": 3},
    "several": {"works": 4, "hindered": 3, "stopped": 2},
    "everyone": {"works": 3, "hindered": 2, "stopped": 1},
}


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is known of a case when it is registered; the contact's name is looked up where it is empty."""

    title: str
    description: str = ""
    service: str = ""
    category: str = ""
    impact: Impact = "one"
    urgency: Urgency = "hindered"
    priority: Priority = 3
    language: str = ""
    because: Because = field(default_factory=dict)
    contact_id: int | None = None
    contact_name: str = ""
    caller_number: str = ""
    call_id: str = ""
    statement: str = ""
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case(NewCase):
    """A case as it is now."""

    number: str
    status: Status = "open"
    opened_ms: int = 0
    changed_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class CaseEdit:
    """What shall be different in a case; None: as it is."""

    title: str | None = None
    description: str | None = None
    status: Status | None = None
    service: str | None = None
    category: str | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    priority: Priority | None = None
    language: str | None = None
    because: Because | None = None
    contact_id: int | None = None
    contact_name: str | None = None
    caller_number: str | None = None
    call_id: str | None = None
    statement: str | None = None
    words: tuple[SpokenWord, ...] | None = None

    def given(self) -> dict[str, Any]:
        """The fields that shall be different, by their names."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}

    def as_new_case(self) -> NewCase:
        """A case that has these fields from its beginning; ValueError without a title."""
        if self.title is None or self.status is not None:
            raise ValueError("a new case has a title, and no status but open")
        return NewCase(**self.given())


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a caller's words mean for the desk, and which of them decided it."""

    title: str
    service: str
    category: str
    impact: Impact
    urgency: Urgency
    priority: Priority
    because: Because


@dataclass(frozen=True)
class Change:
    """A field before and after, as it is kept: text, number, list or table of these."""

    old: object
    new: object


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One append-only line of a case's history: who changed what, when and why."""

    at_ms: int
    by: str
    what: str
    changes: dict[str, Change] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """A case as a screen-pop shows it; `because` has the deciding words for each judged field."""

    number: str
    title: str = ""
    service: str
    category: str
    impact: Impact
    urgency: Urgency
    priority: Priority
    because: Because = field(default_factory=dict)
    has_statement: bool = False
    opened_ms: int = 0
    status: Status = "open"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A knowledge-base article for this case; score 0–1; the caller's words that matched it."""

    article: str
    title: str
    score: float
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseRegistered(CallEvent):
    """The case is in the database; also stated again whenever it changes during the call."""

    stream = CASES
    personal = ("case.title", "case.because", "open_cases")

    case: CaseSummary
    open_cases: tuple[CaseSummary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SuggestionsFound(CallEvent):
    """The ranked solutions, best first, and similar open cases."""

    stream = CASES
    personal = ("suggestions", "similar")

    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[CaseSummary, ...] = ()


def summary(case: Case, *, has_voice: bool = False) -> CaseSummary:
    """The case as a screen-pop shows it."""
    return CaseSummary(
        number=case.number,
        title=case.title,
        service=case.service,
        category=case.category,
        impact=case.impact,
        urgency=case.urgency,
        priority=case.priority,
        because=case.because,
        has_statement=has_voice,
        opened_ms=case.opened_ms,
        status=case.status,
    )
