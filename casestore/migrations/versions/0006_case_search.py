"""Cases are found by words, names and numbers, and listed by when they changed."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from casestore import case_search
from casestore.case_fields import said_of
from casestore.case_words import number_of, words_of
from domain.cases import Case

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PAGE = 500
_OWN = ("number", "status", "service", "priority", "desk", "agent", "contact_id")
_TEXTS = ("title", "solution", "contact_name", "caller_number")


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        # Words are folded before they come here; lists of short beginnings are kept, as people type them.
        op.execute(
            "CREATE VIRTUAL TABLE case_search USING fts5(words, detail=none, prefix='1 2 3', "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '=-'\")"
        )
    else:
        op.execute("CREATE TABLE case_search (id bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_case_search_words ON case_search USING gin (words)")
    op.create_index("ix_cases_changed_ms_number", "cases", ["changed_ms", "number"])
    for page in _pages():
        case_search.write(op.get_bind(), [(number_of(case.number), words_of(case)) for case in page])


def _pages() -> Iterator[list[Case]]:
    """Those that are there already."""
    own = sa.table("cases", *map(sa.column, _OWN))
    texts = sa.table(
        "case_texts", sa.column("case_number"), sa.column("said", sa.JSON()), *map(sa.column, _TEXTS)
    )
    query = sa.select(own, texts).outerjoin_from(own, texts, own.c.number == texts.c.case_number)
    after = ""
    while rows := _mappings(query.where(own.c.number > after).order_by(own.c.number).limit(_PAGE)):
        yield [_case(row) for row in rows]
        after = rows[-1]["number"]


def _mappings(query: Any) -> list[Any]:
    return list(op.get_bind().execute(query).mappings())


def _case(row: Any) -> Case:
    texts = {name: row[name] or "" for name in _TEXTS}
    return Case(**{name: row[name] for name in _OWN}, **texts, said=said_of(row["said"]))
