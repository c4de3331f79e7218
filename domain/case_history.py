"""A case's history as it is shown: kind, values, who and when; pages write it in their reader's language."""

from dataclasses import dataclass, field

from domain.case_events import CaseEvent, CaseEventKind


@dataclass(frozen=True)
class Change:
    """A field before and after; None where it was not kept, or was erased."""

    old: object
    new: object


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line. `note` and `said` are what somebody wrote or said; `other` is the case that was taken in,
    `undoes` the event that was taken back, `left` fields that stayed, for something newer stood there.
    """

    seq: int
    event_id: str
    at_ms: int
    kind: CaseEventKind
    actor: str
    call_id: str = ""
    changes: dict[str, Change] = field(default_factory=dict)
    said: str = ""
    trust: str = ""
    confidence: float = 0.0
    note: str = ""
    note_id: str = ""
    other: str = ""
    undoes: str = ""
    taken_over: bool = False
    left: tuple[str, ...] = ()


_OWN = ("trust", "confidence", "note", "note_id", "other", "undoes", "taken_over")


def entry_of(seq: int, event: CaseEvent) -> HistoryEntry:
    """The line of history that the event is."""
    said = event.texts.said or ()
    heard = {"trust": said[-1].trust, "confidence": said[-1].confidence} if said else {}
    own = {name: value for name in _OWN if (value := getattr(event, name, None)) is not None}
    return HistoryEntry(
        seq=seq,
        event_id=event.event_id,
        at_ms=event.at_ms,
        kind=event.kind,
        actor=event.actor,
        call_id=event.call_id,
        changes=_changes(event),
        said=said[-1].text if said else "",
        left=event.left,
        **heard | own,
    )


def _changes(event: CaseEvent) -> dict[str, Change]:
    old = event.was.given() | event.texts_were.given()
    new = event.values.given() | event.texts.given()
    return {
        name: Change(old.get(name), value) for name, value in new.items() if name not in ("said", "because")
    }
