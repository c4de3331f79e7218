"""Where the readers of streams stand: written in the transaction of the work that it stands for."""

from casestore.db import Transaction
from casestore.tables import PositionRow
from casestore.upsert import insert_into


def get(tx: Transaction, reader: str, stream: str) -> str | None:
    """The position up to which the reader is done; None for one that has never begun."""
    row = tx.get(PositionRow, (reader, stream))
    return row.position if row else None


def put(tx: Transaction, reader: str, stream: str, position: str, now_ms: int) -> None:
    """The reader is done up to here, if this transaction is committed."""
    new = insert_into(tx, PositionRow).values(
        reader=reader, stream=stream, position=position, changed_ms=now_ms
    )
    # One statement, whether the reader has begun before or not: nobody else can come in between.
    changed = {"position": new.excluded.position, "changed_ms": new.excluded.changed_ms}
    tx.execute(new.on_conflict_do_update(index_elements=["reader", "stream"], set_=changed))
