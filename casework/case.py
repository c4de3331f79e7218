"""What a case is: `step(case, command) -> case, events`. Pure.

Which command may come in which status, and what the status is afterwards, stands in
`casework/case_table.py`. Beside it:

1. A version is never overwritten unseen: where a field that the command sets was set since the version that
   whoever asks had before them, that is a `Conflict` with the case as it is now. Other fields do not matter:
   two people may change different things at once.
2. A command that `yields` (the voice response, a change that waited in the outbox) leaves what a person has
   set or what is newer than itself; the event names what was left. The status follows the table all the
   same, unless it is newer: who calls again about a solved case has it open again.
3. Words and notes add; they never conflict. A note belongs to who writes it: `note_id` is `ACTOR/…`.
4. The priority follows from impact and urgency. A field that a person sets is no longer decided by words.
5. Whoever works on a case that is nobody's has it from then on.
6. What changed nothing is no event, but for notes and links, which are something in themselves.
7. Undo takes back one's own event where every field still stands as that left it.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from casework.case_table import EVENTS, TABLE
from domain.case_commands import (
    Assign,
    CaseCommand,
    Classify,
    Hear,
    Hold,
    Identify,
    Link,
    Merge,
    Note,
    Register,
    Solve,
    TakeIn,
    TakeOver,
    Undo,
)
from domain.case_events import (
    CaseAssigned,
    CaseClassified,
    CaseClosed,
    CaseEvent,
    CaseHeld,
    CaseMerged,
    CaseRegistered,
    CaseReopened,
    CaseResumed,
    CaseSolved,
)
from domain.cases import ITIL, MACHINES, Case, CaseTexts, CaseValues, Priorities, Said, Setting, Status

_SOMETHING_IN_THEMSELVES = (Note, Link, TakeIn)
_GROWING = "said"  # never stale, and an event has only what has come
_WORK = (Classify, Note, Solve, Hold)
_UNDOABLE = (
    CaseClassified,
    CaseAssigned,
    CaseHeld,
    CaseResumed,
    CaseSolved,
    CaseClosed,
    CaseReopened,
    CaseMerged,
)


class Conflict(Exception):
    """Somebody else has changed these fields since; `current` is the case as it is now."""

    def __init__(self, current: Case, stale: tuple[str, ...]) -> None:
        super().__init__(f"{current.number} has changed since: {', '.join(stale)}")
        self.current = current
        self.stale = stale


class NotAllowed(Exception):
    """In this status the case takes no such command; `current` is the case as it is."""

    def __init__(self, current: Case, command: CaseCommand) -> None:
        super().__init__(f"{type(command).__name__} of {current.number}, which is {current.status}")
        self.current = current


def register(number: str, command: Register, priorities: Priorities = ITIL) -> tuple[Case, CaseRegistered]:
    """The new case under this number."""
    new = _somehow(**vars(command.new))
    values = _of(CaseValues, {**new, "status": "open", "priority": _priority(new, priorities)})
    event = CaseRegistered(
        **_head(command), case_number=number, version=1, values=values, texts=_of(CaseTexts, new)
    )
    return apply(Case(number=number), event), event


def step(
    case: Case, command: CaseCommand, priorities: Priorities = ITIL
) -> tuple[Case, tuple[CaseEvent, ...]]:
    """The case after the command, and what happened. Raises Conflict, NotAllowed."""
    after = _status_after(case, command)
    if isinstance(command, Assign) and command.yields and case.agent:
        return case, ()
    wanted = {"status": after} | _wanted(case, command)
    differing = {name: value for name, value in wanted.items() if _differs(case, name, value)}
    stale = tuple(sorted(name for name in differing if _is_stale(case, command, name)))
    if stale and not command.yields:
        raise Conflict(case, stale)
    new = {name: value for name, value in differing.items() if name not in stale}
    if new.keys() & {"impact", "urgency"}:
        new["priority"] = _priority(vars(case) | new, priorities)
    if not new and not stale and not isinstance(command, _SOMETHING_IN_THEMSELVES):
        return case, ()
    event = _event(case, command, new, stale)
    return apply(case, event), (event,)


def apply(case: Case, event: CaseEvent) -> Case:
    """The case after the event: whatever it is, what is new in it is so from now on."""
    new = event.values.given() | event.texts.given()
    if _GROWING in new:
        new[_GROWING] = _together(case.said, new[_GROWING])
    setting = Setting(event.version, event.at_ms, event.actor not in MACHINES)
    case = replace(
        case,
        **new,
        version=event.version,
        changed_ms=max(case.changed_ms, event.at_ms),
        set_by={**case.set_by, **dict.fromkeys(new, setting)},
    )
    if isinstance(event, CaseRegistered):
        return replace(case, opened_ms=event.at_ms, call_id=event.call_id)
    return case


def _status_after(case: Case, command: CaseCommand) -> Status:
    """Raises NotAllowed."""
    after = TABLE[type(command)].get(case.status)
    if after is None or not _is_ones_own(command):
        raise NotAllowed(case, command)
    if isinstance(command, Hear) and any(one.statement_id == command.said.statement_id for one in case.said):
        return case.status  # the same heard better is nothing new from the caller
    return after


def _differs(case: Case, name: str, value: Any) -> bool:
    if name == _GROWING:
        return any(said not in case.said for said in value)
    return bool(value != getattr(case, name))


def _wanted(case: Case, command: CaseCommand) -> dict[str, Any]:
    """The fields as the command wants them, the status apart."""
    wanted: dict[str, Any] = {}
    match command:
        case Identify(contact_id=contact_id, contact_name=name, caller_number=number):
            wanted = _somehow(contact_id=contact_id, contact_name=name, caller_number=number)
        case Hear(said=said):
            wanted = {"said": (said,)}
        case Classify():
            wanted = _classified(case, command)
        case Assign(agent=agent):
            wanted = {"agent": agent}
        case TakeOver(actor=actor):
            wanted = {"agent": actor}
        case Solve(article=article, solution=solution):
            wanted = {"article": article, "solution": solution}
        case Merge(into=into):
            wanted = {"merged_into": into}
        case TakeIn(other=other):
            wanted = {"said": other.said}
        case Undo(undone=undone):
            wanted = undone.was.given() | undone.texts_were.given()
    return wanted | _taken_on(case, command)


def _classified(case: Case, command: Classify) -> dict[str, Any]:
    names = ("title", "service", "category", "impact", "urgency", "language", "because")
    given = {name: value for name in names if (value := getattr(command, name)) is not None}
    if "because" not in given and command.actor not in MACHINES:
        changed = {name for name, value in given.items() if value != getattr(case, name)}
        given["because"] = {judged: words for judged, words in case.because.items() if judged not in changed}
    return given


def _taken_on(case: Case, command: CaseCommand) -> dict[str, Any]:
    """Whoever works on a case that is nobody's has it."""
    takes = isinstance(command, _WORK) and command.actor not in MACHINES and not case.agent and case.is_open
    return {"agent": command.actor} if takes else {}


def _is_ones_own(command: CaseCommand) -> bool:
    """Others' notes, and what others have changed, are not for us to change."""
    match command:
        case Note(note_id=note_id, actor=actor):
            return note_id.startswith(f"{actor}/")
        case Undo(undone=undone, actor=actor):
            return undone.actor == actor and isinstance(undone, _UNDOABLE)
    return True


def _is_stale(case: Case, command: CaseCommand, name: str) -> bool:
    """Whether the field stands otherwise than whoever asks has seen it."""
    setting = case.set_by.get(name)
    if setting is None or name == _GROWING:
        return False
    if isinstance(command, Undo):
        return setting.version != command.undone.version
    if command.yields:
        return setting.at_ms > command.at_ms or (setting.by_person and name != "status")
    # It is made of the case as it is now: only reasons of what this very command changes go.
    if name == "because" and command.actor not in MACHINES:
        return False
    # That a case is nobody's is not worth a conflict: taking it on comes beside something else.
    if name == "agent" and isinstance(command, _WORK):
        return False
    return command.version is not None and setting.version > command.version


def _event(case: Case, command: CaseCommand, new: Mapping[str, Any], stale: tuple[str, ...]) -> CaseEvent:
    was = {name: getattr(case, name) for name in new if name != _GROWING}
    return EVENTS[type(command)](
        **_head(command),
        **_own_fields(case, command),
        case_number=case.number,
        version=case.version + 1,
        values=_of(CaseValues, new),
        was=_of(CaseValues, was),
        texts=_of(CaseTexts, new),
        texts_were=_of(CaseTexts, was),
        left=stale,
    )


def _own_fields(case: Case, command: CaseCommand) -> dict[str, Any]:
    """What only this kind of event has."""
    match command:
        case Hear(said=said):
            return {"statement_id": said.statement_id, "trust": said.trust, "confidence": said.confidence}
        case Note(note_id=note_id, text=text):
            return {"note_id": note_id, "note": text}
        case TakeOver(actor=actor):
            return {"taken_over": case.agent not in ("", actor)}
        case TakeIn(other=other):
            return {"other": other.number}
        case Undo(undone=undone):
            return {"undoes": undone.event_id}
    return {}


def _head(command: CaseCommand) -> dict[str, Any]:
    """The command's id is the event's: by it a second coming is known."""
    return {
        "event_id": command.change_id,
        "at_ms": command.at_ms,
        "actor": command.actor,
        "call_id": command.call_id,
    }


def with_said(known: tuple[Said, ...], said: Said) -> tuple[Said, ...]:
    """In the order in which they were said, also what comes late."""
    others = tuple(one for one in known if one.statement_id != said.statement_id)
    return tuple(sorted((*others, said), key=lambda one: one.at_ms))


def _together(known: tuple[Said, ...], others: tuple[Said, ...]) -> tuple[Said, ...]:
    for said in others:
        known = with_said(known, said)
    return known


def _priority(values: Mapping[str, Any], priorities: Priorities) -> int:
    return priorities[values["impact"]][values["urgency"]]


def _somehow(**values: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value}


def _of(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The fields of this kind among the values."""
    return kind(**{each.name: values[each.name] for each in fields(kind) if each.name in values})
