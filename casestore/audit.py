"""The audit: written once, never changed, deleted by age alone; a trigger holds that."""

from collections.abc import Mapping

from sqlalchemy import delete, select

from casestore.db import Transaction
from casestore.tables import AuditRow
from casestore.text import cut
from domain.audit import AuditEntry, AuditKind

_MOST_VALUE = 200


def note(tx: Transaction, actor: str, kind: AuditKind, values: Mapping[str, str], at_ms: int) -> None:
    """Write down that somebody did it; with the deed itself, in one transaction, where it is one."""
    kept = {name: cut(value, _MOST_VALUE) for name, value in values.items()}
    tx.add(AuditRow(at_ms=at_ms, actor=actor, kind=kind, values=kept))


def recent(
    tx: Transaction, limit: int, *, before_id: int | None = None, actor: str = ""
) -> tuple[AuditEntry, ...]:
    """The newest first; older ones are those before the last `id` that was given."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditRow.id < before_id)
    if actor:
        query = query.where(AuditRow.actor == actor)
    return tuple(_entry(row) for row in tx.scalars(query))


def expire(tx: Transaction, before_ms: int, *, limit: int = 5000) -> int:
    """Delete the oldest of what happened before this, `limit` at most; how many.

    The database itself refuses what is younger than 30 days: sqlalchemy's DatabaseError.
    """
    old = select(AuditRow.id).where(AuditRow.at_ms < before_ms).order_by(AuditRow.id).limit(limit)
    return tx.connection().execute(delete(AuditRow).where(AuditRow.id.in_(old))).rowcount


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(id=row.id, at_ms=row.at_ms, actor=row.actor, kind=row.kind, values=row.values or {})
