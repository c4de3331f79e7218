"""Alembic's entry: migrates over the connection that `Store.upgrade` holds, in its transaction."""

from alembic import context

from casestore import desk_tables
from casestore.tables import Base

MORE_TABLES = (desk_tables,)  # named: tables that are not imported are not known

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite can, since Store begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
