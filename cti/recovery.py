"""The calls that lived when the server last ended; it may have ended between a case and its call."""

from collections.abc import Callable
from dataclasses import asdict, replace

from pydantic import TypeAdapter

from casestore import calls, cases
from casestore.db import Transaction
from domain.records import Call, CaseSummary
from domain.views import CaseView

Summarise = Callable[[CaseView], CaseSummary]


def unfinished(tx: Transaction, summarise: Summarise) -> list[Call]:
    """The calls whose end was not seen, each with the case it has registered; the store is mended too."""
    found = TypeAdapter(list[Call]).validate_python(calls.unfinished(tx))
    return [_with_its_case(tx, call, summarise) for call in found]


def _with_its_case(tx: Transaction, call: Call, summarise: Summarise) -> Call:
    case = cases.of_call(tx, call.call_id) if call.case is None else None
    if case is None:
        return call
    mended = replace(
        call,
        case=summarise(case),
        transcript=call.transcript or case.statement,
        marks={"registered": case.opened_ms} | call.marks,
    )
    calls.save(tx, asdict(mended))
    return mended
