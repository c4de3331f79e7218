"""Who calls: the person, their cases and calls. Blocking: for threads."""

from casestore import calls, case_lists, contacts
from casestore.db import Transaction
from domain.calls import Call
from domain.cases import OPEN_STATUSES, Status
from screenpop.desk.answers import CallerCard, CallSummary
from screenpop.desk.case_reads import call_summary

_MOST_OPEN = 20
_EARLIER = 5
_CALLS = 5
_OVER: tuple[Status, ...] = ("resolved", "closed")


def of_call(tx: Transaction, call: Call) -> CallerCard:
    """Who calls here, as far as it is known."""
    if call.contact_id is not None and (card := of_contact(tx, call.contact_id, but_call=call.call_id)):
        return card
    earlier = calls.of_number(tx, call.number, _CALLS + 1) if call.number else ()
    return CallerCard(
        contact=None,
        open_cases=(),
        open_count=0,
        earlier_cases=(),
        calls=_others(earlier, call.call_id),
    )


def of_contact(tx: Transaction, contact_id: int, *, but_call: str = "") -> CallerCard | None:
    """The card of this person, without that call; None: there is nobody of this id."""
    contact = contacts.get(tx, contact_id)
    if contact is None:
        return None
    are_open = case_lists.of_contact(tx, contact_id, OPEN_STATUSES, _MOST_OPEN)
    return CallerCard(
        contact=contact,
        open_cases=are_open,
        open_count=case_lists.count_of_contact(tx, contact_id, OPEN_STATUSES),
        earlier_cases=case_lists.of_contact(tx, contact_id, _OVER, _EARLIER),
        calls=_others(calls.of_contact(tx, contact_id, _CALLS + 1), but_call),
    )


def _others(newest: tuple[Call, ...], but_call: str) -> tuple[CallSummary, ...]:
    return tuple(call_summary(call) for call in newest if call.call_id != but_call)[:_CALLS]
