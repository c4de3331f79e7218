"""Cases by their words: SQLite's FTS5 and PostgreSQL's tsvector hold the same words and answer the same.

What a list is narrowed to (status, agent, service …) is a word too, so that any combination is one look into
one index, newest first, however many cases there are. Rows go by the case's number as a whole number.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from casestore.case_words import Term, number_of, words_of
from casestore.db import Transaction
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
    if tx.connection().dialect.name == "sqlite":
        tx.connection().execute(text("INSERT INTO case_search(case_search) VALUES ('optimize')"))


def newest(tx: Transaction, terms: Sequence[Term], limit: int, before: int | None = None) -> tuple[int, ...]:
    """The numbers of the cases that have all of these, the newest first; those below `before`, if given."""
    where, values = condition(tx, terms)
    if before is not None:
        where, values["before"] = f"{where} AND {_id(tx)} < :before", before
    query = f"SELECT {_id(tx)} FROM case_search WHERE {where} ORDER BY {_id(tx)} DESC LIMIT :limit"  # noqa: S608
    return tuple(tx.connection().execute(text(query), {**values, "limit": limit}).scalars())


def condition(tx: Transaction, terms: Sequence[Term]) -> tuple[str, dict[str, Any]]:
    """What `case_search` is asked for these terms, as SQL with its values."""
    if not terms:
        return "1 = 1", {}
    if tx.connection().dialect.name == "postgresql":
        return "words @@ CAST(:terms AS tsquery)", {"terms": " & ".join(map(_postgresql, terms))}
    return "case_search MATCH :terms", {"terms": " AND ".join(map(_sqlite, terms))}


def subquery(tx: Transaction, terms: Sequence[Term]) -> tuple[str, dict[str, Any]]:
    """A SELECT of all their numbers, as SQL with its values."""
    where, values = condition(tx, terms)
    return f"SELECT {_id(tx)} FROM case_search WHERE {where}", values  # noqa: S608


_WORDS_SQLITE = text("SELECT words FROM case_search WHERE rowid = :id")
_PUT_SQLITE = text("INSERT OR REPLACE INTO case_search(rowid, words) VALUES (:id, :words)")
_PUT_POSTGRESQL = text(
    "INSERT INTO case_search(id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[]))) "
    "ON CONFLICT (id) DO UPDATE SET words = excluded.words WHERE case_search.words <> excluded.words"
).bindparams(bindparam("words"))


def _id(tx: Transaction) -> str:
    return "id" if tx.connection().dialect.name == "postgresql" else "rowid"


# Folded words are letters and digits, the others besides `=` and `-`: no quote can be among them.


def _sqlite(term: Term) -> str:
    beginnings = [f'"{word}" *' for word in term.beginnings]
    return f"({' OR '.join([*beginnings, *(f'{chr(34)}{word}{chr(34)}' for word in term.words)])})"


def _postgresql(term: Term) -> str:
    beginnings = [f"'{word}':*" for word in term.beginnings]
    return f"({' | '.join([*beginnings, *(f'{chr(39)}{word}{chr(39)}' for word in term.words)])})"
