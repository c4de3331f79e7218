"""The demo's second desk, beside IT. Anna serves both, Bo IT, Sofia HR, and IT where the others are busy."""

from dataclasses import replace

from casestore import desks
from casestore.db import Transaction
from casestore.desks import DeskConflict
from domain.desk_rules import DeskRefused
from domain.desks import Desk, Membership

NUMBER, QUEUE = "101", "hr"

DESK = Desk(
    key="hr",
    name="HR",
    numbers=(NUMBER,),
    queue=QUEUE,
    department="Human Resources",
    greeting={
        "en": "Welcome to Human Resources.",
        "sv": "Välkommen till personalavdelningen.",
        "nb": "Velkommen til personalavdelingen.",
    },
    menu={
        "1": "payroll",
        "2": "leave",
        "3": "sick_leave",
        "4": "parental_leave",
        "5": "travel",
        "6": "employment",
        "0": "other",
    },
)


def seed(tx: Transaction, *, wrapup_s: int, ring_s: int) -> bool:
    """Add it where nothing else was made of the first desk yet; whether it is there now."""
    first = desks.book(tx).default
    if first is None or first.managed_by != "settings" or first.queue == QUEUE:
        return False
    try:
        desks.save(tx, _with(wrapup_s=wrapup_s, ring_s=ring_s), known_version=0)
    except (DeskRefused, DeskConflict):  # its number or its key is used for something else
        return False
    serve = (
        Membership(agent="anna", queue=first.queue),
        Membership(agent="anna", queue=QUEUE),
        Membership(agent="bo", queue=first.queue),
        Membership(agent="sofia", queue=QUEUE),
        Membership(agent="sofia", queue=first.queue, penalty=5),
    )
    desks.set_memberships(tx, (first.queue, QUEUE), serve)
    return True


def _with(*, wrapup_s: int, ring_s: int) -> Desk:
    return replace(DESK, wrapup_s=wrapup_s, ring_s=ring_s)
