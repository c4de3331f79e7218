"""Contacts of a test's own, so that nobody's open case gets in another test's way, and their cases."""

import itertools
from typing import Any

from whole_house import House

from casestore import calls, cases, contacts
from casestore.db import Store
from casestore.views import CaseView

_numbers = itertools.count(46701740630)  # kept for fiction by the Swedish authority: up to …699


def new_contact(house: House, name: str = "Test Person", **fields: Any) -> str:
    """Add a contact who speaks English unless told otherwise; their number."""
    number = f"+{next(_numbers)}"
    store = Store(house.settings.database)
    try:
        with store.uow() as tx:
            contacts.add(tx, **{"name": name, "language": "en", "numbers": (number,)} | fields)
    finally:
        store.close()
    return number


def cases_of(house: House, call_id: str) -> list[CaseView]:
    """The cases that this call has registered."""
    store = Store(house.settings.database)
    try:
        with store.reading() as tx:
            return [case for case in cases.open_cases(tx, 1000) if case.call_id == call_id]
    finally:
        store.close()


def stored_call(house: House, call_id: str) -> dict[str, Any]:
    """The call as the database has it; empty where it has not."""
    store = Store(house.settings.database)
    try:
        with store.reading() as tx:
            return calls.get(tx, call_id) or {}
    finally:
        store.close()
