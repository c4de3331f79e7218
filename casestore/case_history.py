"""The history of a case as it is read: newest first, and of a note, which is saved while it is written, the
newest text only.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select

from casestore import fact_log
from casestore.db import Transaction, is_postgresql
from casestore.tables import FactRow
from domain.facts import StoredFact
from domain.streams import CASES

_FACTS = FactRow.__table__.c
_NOTED = "CaseNoted"
# In a body as `cti.bus.encoding` writes it; within somebody's text its quotes would be escaped.
_NOTE_ID = '"note_id": "'
_SAVES = 8  # of a note, as most are saved while they are written


def lines(tx: Transaction, number: str, limit: int, *, before: int | None = None) -> tuple[StoredFact, ...]:
    """The newest facts about a case, newest first; those before the one numbered `before`, if given."""
    seqs = _newest(tx, number, limit) if before is None else None
    return fact_log.numbered(tx, _all(tx, number, limit, before) if seqs is None else seqs)


def _newest(tx: Transaction, number: str, limit: int) -> list[int] | None:
    """Found among the last facts: nothing newer replaces them. None where that does not make a page."""
    note_id = _note_id(tx).label("note_id")
    looked_at = limit * _SAVES
    query = select(_FACTS.seq, _FACTS.kind, note_id).where(*_about(number))
    found = tx.execute(query.order_by(_FACTS.seq.desc()).limit(looked_at)).all()
    # Of each note the first that is met; what is no note is met once.
    met = {row.note_id if row.kind == _NOTED else row.seq: row.seq for row in reversed(found)}
    seqs = sorted(met.values(), reverse=True)[:limit]
    return seqs if len(seqs) == limit or len(found) < looked_at else None


def _all(tx: Transaction, number: str, limit: int, before: int | None) -> Sequence[int]:
    """Looks through all notes of the case: a newer save of one may stand anywhere after it."""
    newest = select(func.max(_FACTS.seq)).where(*_about(number), _FACTS.kind == _NOTED).group_by(_note_id(tx))
    query = select(_FACTS.seq).where(*_about(number), or_(_FACTS.kind != _NOTED, _FACTS.seq.in_(newest)))
    if before is not None:
        query = query.where(_FACTS.seq < before)
    return tx.scalars(query.order_by(_FACTS.seq.desc()).limit(limit)).all()


def _about(number: str) -> tuple[ColumnElement[bool], ...]:
    return _FACTS.subject == number, _FACTS.stream == CASES


def _note_id(tx: Transaction) -> ColumnElement[Any]:
    """Found as text: reading ten thousand bodies as JSON would take a tenth of a second."""
    if is_postgresql(tx):
        return func.substring(_FACTS.body, f'{_NOTE_ID}([^"]*)')
    rest = func.substr(_FACTS.body, func.instr(_FACTS.body, literal(_NOTE_ID)) + len(_NOTE_ID))
    return func.substr(rest, 1, func.instr(rest, literal('"')) - 1)
