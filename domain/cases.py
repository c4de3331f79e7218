"""Cases: as they are, as they are registered, and as lists and the screen-pop show them."""

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from domain.dialogue import SpokenWord
from domain.partial import Partial

Status = Literal["open", "pending", "resolved", "closed", "merged"]
"""`pending` waits for somebody outside the desk, `merged` has become part of another case."""
Impact = Literal["one", "several", "everyone"]
Urgency = Literal["works", "hindered", "stopped"]
Priority = Literal[1, 2, 3, 4, 5]
"""1 is the most pressing, 5 the least."""
Judged = Literal["service", "category", "impact", "urgency"]
"""What the caller's words decide."""
Because = dict[Judged, tuple[str, ...]]
"""For each field that words decided, those words as they were said."""
Trust = Literal["certain", "confirmed", "doubtful", "denied", "unclear", "chosen"]
"""How far words may be used: understood well, said yes to, asked back, said no to, not understood; a key."""

OPEN_STATUSES: tuple[Status, ...] = ("open", "pending")
STATUSES: tuple[Status, ...] = get_args(Status)
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

MACHINES = ("ivr", "demo", "system")
"""Who acts and is no person; a person acts by their username."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A statement of the caller; heard again better, it comes under the same `statement_id`.

    What was `chosen` by a key is no words: its text is the service's key.
    """

    statement_id: str
    text: str
    at_ms: int
    call_id: str = ""
    trust: Trust = "certain"
    confidence: float = 0.0
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseValues(Partial):
    """What figures are made of, as far as it is given; None: as it was."""

    status: Status | None = None
    service: str | None = None
    category: str | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    priority: Priority | None = None
    language: str | None = None
    desk: str | None = None
    agent: str | None = None
    contact_id: int | None = None
    article: str | None = None
    merged_into: str | None = None


@dataclass(frozen=True, kw_only=True)
class CaseTexts(Partial):
    """People's words, names and numbers, as far as they are given; they lie in rows that can be erased."""

    title: str | None = None
    said: tuple[Said, ...] | None = None
    because: Because | None = None
    contact_name: str | None = None
    caller_number: str | None = None
    solution: str | None = None


@dataclass(frozen=True)
class Setting:
    """Who gave a field its value: at which version of the case, when, and whether that was a person."""

    version: int
    at_ms: int
    by_person: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case as it is now; `set_by` tells of each field how it came by its value.

    `call_id` is the call that registered it, `agent` who works on it, `article` what solved it.
    """

    number: str
    version: int = 0
    status: Status = "open"
    title: str = ""
    service: str = ""
    category: str = ""
    impact: Impact = "one"
    urgency: Urgency = "hindered"
    priority: Priority = 4
    language: str = ""
    desk: str = ""
    agent: str = ""
    article: str = ""
    solution: str = ""
    merged_into: str = ""
    because: Because = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    contact_id: int | None = None
    contact_name: str = ""
    caller_number: str = ""
    call_id: str = ""
    opened_ms: int = 0
    changed_ms: int = 0
    set_by: dict[str, Setting] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.status in OPEN_STATUSES

    @property
    def description(self) -> str:
        """All that was said, in its order."""
        return "\n".join(said.text for said in self.spoken)

    @property
    def statement(self) -> str:
        """What was said last."""
        return self.spoken[-1].text if self.spoken else ""

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        """The words of what was said last, with their places in the recording."""
        return self.spoken[-1].words if self.spoken else ()

    @property
    def spoken(self) -> tuple[Said, ...]:
        """What was said in words, and not chosen by a key."""
        return tuple(said for said in self.said if said.trust != "chosen")

    @property
    def assumed(self) -> tuple[Judged, ...]:
        """The judgements that no words, no key and no person decided."""
        judged: tuple[Judged, ...] = get_args(Judged)
        return tuple(one for one in judged if not self.because.get(one) and not self._was_set(one))

    def _was_set(self, name: str) -> bool:
        setting = self.set_by.get(name)
        was_chosen = name == "service" and len(self.spoken) < len(self.said)
        return was_chosen or (setting is not None and setting.by_person)


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is known of a case when it is registered; the contact's name is looked up where it is empty."""

    title: str
    service: str = ""
    category: str = ""
    impact: Impact = "one"
    urgency: Urgency = "hindered"
    language: str = ""
    desk: str = ""
    because: Because = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    contact_id: int | None = None
    contact_name: str = ""
    caller_number: str = ""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a caller's words mean for the desk, and which of them decided it."""

    title: str
    service: str
    category: str
    impact: Impact
    urgency: Urgency
    because: Because


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """A case as lists and the screen-pop show it; `because` has the deciding words for each judged field.

    `assumed` names the judgements that nothing decided; `has_statement`: the caller's voice is kept.
    """

    number: str
    version: int
    status: Status
    title: str
    service: str
    category: str
    impact: Impact
    urgency: Urgency
    priority: Priority
    because: Because = field(default_factory=dict)
    assumed: tuple[Judged, ...] = ()
    agent: str = ""
    contact_id: int | None = None
    contact_name: str = ""
    desk: str = ""
    has_statement: bool = False
    opened_ms: int = 0
    changed_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A knowledge-base article for this case; score 0–1; the caller's words that matched it."""

    article: str
    title: str
    score: float
    because: tuple[str, ...] = ()


def case_number(count: int) -> str:
    """How the case of this count is numbered: `C-000012` is the twelfth."""
    return f"C-{count:06d}"


def summary(case: Case, *, has_voice: bool = False) -> CaseSummary:
    """The case as lists and the screen-pop show it."""
    return CaseSummary(
        number=case.number,
        version=case.version,
        status=case.status,
        title=case.title,
        service=case.service,
        category=case.category,
        impact=case.impact,
        urgency=case.urgency,
        priority=case.priority,
        because=case.because,
        assumed=case.assumed,
        agent=case.agent,
        contact_id=case.contact_id,
        contact_name=case.contact_name,
        desk=case.desk,
        has_statement=has_voice,
        opened_ms=case.opened_ms,
        changed_ms=case.changed_ms,
    )
