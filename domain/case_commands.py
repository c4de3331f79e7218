"""What may be asked of a case. Who asks, when, and which version of the case they had before them."""

from dataclasses import dataclass, field

from domain.case_events import CaseEvent
from domain.cases import Because, Case, Impact, NewCase, Said, Urgency
from domain.event import new_id


@dataclass(frozen=True, kw_only=True)
class CaseCommand:
    """However often a command of one `change_id` comes, it is carried out once.

    `version`: a field that has changed since then is a conflict; None: whoever asks has seen none, and means
    it whatever has changed. `yields`: what a person or something newer has set stays, and is no conflict.
    """

    change_id: str = field(default_factory=new_id)
    actor: str
    at_ms: int
    call_id: str = ""
    version: int | None = None
    yields: bool = False


@dataclass(frozen=True, kw_only=True)
class Register(CaseCommand):
    """A case that is not there yet; in a call, that call's."""

    new: NewCase


@dataclass(frozen=True, kw_only=True)
class Identify(CaseCommand):
    """It is this contact's."""

    contact_id: int
    contact_name: str = ""
    caller_number: str = ""


@dataclass(frozen=True, kw_only=True)
class Hear(CaseCommand):
    """The caller has said this; heard again better, it replaces what has the same statement id."""

    said: Said


@dataclass(frozen=True, kw_only=True)
class Classify(CaseCommand):
    """None leaves a field as it is; the priority follows from impact and urgency."""

    title: str | None = None
    service: str | None = None
    category: str | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    language: str | None = None
    because: Because | None = None


@dataclass(frozen=True, kw_only=True)
class Assign(CaseCommand):
    """To an agent by username; empty: to nobody."""

    agent: str


@dataclass(frozen=True, kw_only=True)
class TakeOver(CaseCommand):
    """Whoever asks works on it from now on, whoever did before."""


@dataclass(frozen=True, kw_only=True)
class Note(CaseCommand):
    """The note as it is by now; saved again and again while it is written."""

    note_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Hold(CaseCommand):
    """It waits for somebody outside the desk."""


@dataclass(frozen=True, kw_only=True)
class Resume(CaseCommand):
    """It waits no longer."""


@dataclass(frozen=True, kw_only=True)
class Solve(CaseCommand):
    """By an article's key, or in words, or simply."""

    article: str = ""
    solution: str = ""


@dataclass(frozen=True, kw_only=True)
class Close(CaseCommand):
    """Nobody will come back to it."""


@dataclass(frozen=True, kw_only=True)
class Reopen(CaseCommand):
    """It was not solved after all."""


@dataclass(frozen=True, kw_only=True)
class Link(CaseCommand):
    """The call in `call_id` is about this case."""


@dataclass(frozen=True, kw_only=True)
class Merge(CaseCommand):
    """It is the same as the case `into`, and lives on there."""

    into: str


@dataclass(frozen=True, kw_only=True)
class TakeIn(CaseCommand):
    """The other half of a merge, at the case that lives on."""

    other: Case


@dataclass(frozen=True, kw_only=True)
class Undo(CaseCommand):
    """Take back what this event has changed."""

    undone: CaseEvent
