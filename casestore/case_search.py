"""Cases by their words: SQLite's FTS5 and PostgreSQL's tsvector hold the same words and answer the same.

What a list is narrowed to (status, agent, service …) is a word too, so that any combination is one look into
one index, newest first, however many cases there are. Rows go by the case's number as a whole number.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Connection,
    Select,
    cast,
    column,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from casestore.case_words import Term, number_of, words_of
from casestore.db import Transaction, is_postgresql
from domain.cases import Case

Row = tuple[int, Sequence[str]]
"""A case's number as a whole number, and its words."""


def put(tx: Transaction, case: Case) -> None:
    """Have the case found by what it is now; whoever writes a case calls this in the same transaction."""
    write(tx.connection(), [(number_of(case.number), words_of(case))])


def write(connection: Connection, rows: Iterable[Row]) -> None:
    """Write these words over what a case was found by."""
    if connection.dialect.name == "postgresql":
        values = [{"id": number, "words": list(words)} for number, words in rows]
        connection.execute(_PUT_POSTGRESQL, values)
        return
    for number, words in rows:
        new = {"id": number, "words": " ".join(words)}
        # A note changes no word: most changes need not touch the index.
        if connection.execute(_WORDS_SQLITE, {"id": number}).scalar() != new["words"]:
            connection.execute(_PUT_SQLITE, new)


def tidy(tx: Transaction) -> None:
    """Have nothing left of words that were replaced: after people were erased. Takes a while."""
    # SQLite marks what has gone, and drops it when it merges parts of its index; PostgreSQL's vacuum does it.
    if not is_postgresql(tx):
        tx.connection().execute(text("INSERT INTO case_search(case_search) VALUES ('optimize')"))


def newest(tx: Transaction, terms: Sequence[Term], limit: int, before: int | None = None) -> tuple[int, ...]:
    """The numbers of the cases that have all of these, the newest first; those below `before`, if given."""
    number = _number(tx)
    query = matching(tx, terms).order_by(number.desc()).limit(limit)
    return tuple(tx.scalars(query if before is None else query.where(number < before)))


def matching(tx: Transaction, terms: Sequence[Term]) -> Select[int]:
    """The query for the numbers of all cases that have all of these."""
    query = select(_number(tx)).select_from(_SEARCH)
    if not terms:
        return query
    if is_postgresql(tx):
        wanted = cast(" & ".join(map(_postgresql, terms)), TSQUERY)
        return query.where(column("words").op("@@")(wanted))
    return query.where(literal_column("case_search").op("MATCH")(" AND ".join(map(_sqlite, terms))))


_SEARCH = table("case_search")
_WORDS_SQLITE = text("SELECT words FROM case_search WHERE rowid = :id")
_PUT_SQLITE = text("INSERT OR REPLACE INTO case_search(rowid, words) VALUES (:id, :words)")
_PUT_POSTGRESQL = text(
    "INSERT INTO case_search(id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[]))) "
    "ON CONFLICT (id) DO UPDATE SET words = excluded.words WHERE case_search.words <> excluded.words"
)


def _number(tx: Transaction) -> ColumnClause[int]:
    return column("id" if is_postgresql(tx) else "rowid", BigInteger)


# Folded words are letters and digits, the others have `=` and `-` besides: none needs more than quotes.


def _sqlite(term: Term) -> str:
    any_of = [f'"{word}" *' for word in term.beginnings] + [f'"{word}"' for word in term.words]
    return f"({' OR '.join(any_of)})"


def _postgresql(term: Term) -> str:
    any_of = [f"'{word}':*" for word in term.beginnings] + [f"'{word}'" for word in term.words]
    return f"({' | '.join(any_of)})"
