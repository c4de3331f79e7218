"""What happens to a case: each event says what is new, and is the case's history.

Events are written down together with the case, by whoever owns it (`casework`), and folded generically: see
`casework/case.py`. What people said, their names and numbers are in `texts`, which can be erased; the rest
stays for history and figures.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, TypeVar

from domain.cases import CaseSummary, CaseTexts, CaseValues, Suggestion, Trust
from domain.event import CallEvent, Event
from domain.streams import CASES

CaseEventKind = Literal[
    "registered", "identified", "heard", "classified", "assigned", "noted", "held", "resumed", "solved",
    "closed", "reopened", "linked", "merged", "took_in", "undone", "imported",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CaseEvent(Event):
    """`version` is the case's after it; `actor` a username or one of `MACHINES`.

    `values` and `texts` are what is new, `was` and `texts_were` what that replaces; of what was said, only
    what has come. `left` are fields that were to change and did not, for something newer stands there.
    """

    stream = CASES
    kind: ClassVar[CaseEventKind]
    personal: ClassVar[tuple[str, ...]] = ("texts", "texts_were")

    case_number: str
    version: int
    actor: str
    call_id: str = ""
    values: CaseValues = field(default_factory=CaseValues)
    was: CaseValues = field(default_factory=CaseValues)
    texts: CaseTexts = field(default_factory=CaseTexts)
    texts_were: CaseTexts = field(default_factory=CaseTexts)
    left: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.case_number


@dataclass(frozen=True, kw_only=True)
class CaseRegistered(CaseEvent):
    """The case is there; with `call_id`, that call is about it."""

    kind = "registered"


@dataclass(frozen=True, kw_only=True)
class CaseIdentified(CaseEvent):
    """Whose case it is."""

    kind = "identified"


@dataclass(frozen=True, kw_only=True)
class CaseHeard(CaseEvent):
    """The caller's words, or the same ones heard better."""

    kind = "heard"

    statement_id: str
    trust: Trust
    confidence: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CaseClassified(CaseEvent):
    """Title, service, category, impact or urgency are others now, and the priority that follows."""

    kind = "classified"


@dataclass(frozen=True, kw_only=True)
class CaseAssigned(CaseEvent):
    """Somebody works on it, or nobody any more; `taken_over`: from somebody else, who was not asked."""

    kind = "assigned"

    taken_over: bool = False


@dataclass(frozen=True, kw_only=True)
class CaseNoted(CaseEvent):
    """A note; as it is written it is saved again under its `note_id`, and the newest one is the note."""

    kind = "noted"
    personal: ClassVar[tuple[str, ...]] = (*CaseEvent.personal, "note")

    note_id: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseHeld(CaseEvent):
    """It waits for somebody outside the desk."""

    kind = "held"


@dataclass(frozen=True, kw_only=True)
class CaseResumed(CaseEvent):
    """It waits no longer."""

    kind = "resumed"


@dataclass(frozen=True, kw_only=True)
class CaseSolved(CaseEvent):
    """Solved, by the article in `values` or the words in `texts`."""

    kind = "solved"


@dataclass(frozen=True, kw_only=True)
class CaseClosed(CaseEvent):
    """Nobody will come back to it."""

    kind = "closed"


@dataclass(frozen=True, kw_only=True)
class CaseReopened(CaseEvent):
    """It was not solved after all."""

    kind = "reopened"


@dataclass(frozen=True, kw_only=True)
class CaseLinked(CaseEvent):
    """The call in `call_id` is about this case, and about no other any more."""

    kind = "linked"


@dataclass(frozen=True, kw_only=True)
class CaseMerged(CaseEvent):
    """It was the same as another, `values.merged_into`, and lives on there."""

    kind = "merged"


@dataclass(frozen=True, kw_only=True)
class CaseTookIn(CaseEvent):
    """Another case was the same as this: what was said there is said here."""

    kind = "took_in"

    other: str


@dataclass(frozen=True, kw_only=True)
class CaseUndone(CaseEvent):
    """What the event `undoes` has changed is as it was before."""

    kind = "undone"

    undoes: str


@dataclass(frozen=True, kw_only=True)
class CaseImported(CaseEvent):
    """A line of history from before events were kept: its sentence is in `note`."""

    kind = "imported"
    personal: ClassVar[tuple[str, ...]] = (*CaseEvent.personal, "note")

    note: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseChanged(Event):
    """The case as it is now, for every page; no fact."""

    stream = CASES

    case: CaseSummary

    @property
    def subject(self) -> str:
        return self.case.number


@dataclass(frozen=True, kw_only=True)
class CaseStated(CallEvent):
    """A call is about this case, as the version before has written it down; nobody states it any more."""

    stream = CASES

    case_number: str


@dataclass(frozen=True, kw_only=True)
class SuggestionsFound(CallEvent):
    """The ranked solutions, best first, and the numbers of similar open cases."""

    stream = CASES
    personal: ClassVar[tuple[str, ...]] = ("suggestions", "similar")

    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[str, ...] = ()


_AnyCaseEvent = TypeVar("_AnyCaseEvent", bound=CaseEvent)


def without_personal(event: _AnyCaseEvent) -> _AnyCaseEvent:
    """The event as it travels on the bus: without people's words, names and numbers."""
    empty: dict[str, Any] = {
        each.name: each.default_factory() if callable(each.default_factory) else each.default
        for each in fields(event)
        if each.name in event.personal
    }
    return replace(event, **empty)
