"""Cases: registered from the first understood word, amended, and their append-only history."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select, update

from casestore.case_fields import CASE_NUMBER, OPEN_STATUSES, kept
from casestore.db import Transaction
from casestore.tables import CaseHistoryRow, CaseRow, ContactRow, CounterRow
from casestore.text import cut
from domain.views import CaseView, HistoryEntry


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is known of a case when it is registered; the contact's name is looked up where it is empty."""

    title: str
    description: str = ""
    service: str = ""
    category: str = ""
    impact: str = "one"
    urgency: str = "hindered"
    priority: int = 3
    language: str = ""
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contact_id: int | None = None
    contact_name: str = ""
    caller_number: str = ""
    call_id: str = ""
    statement: str = ""
    words: tuple[Mapping[str, Any], ...] = ()


def register(tx: Transaction, new: NewCase, *, by: str, now_ms: int) -> CaseView:
    """Give the case the next number and write it, with its first line of history.

    Over-long texts are cut; ValueError for an impact, urgency, priority or contact that does not exist.
    """
    fields = _with_contact_name(tx, kept({**asdict(new), "status": "open"}))
    row = CaseRow(number=_next_number(tx), opened_ms=now_ms, changed_ms=now_ms, **fields)
    tx.add(row)
    tx.flush()  # the case before its history, which refers to it
    everything = {name: _change(None, value) for name, value in fields.items()}
    _append(tx, row, by=by, what="registered", now_ms=now_ms, changes=everything)
    return _view(row)


def amend(
    tx: Transaction, number: str, changes: Mapping[str, Any], *, by: str, what: str, now_ms: int
) -> CaseView:
    """Change fields of a case; one line of history holds `{field: {"old", "new"}}` of those that differ.

    Where nothing differs nothing is written. Over-long texts are cut. LookupError where there is no
    such case; ValueError for an unknown field, judgement, status or contact.
    """
    row = _row(tx, number)
    fields = _with_contact_name(tx, kept(changes))
    differing = {name: value for name, value in fields.items() if value != getattr(row, name)}
    if differing:
        recorded = {name: _change(getattr(row, name), value) for name, value in differing.items()}
        for name, value in differing.items():
            setattr(row, name, value)
        row.changed_ms = now_ms
        _append(tx, row, by=by, what=what, now_ms=now_ms, changes=recorded)
    return _view(row)


def note(tx: Transaction, number: str, *, by: str, what: str, now_ms: int) -> None:
    """Add a remark to the history; LookupError where there is no such case."""
    row = _row(tx, number)
    row.changed_ms = now_ms
    _append(tx, row, by=by, what=what, now_ms=now_ms, changes={})


def get(tx: Transaction, number: str) -> CaseView | None:
    """The case as it is now."""
    row = tx.get(CaseRow, number) if CASE_NUMBER.fullmatch(number) else None
    return _view(row) if row else None


def of_call(tx: Transaction, call_id: str) -> CaseView | None:
    """The case that this call has registered."""
    row = tx.scalar(select(CaseRow).where(CaseRow.call_id == call_id).limit(1)) if call_id else None
    return _view(row) if row else None


def open_of_contact(tx: Transaction, contact_id: int) -> tuple[CaseView, ...]:
    """The open cases of a contact, newest first."""
    newest_first = select(CaseRow).order_by(CaseRow.opened_ms.desc(), CaseRow.number.desc())
    mine = newest_first.where(CaseRow.contact_id == contact_id, CaseRow.status.in_(OPEN_STATUSES))
    return _views(tx.scalars(mine))


def open_cases(tx: Transaction, limit: int = 200) -> tuple[CaseView, ...]:
    """The open cases of everybody, newest first."""
    newest_first = select(CaseRow).order_by(CaseRow.opened_ms.desc(), CaseRow.number.desc())
    return _views(tx.scalars(newest_first.where(CaseRow.status.in_(OPEN_STATUSES)).limit(limit)))


def history(tx: Transaction, number: str) -> tuple[HistoryEntry, ...]:
    """What happened to a case, oldest first."""
    lines = select(CaseHistoryRow).where(CaseHistoryRow.case_number == number).order_by(CaseHistoryRow.id)
    return tuple(
        HistoryEntry(at_ms=line.at_ms, by=line.by, what=line.what, changes=line.changes)
        for line in tx.scalars(lines)
    )


def _next_number(tx: Transaction) -> str:
    """Consecutive: the counter's row stays locked until the case is committed, on every database."""
    step = update(CounterRow).where(CounterRow.name == "case").values(value=CounterRow.value + 1)
    return f"C-{tx.execute(step.returning(CounterRow.value)).scalar_one():06d}"


def _row(tx: Transaction, number: str) -> CaseRow:
    """The row, locked where the database locks rows, so that two changes follow each other."""
    row = tx.get(CaseRow, number, with_for_update=True) if CASE_NUMBER.fullmatch(number) else None
    if row is None:
        raise LookupError(f"there is no case {number[:40]!r}")
    return row


def _with_contact_name(tx: Transaction, fields: dict[str, Any]) -> dict[str, Any]:
    """A contact's id brings the contact's name, unless one is given; ValueError for an unknown id."""
    if fields.get("contact_id") is None:
        return fields
    contact = tx.get(ContactRow, fields["contact_id"])
    if contact is None:
        raise ValueError(f"there is no contact {fields['contact_id']}")
    return {**fields, "contact_name": fields.get("contact_name") or contact.name}


def _change(old: Any, new: Any) -> dict[str, Any]:
    return {"old": old, "new": new}


def _append(
    tx: Transaction, row: CaseRow, *, by: str, what: str, now_ms: int, changes: dict[str, Any]
) -> None:
    line = CaseHistoryRow(
        case_number=row.number, at_ms=now_ms, by=cut(by, 80), what=cut(what, 2000), changes=changes
    )
    tx.add(line)
    tx.flush()


def _views(rows: Iterable[CaseRow]) -> tuple[CaseView, ...]:
    return tuple(_view(row) for row in rows)


def _view(row: CaseRow) -> CaseView:
    columns = {name: getattr(row, name) for name in CaseView.__dataclass_fields__}
    columns["because"] = {judged: tuple(words) for judged, words in row.because.items()}
    columns["words"] = tuple(row.words)
    return CaseView(**columns)
