"""The first tables, and triggers that keep the history of cases append-only."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _cases()
    _the_rest()
    _guard_history()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(), **{"nullable": False, **options})


def _milliseconds(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, **options)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _people() -> None:
    op.create_table(
        "contacts",
        _id(),
        _text("name"),
        _text("employee_number", nullable=True, unique=True),
        _text("extension", index=True),
        _text("email"),
        _text("department"),
        _text("site"),
        _text("language"),
        sa.Column("vip", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "contact_numbers",
        _id(),
        sa.Column("contact_id", sa.Integer(), sa.ForeignKey("contacts.id"), nullable=False),
        _text("e164", index=True),
        sa.UniqueConstraint("contact_id", "e164"),
    )
    op.create_table(
        "users",
        _id(),
        _text("username", unique=True),
        _text("name"),
        _text("role"),
        _text("language"),
        _text("password_hash"),
    )
    op.create_table(
        "sessions",
        _text("token_hash", primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False, index=True),
        _text("csrf"),
        _milliseconds("expires_ms", index=True),
    )


def _cases() -> None:
    counters = op.create_table(
        "counters", _text("name", primary_key=True), sa.Column("value", sa.Integer(), nullable=False)
    )
    op.bulk_insert(counters, [{"name": "case", "value": 0}])
    op.create_table(
        "cases",
        _text("number", primary_key=True),
        _text("title"),
        _text("description"),
        _text("status"),
        _text("service"),
        _text("category"),
        _text("impact"),
        _text("urgency"),
        sa.Column("priority", sa.Integer(), nullable=False),
        _text("language"),
        _json("because"),
        sa.Column("contact_id", sa.Integer(), sa.ForeignKey("contacts.id"), nullable=True, index=True),
        _text("contact_name"),
        _text("caller_number"),
        _text("call_id", index=True),
        _text("statement"),
        _json("words"),
        _milliseconds("opened_ms"),
        _milliseconds("changed_ms"),
        sa.Index(None, "status", "opened_ms"),
    )
    op.create_table(
        "case_history",
        _id(),
        sa.Column("case_number", sa.String(), sa.ForeignKey("cases.number"), nullable=False, index=True),
        _milliseconds("at_ms"),
        _text("by"),
        _text("what"),
        _json("changes"),
    )


def _the_rest() -> None:
    op.create_table(
        "articles",
        _id(),
        _text("key"),
        _text("language"),
        _text("title"),
        _text("service"),
        _text("category"),
        _text("body"),
        _json("keywords"),
        _json("examples"),
        sa.UniqueConstraint("key", "language"),
    )
    op.create_table(
        "calls",
        _text("call_id", primary_key=True),
        _text("sip_call_id", index=True),
        _text("number", index=True),
        sa.Column("contact_id", sa.Integer(), nullable=True, index=True),
        _text("case_number", nullable=True, index=True),
        _text("outcome", nullable=True),
        _text("agent", nullable=True),
        _milliseconds("started_ms", index=True),
        _json("call"),
    )


def _guard_history() -> None:
    """Each database has its own words for a trigger that refuses."""
    if op.get_context().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER case_history_no_{action.lower()} BEFORE {action} ON case_history "
                "BEGIN SELECT RAISE(ABORT, 'case history is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'case history is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_history_append_only BEFORE UPDATE OR DELETE ON case_history "
            "FOR EACH ROW EXECUTE FUNCTION refuse_history_change()"
        )
