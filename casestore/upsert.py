"""INSERT … ON CONFLICT, which SQLite and PostgreSQL have in common and SQLAlchemy has twice."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from casestore.db import Transaction, is_postgresql
from casestore.tables import Base


def insert_into(tx: Transaction, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT into the table of these rows that can take `on_conflict_do_nothing` and `…_do_update`."""
    assert isinstance(row.__table__, Table)
    if is_postgresql(tx):
        return postgresql.insert(row.__table__)
    return sqlite.insert(row.__table__)
