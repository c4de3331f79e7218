"""The history of a case as it is read: newest first, and of a note, which is saved while it is written, the
newest text only.
"""

from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select

from casestore import fact_log
from casestore.db import Transaction
from casestore.tables import FactRow
from domain.facts import StoredFact
from domain.streams import CASES

_FACTS = FactRow.__table__.c
_NOTED = "CaseNoted"
# In a body as `cti.bus.encoding` writes it; within somebody's text its quotes would be escaped.
_NOTE_ID = '"note_id": "'


def lines(tx: Transaction, number: str, limit: int, *, before: int | None = None) -> tuple[StoredFact, ...]:
    """The newest facts about a case, newest first; those before the one numbered `before`, if given."""
    about = (_FACTS.subject == number, _FACTS.stream == CASES)
    newest = select(func.max(_FACTS.seq)).where(*about, _FACTS.kind == _NOTED).group_by(_note_id(tx))
    query = select(_FACTS.seq).where(*about, or_(_FACTS.kind != _NOTED, _FACTS.seq.in_(newest)))
    if before is not None:
        query = query.where(_FACTS.seq < before)
    return fact_log.numbered(tx, tx.scalars(query.order_by(_FACTS.seq.desc()).limit(limit)).all())


def _note_id(tx: Transaction) -> ColumnElement[Any]:
    """Found as text: reading ten thousand bodies as JSON would take a tenth of a second."""
    if tx.get_bind().dialect.name == "postgresql":
        return func.substring(_FACTS.body, f'{_NOTE_ID}([^"]*)')
    rest = func.substr(_FACTS.body, func.instr(_FACTS.body, literal(_NOTE_ID)) + len(_NOTE_ID))
    return func.substr(rest, 1, func.instr(rest, literal('"')) - 1)
