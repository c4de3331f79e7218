"""Cases as they are now. What may become of them is `casework`'s; their history is in the fact log."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import select, update

from casestore import case_search
from casestore.case_fields import because_of, said_of, set_by_of
from casestore.db import Transaction
from casestore.tables import CaseRow, CaseTextRow, CounterRow
from domain.cases import CASE_NUMBER, OPEN_STATUSES, Case, CaseTexts, case_number

_TEXTS = frozenset(each.name for each in fields(CaseTexts))
_COLUMNS = frozenset(Case.__dataclass_fields__) - _TEXTS
_NEWEST_FIRST = (CaseRow.opened_ms.desc(), CaseRow.number.desc())


def next_number(tx: Transaction) -> str:
    """Consecutive: the counter's row stays locked until the case is committed, on every database."""
    # Not read and then written: one statement takes the lock and the number together.
    step = update(CounterRow).where(CounterRow.name == "case").values(value=CounterRow.value + 1)
    return case_number(tx.execute(step.returning(CounterRow.value)).scalar_one())


def add(tx: Transaction, case: Case) -> None:
    """Write a new case, under a number that `next_number` has given."""
    kept = _kept(case)
    texts = CaseTextRow(case_number=case.number, **{name: kept.pop(name) for name in _TEXTS})
    tx.add(CaseRow(**kept, texts=texts))
    tx.flush()  # before its facts: what is wrong with the case is told as the case's
    case_search.put(tx, case)


def change(tx: Transaction, case: Case) -> None:
    """Write the case over what was known of it; `locked` has given it in this transaction."""
    row = tx.get_one(CaseRow, case.number)
    kept = _kept(case)
    if row.texts is None:  # they were erased: what is new is written all the same
        row.texts = CaseTextRow(case_number=case.number, **{name: kept[name] for name in _TEXTS})
    for name, value in kept.items():
        setattr(row.texts if name in _TEXTS else row, name, value)
    tx.flush()
    case_search.put(tx, case)


def locked(tx: Transaction, number: str) -> Case:
    """The case, kept from others until the transaction ends; LookupError where there is none."""
    row = None
    if CASE_NUMBER.fullmatch(number):
        row = tx.get(CaseRow, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise LookupError(f"there is no case {number[:40]!r}")
    return _case(row)


def get(tx: Transaction, number: str) -> Case | None:
    """The case as it is now."""
    row = tx.get(CaseRow, number) if CASE_NUMBER.fullmatch(number) else None
    return _case(row) if row else None


def by_numbers(tx: Transaction, numbers: Iterable[str]) -> tuple[Case, ...]:
    """The cases of these numbers, newest first; unknown ones are left out."""
    wanted = {number for number in numbers if CASE_NUMBER.fullmatch(number)}
    if not wanted:
        return ()
    return _cases(tx, select(CaseRow).where(CaseRow.number.in_(wanted)).order_by(*_NEWEST_FIRST))


def of_call(tx: Transaction, call_id: str) -> Case | None:
    """The case that this call has registered."""
    row = tx.scalar(select(CaseRow).where(CaseRow.call_id == call_id).limit(1)) if call_id else None
    return _case(row) if row else None


def open_of_contact(tx: Transaction, contact_id: int, limit: int = 100) -> tuple[Case, ...]:
    """The open cases of a contact, newest first."""
    mine = select(CaseRow).where(CaseRow.contact_id == contact_id, CaseRow.status.in_(OPEN_STATUSES))
    return _cases(tx, mine.order_by(*_NEWEST_FIRST).limit(limit))


def open_cases(tx: Transaction, limit: int = 200) -> tuple[Case, ...]:
    """The open cases of everybody, newest first."""
    are_open = select(CaseRow).where(CaseRow.status.in_(OPEN_STATUSES))
    return _cases(tx, are_open.order_by(*_NEWEST_FIRST).limit(limit))


def page(tx: Transaction, after: str = "", limit: int = 500) -> tuple[Case, ...]:
    """All cases by their numbers, the next `limit` after this one: to look through all of them."""
    return _cases(tx, select(CaseRow).where(CaseRow.number > after).order_by(CaseRow.number).limit(limit))


def done_with(tx: Transaction, before_ms: int, limit: int) -> tuple[str, ...]:
    """Cases that still have words, but are done with and unchanged since then; fewer than `limit`: all."""
    done = CaseRow.status.not_in(OPEN_STATUSES) & (CaseRow.changed_ms < before_ms)
    page = select(CaseRow.number).join_from(CaseRow, CaseTextRow).where(done).limit(limit)
    return tuple(tx.scalars(page.order_by(CaseRow.number)))


def _cases(tx: Transaction, query: Any) -> tuple[Case, ...]:
    return tuple(_case(row) for row in tx.scalars(query))


def _case(row: CaseRow) -> Case:
    own = {name: getattr(row, name) for name in _COLUMNS} | {"set_by": set_by_of(row.set_by)}
    if row.texts is None:
        return Case(**own)
    texts = {name: getattr(row.texts, name) for name in _TEXTS}
    return Case(**own | texts | {"said": said_of(texts["said"]), "because": because_of(texts["because"])})


def _kept(case: Case) -> dict[str, Any]:
    """As the columns keep it: JSON has no tuples."""
    return {
        **{name: getattr(case, name) for name in (*_COLUMNS, *_TEXTS)},
        "said": [asdict(said) | {"words": [asdict(word) for word in said.words]} for said in case.said],
        "because": {judged: list(words) for judged, words in case.because.items()},
        "set_by": {name: asdict(setting) for name, setting in case.set_by.items()},
    }
