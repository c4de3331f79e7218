"""Facts, positions of their readers, recordings; living calls and changes made before are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _facts()
    _positions()
    _recordings()
    _changes()
    lives = sa.text("outcome IS NULL")
    op.create_index(
        "ix_calls_unfinished", "calls", ["started_ms"], sqlite_where=lives, postgresql_where=lives
    )
    _guard_facts()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _milliseconds(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        _text("event_id"),
        _text("stream"),
        _text("kind"),
        _text("subject"),
        _milliseconds("at_ms"),
        _milliseconds("received_ms"),
        _text("node"),
        _text("body"),
        sa.UniqueConstraint("event_id"),
        sa.Index(None, "subject", "seq"),
        sa.Index(None, "kind", "received_ms"),
        sqlite_autoincrement=True,
    )


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("reader", sa.String(), primary_key=True),
        sa.Column("stream", sa.String(), primary_key=True),
        _text("position"),
        _milliseconds("changed_ms"),
    )


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("case_number"),
        _number("attempt"),
        _text("file"),
        _number("rate_hz"),
        _number("length_ms"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, index=True),
        sa.Column("change_id", sa.String(), nullable=True),
        sa.UniqueConstraint("case_number", "attempt"),
        sa.UniqueConstraint("file"),
        sa.UniqueConstraint("change_id"),
    )


def _changes() -> None:
    """What was written before this version has no ids."""
    op.add_column("case_history", sa.Column("change_id", sa.String(), nullable=True))
    op.create_index("ix_case_history_change_id", "case_history", ["change_id"], unique=True)


def _guard_facts() -> None:
    """Facts may grow old and go; none is changed. PostgreSQL's TRUNCATE passed the guard of history."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts "
            "BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END"
        )
    else:
        op.execute(
            "CREATE FUNCTION refuse_fact_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'facts are append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts "
            "FOR EACH ROW EXECUTE FUNCTION refuse_fact_change()"
        )
        op.execute(
            "CREATE TRIGGER case_history_no_truncate BEFORE TRUNCATE ON case_history "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
        )
