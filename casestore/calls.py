"""Calls: each kept whole, as the JSON that pages see, beside the columns that are searched."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, or_, select, true, tuple_

from casestore import positions
from casestore.db import Transaction
from casestore.tables import CallRow
from casestore.text import cut
from casestore.upsert import insert_into
from domain.calls import Call, without_person

log = structlog.get_logger()

_LONGEST_ID = 255
_AT_ONCE = 500
_CALL = TypeAdapter(Call)
_EXPIRED = "retention", "calls"  # as a reader of them that has come so far


@dataclass(frozen=True)
class Unfinished:
    """Calls whose end was not seen, oldest first, and the ids of those that this version cannot read."""

    calls: tuple[Call, ...]
    unreadable: tuple[str, ...]


def save(tx: Transaction, calls: Iterable[Call]) -> None:
    """Write each call as it is now, over what was known of it. One writer a call is expected (the bridge)."""
    rows = [_row(call) for call in calls]
    if not rows:
        return
    new = insert_into(tx, CallRow)
    changed = {name: new.excluded[name] for name in rows[0] if name != "call_id"}
    tx.execute(new.on_conflict_do_update(index_elements=["call_id"], set_=changed), rows)


def get(tx: Transaction, call_id: str) -> Call | None:
    """The call as it was last saved; None also where this version cannot read it, which is logged."""
    row = tx.get(CallRow, cut(call_id, _LONGEST_ID))
    return _readable(row) if row else None


def case_number_of(tx: Transaction, call_id: str) -> str:
    """The case that the call is about, also where this version cannot read the call; empty: none."""
    return case_numbers_of(tx, [call_id]).get(call_id, "")


def case_numbers_of(tx: Transaction, call_ids: Collection[str]) -> dict[str, str]:
    """The same for many calls; those that are unknown, or about no case, are left out."""
    wanted = {cut(call_id, _LONGEST_ID): call_id for call_id in call_ids}
    ids, found = list(wanted), {}
    for start in range(0, len(ids), _AT_ONCE):
        some = CallRow.call_id.in_(ids[start : start + _AT_ONCE])
        query = select(CallRow.call_id, CallRow.case_number).where(some, CallRow.case_number.is_not(None))
        found.update({wanted[row.call_id]: str(row.case_number) for row in tx.execute(query)})
    return found


def by_sip_call_id(tx: Transaction, sip_call_id: str) -> Call | None:
    """The newest call with this Call-ID of the caller's phone."""
    same = select(CallRow).where(CallRow.sip_call_id == cut(sip_call_id, _LONGEST_ID))
    # The newest: telephones may use a Call-ID again after a restart.
    row = tx.scalar(same.order_by(CallRow.started_ms.desc()).limit(1)) if sip_call_id else None
    return _readable(row) if row else None


def recent(tx: Transaction, limit: int) -> tuple[Call, ...]:
    """The calls that began last, newest first."""
    return _newest(tx, true(), limit)


def of_case(tx: Transaction, number: str, limit: int) -> tuple[Call, ...]:
    """The calls about this case that began last, newest first."""
    return _newest(tx, CallRow.case_number == number, limit)


def of_contact(tx: Transaction, contact_id: int, limit: int) -> tuple[Call, ...]:
    """The calls of this person that began last, newest first."""
    return _newest(tx, CallRow.contact_id == contact_id, limit)


def of_number(tx: Transaction, number: str, limit: int) -> tuple[Call, ...]:
    """The calls from this telephone number that began last, newest first."""
    return _newest(tx, CallRow.number == number, limit)


def unfinished(tx: Transaction) -> Unfinished:
    """The calls that lived when the program last ended; one that cannot be read costs itself only."""
    living = tx.scalars(select(CallRow).where(CallRow.outcome.is_(None)).order_by(CallRow.started_ms)).all()
    read = {row.call_id: _readable(row) for row in living}
    return Unfinished(
        calls=tuple(call for call in read.values() if call),
        unreadable=tuple(call_id for call_id, call in read.items() if call is None),
    )


def of_person(tx: Transaction, contact_id: int, numbers: Collection[str]) -> tuple[Call, ...]:
    """The calls in which they were identified, and those from these numbers; without unreadable ones."""
    theirs = or_(CallRow.contact_id == contact_id, CallRow.number.in_(numbers))
    found = map(_readable, tx.scalars(select(CallRow).where(theirs).order_by(CallRow.started_ms)))
    return tuple(call for call in found if call)


def erase_words(tx: Transaction, calls: Iterable[Call]) -> None:
    """Only what is nobody's stays of these calls."""
    save(tx, map(without_person, calls))


def expire_words(tx: Transaction, before_ms: int, now_ms: int, *, limit: int = 1000) -> int:
    """The same for ended calls that began before this, `limit` at most, the oldest first; how many.

    Fewer than `limit`: there are no more. How far it has come is kept, so that none is looked at twice.
    """
    after_ms, after_id = json.loads(positions.get(tx, *_EXPIRED) or '[-1, ""]')
    old = tuple_(CallRow.started_ms, CallRow.call_id) > (after_ms, after_id)
    rows = select(CallRow).where(old, CallRow.started_ms < before_ms)
    page = tx.scalars(rows.order_by(CallRow.started_ms, CallRow.call_id).limit(limit)).all()
    # One that seems to live is another's to write, and will be ended by the next list of Asterisk's.
    erase_words(tx, [call for row in page if row.outcome and (call := _readable(row))])
    if page:
        reached = json.dumps([page[-1].started_ms, page[-1].call_id])
        positions.put(tx, *_EXPIRED, reached, now_ms)
    return len(page)


def _newest(tx: Transaction, condition: ColumnElement[bool], limit: int) -> tuple[Call, ...]:
    newest_first = select(CallRow).order_by(CallRow.started_ms.desc(), CallRow.call_id.desc())
    found = map(_readable, tx.scalars(newest_first.where(condition).limit(limit)))
    return tuple(call for call in found if call)


def _readable(row: CallRow) -> Call | None:
    try:
        return _CALL.validate_python(row.call)
    except ValidationError as error:
        log.error("call_unreadable", call_id=row.call_id, fields=error.error_count())
        return None


def _row(call: Call) -> dict[str, object]:
    return {
        "call_id": cut(call.call_id, _LONGEST_ID),
        "sip_call_id": cut(call.sip_call_id, _LONGEST_ID),
        "number": cut(call.number, 80),
        "contact_id": call.contact_id,
        "case_number": cut(call.case_number, 16) or None,
        "outcome": call.outcome,
        "agent": call.agent,
        # The first thing that was seen of it: it need not be `answered`, which may have been missed.
        "started_ms": min(call.marks.values(), default=0),
        "call": _CALL.dump_python(call),
    }
