"""Cases for tests of every room: made and changed as the casework does it, and what is stated of them."""

from typing import Any

from casestore.db import Transaction
from casework import case_facts
from casework.changes import Changes
from domain.case_commands import CaseCommand, Register
from domain.case_events import CaseRegistered
from domain.case_history import HistoryEntry
from domain.cases import Case, CaseSummary, CaseTexts, CaseValues, NewCase

SUMMARY = CaseSummary(
    number="C-000001",
    version=1,
    status="open",
    title="Printer",
    service="print",
    category="fault",
    impact="one",
    urgency="stopped",
    priority=2,
)


def registered(tx: Transaction, *, actor: str = "ivr", at_ms: int = 1, call_id: str = "", **new: Any) -> Case:
    """A new case, written with its first fact."""
    wanted = NewCase(**{"title": "Printer", **new})
    changes = Changes(tx, at_ms)
    case = changes.carry_out_all("", (Register(actor=actor, at_ms=at_ms, call_id=call_id, new=wanted),))
    return changes.finish(case).case


def carried_out(tx: Transaction, number: str, *commands: CaseCommand, now_ms: int = 9) -> Case:
    """The case after the commands."""
    changes = Changes(tx, now_ms)
    for command in commands:
        case = changes.carry_out(number, command)
    return changes.finish(case).case


def history(tx: Transaction, number: str) -> list[HistoryEntry]:
    """All of it, oldest first."""
    return list(reversed(case_facts.history(tx, number, limit=100_000)))


def kinds(tx: Transaction, number: str) -> list[str]:
    """What happened to the case, in short."""
    return [entry.kind for entry in history(tx, number)]


def told(call_id: str, at_ms: int = 500, number: str = "C-000001", **fields: Any) -> CaseRegistered:
    """The event by which a call hears of its case."""
    return CaseRegistered(
        case_number=number,
        version=1,
        actor="ivr",
        call_id=call_id,
        at_ms=at_ms,
        values=CaseValues(status="open"),
        texts=CaseTexts(title="Printer"),
        **fields,
    )
