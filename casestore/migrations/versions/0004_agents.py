"""What people of the desk did (audit): kept as it was written, for a month at least."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_YOUNG_MS = 30 * 86_400_000
_SAYS = "the audit is append-only, and kept for 30 days at least"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, index=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    """By the database's own clock: whoever deletes says nothing of the time."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {refuse}")
    young = f"OLD.at_ms > CAST(strftime('%s', 'now') AS INTEGER) * 1000 - {_YOUNG_MS}"
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN {young} {refuse}")


def _guard_postgresql() -> None:
    old = f"OLD.at_ms <= extract(epoch FROM clock_timestamp()) * 1000 - {_YOUNG_MS}"
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {old} THEN RETURN OLD; END IF; END IF; "
        f"RAISE EXCEPTION '{_SAYS}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
