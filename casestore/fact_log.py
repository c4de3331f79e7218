"""The fact log: what happened, written down once and in one order, read after a position, never changed.

What is personal in a fact lies in a row beside it, which may go before the fact does.
"""

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from casestore.db import Transaction, is_postgresql
from casestore.tables import FactRow, FactTextRow
from casestore.text import cut, storable
from casestore.upsert import insert_into
from domain.facts import Fact, StoredFact

_LONGEST_SUBJECT = 255
_APPENDING = 7_278_101  # any number that nothing else in the database locks
_FACTS = FactRow.__table__.c
_TEXTS = FactTextRow.__table__.c
_PERSONAL = func.coalesce(_TEXTS.body, "").label("personal")
_WHOLE = select(*_FACTS, _PERSONAL).outerjoin_from(FactRow, FactTextRow, _TEXTS.seq == _FACTS.seq)


def append(tx: Transaction, facts: Iterable[Fact]) -> tuple[int | None, ...]:
    """Write the facts down in their order; each one's `seq`, None for one whose `event_id` is there already.

    One transaction appends at a time: `seq` follows the order of commits, so that a reader who has come to
    a number has missed nothing below it.
    """
    facts = tuple(facts)
    rows = [_row(fact) for fact in facts]
    if not rows:
        return ()
    _let_others_append_first(tx)
    new = insert_into(tx, FactRow).on_conflict_do_nothing(index_elements=["event_id"])
    written = tx.execute(new.returning(_FACTS.event_id, _FACTS.seq), rows)
    # RETURNING promises no order; an id that comes twice in one group is new only once, hence `pop`.
    new_seqs: dict[str, int] = {row.event_id: row.seq for row in written}
    seqs = tuple(new_seqs.pop(row["event_id"], None) for row in rows)
    # Of new facts alone: a fact that comes again must not bring back what was erased of it.
    texts = [_text(fact, seq) for fact, seq in zip(facts, seqs, strict=True) if seq and fact.personal]
    if texts:
        tx.connection().execute(insert_into(tx, FactTextRow), texts)  # a third faster than by `tx`
    return seqs


def read(
    tx: Transaction,
    after: int,
    limit: int,
    *,
    stream: str | None = None,
    kinds: Collection[str] = (),
    subject: str | None = None,
) -> tuple[StoredFact, ...]:
    """The oldest facts after the one numbered `after`, 0 for all; narrowed to what is given."""
    query = _WHOLE.where(_FACTS.seq > after).order_by(_FACTS.seq).limit(limit)
    if stream is not None:
        query = query.where(_FACTS.stream == stream)
    if kinds:
        query = query.where(_FACTS.kind.in_(kinds))
    if subject is not None:
        query = query.where(_FACTS.subject == cut(subject, _LONGEST_SUBJECT))
    return tuple(StoredFact(**row) for row in tx.execute(query).mappings())


def find(tx: Transaction, event_id: str) -> StoredFact | None:
    """The fact of this event."""
    row = tx.execute(_WHOLE.where(_FACTS.event_id == event_id)).mappings().first()
    return StoredFact(**row) if row else None


def newest_about(
    tx: Transaction, subject: str, stream: str, limit: int, *, before: int | None = None
) -> tuple[StoredFact, ...]:
    """The facts about this, the newest first; those before the one numbered `before`, where it is given."""
    query = _WHOLE.where(_FACTS.subject == cut(subject, _LONGEST_SUBJECT), _FACTS.stream == stream)
    if before is not None:
        query = query.where(_FACTS.seq < before)
    found = tx.execute(query.order_by(_FACTS.seq.desc()).limit(limit))
    return tuple(StoredFact(**row) for row in found.mappings())


def numbered(tx: Transaction, seqs: Collection[int]) -> tuple[StoredFact, ...]:
    """These facts, the newest first; those that are gone are left out."""
    query = _WHOLE.where(_FACTS.seq.in_(seqs)).order_by(_FACTS.seq.desc())
    return tuple(StoredFact(**row) for row in tx.execute(query).mappings())


def newest(tx: Transaction) -> int:
    """The `seq` of the newest fact, 0 where there is none."""
    return tx.scalar(select(func.max(_FACTS.seq))) or 0


def expire(tx: Transaction, kind: str, before_ms: int, *, limit: int = 5000) -> int:
    """Delete the oldest facts of a kind received before this, `limit` at most; how many.

    Fewer than `limit`: there are no more. A transaction each time keeps nobody waiting long.
    """
    return _expire(tx, FactRow, kind, before_ms, limit)


def expire_texts(tx: Transaction, kind: str, before_ms: int, *, limit: int = 5000) -> int:
    """Delete what is personal in the oldest facts of a kind, as `expire`; the facts stay."""
    return _expire(tx, FactTextRow, kind, before_ms, limit)


def erase_texts(tx: Transaction, subjects: Collection[str]) -> int:
    """Delete what is personal in every fact about these calls or cases; of how many facts."""
    gone = tx.connection().execute(delete(FactTextRow).where(_TEXTS.seq.in_(_about(subjects))))
    return gone.rowcount


def change_texts(tx: Transaction, subjects: Collection[str], change: Callable[[Any], Any]) -> None:
    """Put in place of what is personal in these facts what `change` makes of it (JSON)."""
    rows = tx.execute(select(_TEXTS.seq, _TEXTS.body).where(_TEXTS.seq.in_(_about(subjects))))
    for seq, body in rows.all():
        changed = json.dumps(change(json.loads(body)), ensure_ascii=False)
        tx.connection().execute(update(FactTextRow).where(_TEXTS.seq == seq).values(body=changed))


def count_texts(tx: Transaction, subjects: Collection[str]) -> int:
    """How many facts about these calls or cases hold something personal."""
    texts = select(func.count()).select_from(FactTextRow).where(_TEXTS.seq.in_(_about(subjects)))
    return tx.scalar(texts) or 0


def _about(subjects: Collection[str]) -> Select[tuple[int]]:
    return select(_FACTS.seq).where(_FACTS.subject.in_([cut(each, _LONGEST_SUBJECT) for each in subjects]))


def _expire(
    tx: Transaction, rows: type[FactRow] | type[FactTextRow], kind: str, before_ms: int, limit: int
) -> int:
    of = rows.__table__.c
    batch = select(of.seq).where(of.kind == kind, of.received_ms < before_ms)
    batch = batch.order_by(of.received_ms).limit(limit)
    gone = tx.connection().execute(delete(rows).where(of.seq.in_(batch)))
    return gone.rowcount


def _row(fact: Fact) -> dict[str, Any]:
    own = vars(fact) | {"event_id": storable(fact.event_id), "subject": cut(fact.subject, _LONGEST_SUBJECT)}
    own.pop("seq", None)  # a fact of another log gets its place in this one
    del own["personal"]
    return own


def _text(fact: Fact, seq: int) -> dict[str, Any]:
    return {"seq": seq, "kind": fact.kind, "received_ms": fact.received_ms, "body": fact.personal}


def _let_others_append_first(tx: Transaction) -> None:
    """SQLite's writers follow each other anyway; a sequence alone would number a late commit early."""
    if is_postgresql(tx):
        tx.execute(select(func.pg_advisory_xact_lock(_APPENDING)))
