"""Cases: registered from the first understood word, amended, and their append-only history."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, update

from casestore.case_fields import because_of, kept, words_of
from casestore.db import Transaction
from casestore.tables import CaseHistoryRow, CaseRow, ContactRow, CounterRow
from casestore.text import cut
from domain.cases import CASE_NUMBER, OPEN_STATUSES, Case, CaseEdit, Change, HistoryEntry, NewCase

_Changes = dict[str, dict[str, object]]  # field -> its old and new value
_CONTACT = frozenset(("contact_id", "contact_name"))  # an edit of one is an edit of both


def register(tx: Transaction, new: NewCase, *, by: str, now_ms: int, change_id: str | None = None) -> Case:
    """Give the case the next number and write it, with its first line of history.

    Over-long texts are cut; ValueError for an impact, urgency, priority or contact that does not exist.
    """
    fields = _with_contact_name(tx, kept({**vars(new), "status": "open"}))
    row = CaseRow(number=_next_number(tx), opened_ms=now_ms, changed_ms=now_ms, **fields)
    tx.add(row)
    tx.flush()  # the case before its history, which refers to it
    everything = {name: _change(None, value) for name, value in fields.items()}
    _append(tx, row, by=by, what="registered", now_ms=now_ms, changes=everything, change_id=change_id)
    return _case(row)


def amend(
    tx: Transaction,
    number: str,
    edit: CaseEdit,
    *,
    by: str,
    what: str,
    now_ms: int,
    change_id: str | None = None,
    late: bool = False,
) -> Case:
    """Change fields of a case; one line of history holds the old and new value of those that differ.

    Where nothing differs nothing is written. Over-long texts are cut. `late`: the edit is of `now_ms` and
    comes only now; what was changed since then stays as it is, and a line of history says so. LookupError
    where there is no such case; ValueError for a judgement, status or contact that does not exist.
    """
    row = _row(tx, number)
    fields = _with_contact_name(tx, kept(edit.given()))
    differing = {name: value for name, value in fields.items() if value != getattr(row, name)}
    newer = _changed_since(tx, number, now_ms) if late else frozenset()
    left = sorted(differing.keys() & newer)
    changes = {
        name: _change(getattr(row, name), value) for name, value in differing.items() if name not in newer
    }
    for name in changes:
        setattr(row, name, differing[name])
    # Also where nothing is left to change: the line bears the change's id, by which a second coming is known.
    if differing:
        _append(tx, row, by=by, what=what, now_ms=now_ms, changes=changes, change_id=change_id)
    if left:
        words = f"came late, left as changed since: {', '.join(left)}"
        _append(tx, row, by=by, what=words, now_ms=now_ms)
    return _case(row)


def note(
    tx: Transaction, number: str, *, by: str, what: str, now_ms: int, change_id: str | None = None
) -> None:
    """Add a remark to the history; LookupError where there is no such case."""
    _append(tx, _row(tx, number), by=by, what=what, now_ms=now_ms, change_id=change_id)


def of_change(tx: Transaction, change_id: str) -> Case | None:
    """The case that has this change already."""
    with_it = select(CaseHistoryRow.case_number).where(CaseHistoryRow.change_id == change_id)
    number = tx.scalar(with_it)
    return get(tx, number) if number else None


def get(tx: Transaction, number: str) -> Case | None:
    """The case as it is now."""
    row = tx.get(CaseRow, number) if CASE_NUMBER.fullmatch(number) else None
    return _case(row) if row else None


def of_call(tx: Transaction, call_id: str) -> Case | None:
    """The case that this call has registered."""
    row = tx.scalar(select(CaseRow).where(CaseRow.call_id == call_id).limit(1)) if call_id else None
    return _case(row) if row else None


def open_of_contact(tx: Transaction, contact_id: int) -> tuple[Case, ...]:
    """The open cases of a contact, newest first."""
    newest_first = select(CaseRow).order_by(CaseRow.opened_ms.desc(), CaseRow.number.desc())
    mine = newest_first.where(CaseRow.contact_id == contact_id, CaseRow.status.in_(OPEN_STATUSES))
    return _cases(tx.scalars(mine))


def open_cases(tx: Transaction, limit: int = 200) -> tuple[Case, ...]:
    """The open cases of everybody, newest first."""
    newest_first = select(CaseRow).order_by(CaseRow.opened_ms.desc(), CaseRow.number.desc())
    return _cases(tx.scalars(newest_first.where(CaseRow.status.in_(OPEN_STATUSES)).limit(limit)))


def history(tx: Transaction, number: str) -> tuple[HistoryEntry, ...]:
    """What happened to a case, oldest first."""
    lines = select(CaseHistoryRow).where(CaseHistoryRow.case_number == number).order_by(CaseHistoryRow.id)
    return tuple(
        HistoryEntry(at_ms=line.at_ms, by=line.by, what=line.what, changes=_changes_of(line.changes))
        for line in tx.scalars(lines)
    )


def _next_number(tx: Transaction) -> str:
    """Consecutive: the counter's row stays locked until the case is committed, on every database."""
    # Not read and then written: one statement takes the lock and the number together.
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


def _changed_since(tx: Transaction, number: str, since_ms: int) -> frozenset[str]:
    """The fields that later lines of history have changed."""
    later = select(CaseHistoryRow.changes).where(
        CaseHistoryRow.case_number == number, CaseHistoryRow.at_ms > since_ms
    )
    names = frozenset(name for changes in tx.scalars(later) for name in changes or ())
    # A name beside another contact's id would be nobody.
    return names | _CONTACT if names & _CONTACT else names


def _change(old: object, new: object) -> dict[str, object]:
    return {"old": old, "new": new}


def _changes_of(stored: Any) -> dict[str, Change]:
    """As they were kept; a line that cannot be read says who and when all the same."""
    found = stored if isinstance(stored, dict) else {}
    return {field: Change(**change) for field, change in found.items() if change.keys() == {"old", "new"}}


def _append(
    tx: Transaction,
    row: CaseRow,
    *,
    by: str,
    what: str,
    now_ms: int,
    changes: _Changes | None = None,
    change_id: str | None = None,
) -> None:
    """The next line. A line may be of an earlier time than the one before it: what waited in the spool."""
    # Never back: what comes late from the spool bears the time at which it was asked for.
    row.changed_ms = max(row.changed_ms, now_ms)
    line = CaseHistoryRow(
        case_number=row.number,
        at_ms=now_ms,
        by=cut(by, 80),
        what=cut(what, 2000),
        changes=changes or {},
        change_id=change_id,
    )
    tx.add(line)
    tx.flush()


def _cases(rows: Iterable[CaseRow]) -> tuple[Case, ...]:
    return tuple(_case(row) for row in rows)


def _case(row: CaseRow) -> Case:
    columns = {name: getattr(row, name) for name in Case.__dataclass_fields__}
    return Case(**columns | {"because": because_of(row.because), "words": words_of(row.words)})
