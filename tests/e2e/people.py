"""Contacts of a test's own, so that nobody's open case gets in another test's way, and their cases."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from installation import Installation

from casestore import calls, cases, contacts
from casestore.db import Store
from domain.calls import Call
from domain.case_history import HistoryEntry
from domain.cases import Case
from domain.clock import now_ms
from tests import case_work

_numbers = itertools.count(46701740630)  # kept for fiction by the Swedish authority: up to …699


@contextmanager
def _store(system: Installation) -> Iterator[Store]:
    store = Store(system.settings.database)
    try:
        yield store
    finally:
        store.close()


def new_contact(system: Installation, name: str = "Test Person", **fields: Any) -> str:
    """Add a contact who speaks English unless told otherwise; their number."""
    number = f"+{next(_numbers)}"
    with _store(system) as store, store.uow() as tx:
        contacts.add(tx, **{"name": name, "language": "en", "numbers": (number,)} | fields)
    return number


def open_case_of(system: Installation, number: str, title: str) -> Case:
    """Register a case of whoever has this number, as if they had called before."""
    with _store(system) as store, store.uow() as tx:
        (contact,) = contacts.by_number(tx, number)
        return case_work.registered(
            tx, actor="system", at_ms=now_ms(), title=title, contact_id=contact.id, caller_number=number
        )


def cases_of(system: Installation, call_id: str) -> list[Case]:
    """The cases that this call has registered."""
    with _store(system) as store, store.reading() as tx:
        return [case for case in cases.open_cases(tx, 1000) if case.call_id == call_id]


def history_of(system: Installation, number: str) -> list[HistoryEntry]:
    """What happened to a case, oldest first."""
    with _store(system) as store, store.reading() as tx:
        return case_work.history(tx, number)


def stored_call(system: Installation, call_id: str) -> Call:
    """The call as the database has it; one without anything where it has not."""
    with _store(system) as store, store.reading() as tx:
        return calls.get(tx, call_id) or Call(call_id=call_id)


def living_calls(system: Installation) -> int:
    """How many calls have no end in the database."""
    with _store(system) as store, store.reading() as tx:
        return len(calls.unfinished(tx).calls)
