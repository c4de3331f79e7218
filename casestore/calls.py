"""Calls: each kept whole, as the JSON that pages see, beside the columns that are searched."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from casestore.db import Transaction
from casestore.tables import CallRow
from casestore.text import cut

_LONGEST_ID = 255


def save(tx: Transaction, call: Mapping[str, Any]) -> None:
    """Write the call as it is now, over what was known of it; the fields are those of `domain.records.Call`.

    One writer a call is expected (the bridge). KeyError where there is no `call_id`.
    """
    case = call.get("case") or {}
    marks = call.get("marks") or {}
    tx.merge(
        CallRow(
            call_id=cut(call["call_id"], _LONGEST_ID),
            sip_call_id=cut(call.get("sip_call_id") or "", _LONGEST_ID),
            number=cut(call.get("number") or "", 80),
            contact_id=call.get("contact_id"),
            case_number=case.get("number"),
            outcome=call.get("outcome"),
            agent=call.get("agent"),
            started_ms=min(marks.values(), default=0),
            call=dict(call),
        )
    )
    tx.flush()


def get(tx: Transaction, call_id: str) -> dict[str, Any] | None:
    """The call as it was last saved."""
    row = tx.get(CallRow, cut(call_id, _LONGEST_ID))
    return row.call if row else None


def by_sip_call_id(tx: Transaction, sip_call_id: str) -> dict[str, Any] | None:
    """The newest call with this Call-ID of the caller's phone."""
    same = select(CallRow.call).where(CallRow.sip_call_id == cut(sip_call_id, _LONGEST_ID))
    return tx.scalar(same.order_by(CallRow.started_ms.desc()).limit(1)) if sip_call_id else None


def recent(tx: Transaction, limit: int) -> tuple[dict[str, Any], ...]:
    """The calls that began last, newest first."""
    newest_first = select(CallRow.call).order_by(CallRow.started_ms.desc(), CallRow.call_id.desc())
    return tuple(tx.scalars(newest_first.limit(limit)))


def unfinished(tx: Transaction) -> tuple[dict[str, Any], ...]:
    """The calls whose end was not seen, oldest first."""
    living = select(CallRow.call).where(CallRow.outcome.is_(None)).order_by(CallRow.started_ms)
    return tuple(tx.scalars(living))
