"""What is read of a case for its page: the case, its history, its calls. Blocking: for threads."""

from casestore import calls, case_history, case_lists, cases
from casestore.db import Transaction
from casework.case_facts import entries_of
from domain.calls import Call
from domain.cases import Case
from screenpop.desk.answers import CallSummary, CaseAnswer, SavedCase

_LINES = 50
_CALLS = 20


def case_answer(tx: Transaction, number: str, before: int | None = None) -> CaseAnswer | None:
    """The case with the newest lines of its history before that one; None: there is no such case."""
    case = cases.get(tx, number)
    if case is None:
        return None
    facts = case_history.lines(tx, number, _LINES + 1, before=before)
    shown = facts[:_LINES]
    its_calls = calls.of_case(tx, number, _CALLS)
    return CaseAnswer(
        case=case,
        summary=case_lists.summary_of(tx, case),
        history=entries_of(shown),
        older=shown[-1].seq if len(facts) > _LINES else None,
        calls=tuple(map(call_summary, its_calls)),
        suggestions=next((call.suggestions for call in its_calls if call.suggestions), ()),
    )


def saved_case(tx: Transaction, case: Case) -> SavedCase:
    """With its summary of this very version."""
    return SavedCase(case=case, summary=case_lists.summary_of(tx, case))


def call_summary(call: Call) -> CallSummary:
    """The call as lists show it."""
    began_ms = min(call.marks.values(), default=0)
    until_ms = call.marks.get("connected") or call.marks.get("ended")
    return CallSummary(
        call_id=call.call_id,
        at_ms=began_ms,
        outcome=call.outcome,
        agent=call.agent or "",
        case_number=call.case_number,
        waited_ms=max(0, until_ms - began_ms) if until_ms else 0,
    )
