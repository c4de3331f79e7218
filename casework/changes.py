"""Commands carried out in one transaction: the cases locked, stepped, written with what happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import structlog

from casestore import cases, contacts
from casestore.case_fields import fitted
from casestore.db import Transaction
from casework import case_facts
from casework.case import NotAllowed, register, step
from domain.case_commands import (
    CaseCommand,
    Classify,
    Hear,
    Identify,
    Link,
    Merge,
    Register,
    TakeIn,
    Undo,
)
from domain.case_events import CaseEvent, CaseMerged
from domain.cases import ITIL, MACHINES, Case, NewCase, Priorities

log = structlog.get_logger()

_MOST_MERGES = 20  # followed from one case to the next
_MOST_WORK = 200  # events of a case; what has more was not made by one call

Fitting = TypeVar("Fitting", CaseCommand, NewCase)


@dataclass(frozen=True)
class Written:
    """The case that was asked for as it is now, all that were changed, and what happened, in its order."""

    case: Case
    changed: tuple[Case, ...]
    events: tuple[CaseEvent, ...]


class NoContact(ValueError):
    """The contact is not there, or not any more."""


class Changes:
    """The changes of one transaction; `finish` writes down what has happened."""

    def __init__(self, tx: Transaction, now_ms: int, priorities: Priorities = ITIL) -> None:
        self._tx, self._now_ms, self._priorities = tx, now_ms, priorities
        self._cases: dict[str, Case] = {}
        self._events: list[CaseEvent] = []

    def carry_out(self, number: str, command: CaseCommand) -> Case:
        """The case after the command; once, however often it comes.

        Raises Conflict, NotAllowed, LookupError for a case that is not there, ValueError for a contact that
        is not. A command that yields, and is not allowed as the case is now, is left out.
        """
        case = self.locked(number)
        if case_facts.find(self._tx, command.change_id):
            return case
        try:
            after, events = step(case, self._fitted(command), self._priorities)
        except (NotAllowed, NoContact) as refused:
            if not command.yields:
                raise
            log.info("case_command_left_out", case=number, why=str(refused))
            return case
        return self._put(after, events)

    def carry_out_all(self, number: str, commands: Sequence[CaseCommand]) -> Case:
        """The case after the commands; `number` "": the first registers it, or it is that of their call.

        A merged case's go where it lives on. A call registers one case: what would register another is added
        to that one.
        """
        for command in commands:
            if isinstance(command, Register):
                number = self._registered(command).number
            else:
                own = None if number else self.of_call(command.call_id)
                number = self.living(own.number if own else number)
                self.carry_out(number, command)
        return self.locked(number)

    def link_call(self, call_id: str, to: str, link: Link) -> Case:
        """The call is about the case `to`; one that it has registered and nobody worked on goes there too."""
        own = self.of_call(call_id)
        if own and own.number != to and own.is_open and self._has_only_work_of(own, call_id, link.actor):
            # Locked in the order of their numbers: two links that cross must not wait for each other.
            for number in sorted((own.number, to)):
                self.locked(number)
            merged = self.carry_out(own.number, _beside(link, "merge", Merge, into=to))
            self.carry_out(to, link)  # first: it opens a case that takes nothing in any more
            return self.carry_out(to, _beside(link, "take-in", TakeIn, other=merged))
        return self.carry_out(to, link)

    def undo(self, number: str, undo: Undo) -> Case:
        """The case without what the event has changed; a call that was merged away with it comes back."""
        case = self.carry_out(number, undo)
        undone = undo.undone
        if isinstance(undone, CaseMerged) and undone.call_id and case.is_open:
            case = self.carry_out(number, _beside(undo, "link", Link, call_id=undone.call_id))
        return case

    def of_call(self, call_id: str) -> Case | None:
        """The case that this call has registered."""
        return cases.of_call(self._tx, call_id)

    def locked(self, number: str) -> Case:
        """Raises LookupError."""
        if number not in self._cases:
            self._cases[number] = cases.locked(self._tx, number)
        return self._cases[number]

    def living(self, number: str) -> str:
        """Where the case lives on, if it was merged into another."""
        for _ in range(_MOST_MERGES):
            case = cases.get(self._tx, number)
            if case is None or not case.merged_into:
                break
            number = case.merged_into
        return number

    def finish(self, case: Case) -> Written:
        """Write what has happened. Raises WrittenMeanwhile."""
        events = tuple(self._events)
        if events:
            case_facts.append(self._tx, events, self._now_ms)
        changed = tuple(self._cases[number] for number in dict.fromkeys(e.case_number for e in events))
        return Written(case, changed, events)

    def _registered(self, command: Register) -> Case:
        if known := case_facts.find(self._tx, command.change_id):
            return self.locked(known.case_number)
        if own := self.of_call(command.call_id):
            case = self.locked(self.living(own.number))
            for amending in _amending(command):
                case = self.carry_out(case.number, amending)
            return case
        case, event = register(cases.next_number(self._tx), self._fitted(command), self._priorities)
        cases.add(self._tx, case)
        self._events.append(event)
        self._cases[case.number] = case
        return case

    def _put(self, case: Case, events: Sequence[CaseEvent]) -> Case:
        if events:
            cases.change(self._tx, case)
            self._events += events
            self._cases[case.number] = case
        return case

    def _has_only_work_of(self, case: Case, call_id: str, actor: str) -> bool:
        """Whether all of its history is this call's, and nobody's but the machines' or `actor`'s."""
        if case.version > _MOST_WORK:
            return False
        entries = case_facts.history(self._tx, case.number, limit=_MOST_WORK)
        return all(e.call_id in ("", call_id) and e.actor in (*MACHINES, actor) for e in entries)

    def _fitted(self, command: Any) -> Any:
        """With texts cut to what is kept, and the contact's name beside its id."""
        match command:
            case Register(new=new):
                command = replace(command, new=self._with_contact(new, gives_up=True))
            case Identify():
                command = self._with_contact(command, gives_up=False)
        return _cut(command)

    def _with_contact(self, what: Any, *, gives_up: bool) -> Any:
        """Who calls may have been removed meanwhile: a case is registered all the same."""
        if what.contact_id is None:
            return what
        contact = contacts.get(self._tx, what.contact_id)
        if contact is None and gives_up:
            return replace(what, contact_id=None)
        if contact is None:
            raise NoContact(f"there is no contact {what.contact_id}")
        return replace(what, contact_name=what.contact_name or contact.name)


def _cut(command: Fitting) -> Fitting:
    changes = {each.name: _fitted_part(each.name, getattr(command, each.name)) for each in fields(command)}
    return replace(command, **changes)


def _fitted_part(name: str, value: Any) -> Any:
    return _cut(value) if isinstance(value, NewCase) else fitted(name, value)


def _beside(command: CaseCommand, what: str, kind: type[CaseCommand], **own: Any) -> CaseCommand:
    """Another command of the same wish, with an id that follows from the wish's."""
    head: dict[str, Any] = {"actor": command.actor, "at_ms": command.at_ms, "call_id": command.call_id} | own
    return kind(change_id=f"{command.change_id}/{what}", **head)


def _amending(command: Register) -> list[CaseCommand]:
    """What a case that is there already gets of one that would be registered."""
    new = command.new
    judged = {n: getattr(new, n) for n in ("title", "service", "category") if getattr(new, n)}
    heard = [_beside(command, f"said/{said.statement_id}", Hear, said=said) for said in new.said]
    if new.because:
        judged |= {"impact": new.impact, "urgency": new.urgency, "because": new.because}
    commands = [*heard, _beside(command, "judged", Classify, **judged)] if judged else heard
    return [replace(each, yields=True) for each in commands]
