"""How the database goes about what the store asks of it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text

from casestore.db import Transaction


def plan(tx: Transaction, look: Callable[[], object]) -> str:
    """The plan of every statement that `look` runs, in the database's own words."""
    connection = tx.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.execute(text("ANALYZE"))
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    look()
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    plans = [
        connection.exec_driver_sql(f"{explain} {statement}", values).all() for statement, values in asked
    ]
    return "\n".join(map(str, plans))
