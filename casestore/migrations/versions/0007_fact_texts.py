"""What is personal in facts moves into rows of its own, which can be erased."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As the kinds were when this was written; of a case only title and words are personal.
_PERSONAL: Mapping[str, tuple[str, ...]] = {
    "CallAnswered": ("number", "name"),
    "CallerIdentified": ("number", "contact_name"),
    "StatementHeard": ("text", "words"),
    "CaseRegistered": ("case", "open_cases", "texts", "texts_were"),
    "CaseImported": ("texts", "texts_were", "note"),
    "SuggestionsFound": ("suggestions", "similar"),
    "QueueJoined": ("number", "name"),
}
_AT_ONCE = 1_000

_seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_facts = sa.table(
    "facts", sa.column("seq"), sa.column("kind"), sa.column("received_ms"), sa.column("body", sa.String())
)
_texts = sa.table(
    "fact_texts", sa.column("seq"), sa.column("kind"), sa.column("received_ms"), sa.column("body")
)


def upgrade() -> None:
    _fact_texts()
    _unguard_facts()
    _move_texts()
    _guard_facts()


def _fact_texts() -> None:
    op.create_table(
        "fact_texts",
        sa.Column(
            "seq",
            _seq,
            sa.ForeignKey("facts.seq", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Index(None, "kind", "received_ms"),
    )


def _move_texts() -> None:
    changed = sa.update(_facts).where(_facts.c.seq == sa.bindparam("at")).values(body=sa.bindparam("kept"))
    for page in _pages():
        texts, kept = [], []
        for fact in page:
            if parted := _parted(fact.kind, fact.body):
                body, personal = parted
                kept.append({"at": fact.seq, "kept": body})
                texts.append(
                    {"seq": fact.seq, "kind": fact.kind, "received_ms": fact.received_ms, "body": personal}
                )
        if texts:
            op.get_bind().execute(sa.insert(_texts), texts)
            op.get_bind().execute(changed, kept)


def _pages() -> Iterator[list[sa.Row[Any]]]:
    after = 0
    facts = sa.select(_facts).where(_facts.c.kind.in_(_PERSONAL)).order_by(_facts.c.seq).limit(_AT_ONCE)
    while page := list(op.get_bind().execute(facts.where(_facts.c.seq > after))):
        yield page
        after = page[-1].seq


def _parted(kind: str, body: str) -> tuple[str, str] | None:
    """The body without what is personal, and that; None where there is nothing, or it cannot be read."""
    name, _, text = body.partition(" ")
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    personal = {name: fields[name] for name in _PERSONAL[kind] if not _is_empty(fields.get(name))}
    kept = {field: value for field, value in fields.items() if field not in personal}
    if isinstance(case := personal.get("case"), dict):
        kept["case"] = {part: value for part, value in case.items() if part not in ("title", "because")}
    return (f"{name} {_json(kept)}", _json(personal)) if personal else None


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(part is None for part in value.values())
    return value in (None, "", [])


def _json(fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _unguard_facts() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER facts_no_update")
    else:
        op.execute("DROP TRIGGER facts_append_only ON facts")


def _guard_facts() -> None:
    """As 0002 has made it."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts "
            "BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts "
            "FOR EACH ROW EXECUTE FUNCTION refuse_fact_change()"
        )
