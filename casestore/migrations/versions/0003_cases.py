"""Cases live on their own: versions, people's words in rows of their own, and facts for a history."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from casestore.migrations import old_cases

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PAGE = 500
_GONE = ("title", "description", "because", "contact_name", "caller_number", "statement", "words")
_NUMBERS = sa.table("cases", sa.column("number"), sa.column("version"), sa.column("set_by", sa.JSON()))
_TEXTS = sa.table(
    "case_texts",
    *map(sa.column, ("case_number", "title", "contact_name", "caller_number", "solution")),
    sa.column("said", sa.JSON()),
    sa.column("because", sa.JSON()),
)
_FACTS = sa.table(
    "facts",
    *map(sa.column, ("seq", "event_id", "stream", "kind", "subject", "at_ms", "received_ms", "node", "body")),
)
_CALLS = sa.table("calls", sa.column("call_id"), sa.column("call", sa.JSON()))


def upgrade() -> None:
    _add_tables()
    _let_facts_be_changed()
    _rewrite_old_facts()
    _guard_facts()
    newest = _newest_fact()
    _move_cases()
    _rewrite_calls()
    _drop_what_is_replaced()
    _add_indexes()
    _mark_the_place(newest)


def _add_tables() -> None:
    op.create_table(
        "case_texts",
        sa.Column("case_number", sa.String(), sa.ForeignKey("cases.number"), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("title", "contact_name")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("caller_number", "solution")),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
    )
    op.add_column("cases", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for name in ("desk", "agent", "article", "merged_into"):
        op.add_column("cases", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("set_by", sa.JSON(), nullable=False, server_default="{}"))


def _move_cases() -> None:
    for page in _pages("cases", "number"):
        numbers = [row["number"] for row in page]
        lines: dict[str, list[Any]] = {number: [] for number in numbers}
        for line in _lines(numbers):
            lines[line["case_number"]].append(line)
        for row in page:
            _move(row, lines[row["number"]])


def _move(row: Any, lines: list[Any]) -> None:
    connection = op.get_bind()
    events = old_cases.events_of(row, lines)
    case = old_cases.case_of(row)
    texts = {name: case[name] for name in ("title", "contact_name", "caller_number", "because")}
    said = old_cases.said_of(events)
    connection.execute(
        _TEXTS.insert().values(case_number=row["number"], solution="", said=said, **texts),
    )
    where = _NUMBERS.update().where(_NUMBERS.c.number == row["number"])
    connection.execute(where.values(version=len(events), set_by=old_cases.set_by_of(events)))
    connection.execute(_FACTS.insert(), [_fact(event) for event in events])


def _fact(event: dict[str, Any]) -> dict[str, Any]:
    kind = "CaseRegistered" if event["version"] == 1 else "CaseImported"
    return {
        "event_id": event["event_id"],
        "stream": "cases",
        "kind": kind,
        "subject": event["case_number"],
        "at_ms": event["at_ms"],
        "received_ms": event["at_ms"],
        "node": "main",
        "body": f"{kind} {json.dumps(event, ensure_ascii=False)}",
    }


def _rewrite_old_facts() -> None:
    """They told of a call what its case was, with all its words; now they name it."""
    wanted = _FACTS.c.kind.in_(("CaseRegistered", "SuggestionsFound"))
    query = sa.select(_FACTS.c.seq, _FACTS.c.kind, _FACTS.c.body).where(wanted).order_by(_FACTS.c.seq)
    place = 0
    while page := op.get_bind().execute(query.where(_FACTS.c.seq > place).limit(_PAGE)).all():
        for seq, kind, body in page:
            fields = old_cases.stored_json(body.partition(" ")[2])
            if not isinstance(fields, dict):
                continue  # cut off once: it stays as it is, and is passed over
            new = _stated(fields) if kind == "CaseRegistered" else ("SuggestionsFound", _named(fields))
            written = {"kind": new[0], "body": f"{new[0]} {json.dumps(new[1], ensure_ascii=False)}"}
            op.get_bind().execute(_FACTS.update().where(_FACTS.c.seq == seq).values(**written))
        place = page[-1].seq


def _stated(fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kept = {name: fields[name] for name in ("at_ms", "event_id", "call_id", "node") if name in fields}
    return "CaseStated", kept | {"case_number": (fields.get("case") or {}).get("number", "")}


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Similar cases by their numbers."""
    return fields | {"similar": [case["number"] for case in fields.get("similar") or []]}


def _rewrite_calls() -> None:
    """A call holds the number of its case, and nothing else of it."""
    for page in _pages("calls", "call_id"):
        for row in page:
            call = old_cases.stored_json(row["call"])
            if isinstance(call, dict) and "case_number" not in call:
                case = call.pop("case", None) or {}
                call.pop("open_cases", None)
                call = _named(call) | {"case_number": case.get("number") or ""}
                where = _CALLS.update().where(_CALLS.c.call_id == row["call_id"])
                op.get_bind().execute(where.values(call=call))


def _drop_what_is_replaced() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER case_history_append_only ON case_history")
        op.execute("DROP TRIGGER case_history_no_truncate ON case_history")
        op.execute("DROP FUNCTION refuse_history_change()")
    op.drop_table("case_history")  # SQLite drops its triggers with it
    for name in _GONE:
        op.drop_column("cases", name)


def _add_indexes() -> None:
    op.drop_index("ix_cases_contact_id", "cases")
    op.create_index("ix_cases_contact_id_status", "cases", ["contact_id", "status"])
    op.create_index("ix_cases_agent_status", "cases", ["agent", "status"])


def _newest_fact() -> int:
    return op.get_bind().execute(sa.text("SELECT coalesce(max(seq), 0) FROM facts")).scalar_one()


def _mark_the_place(before: int) -> None:
    """All calls know of what this has put into the log: it need not be told them, or folded into them."""
    place = {"now": str(_newest_fact()), "before": str(before)}
    insert = "INSERT INTO positions (reader, stream, position, changed_ms) VALUES ('cases', 'facts', :now, 0)"
    op.get_bind().execute(sa.text(insert).bindparams(now=place["now"]))
    folded = "UPDATE positions SET position = :now WHERE reader = 'calls' AND position = :before"
    op.get_bind().execute(sa.text(folded), place)


def _let_facts_be_changed() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER facts_append_only ON facts")
    else:
        op.execute("DROP TRIGGER facts_no_update")


def _guard_facts() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts "
            "FOR EACH ROW EXECUTE FUNCTION refuse_fact_change()"
        )
    else:
        op.execute(
            "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts "
            "BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END"
        )


def _pages(table: str, key: str) -> Iterator[list[Any]]:
    """All rows, some at a time, by their key."""
    after = ""
    while True:
        query = sa.text(f"SELECT * FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT {_PAGE}")  # noqa: S608
        page = [dict(row) for row in op.get_bind().execute(query, {"after": after}).mappings()]
        if not page:
            return
        yield page
        after = page[-1][key]


def _lines(numbers: list[str]) -> list[Any]:
    query = sa.text("SELECT * FROM case_history WHERE case_number IN :numbers ORDER BY id")
    bound = query.bindparams(sa.bindparam("numbers", expanding=True))
    return [dict(line) for line in op.get_bind().execute(bound, {"numbers": numbers}).mappings()]
