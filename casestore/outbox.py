"""What the database would not take, in a small SQLite file of its own until it does.

Each entry is on the disk when `add` returns (WAL, synchronised at every commit). The file is readable by its
owner alone: it holds what callers said. What was cut or damaged is put aside whole, and what can still be
read of it is taken over.
"""

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from casestore.store_errors import StoreDamaged, named_errors, named_upgrade_errors

log = structlog.get_logger()

_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    change_id TEXT NOT NULL UNIQUE,
    at_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    sound BLOB,
    rate_hz INTEGER NOT NULL,
    refused TEXT NOT NULL DEFAULT ''
)
"""
_COLUMNS = "change_id, at_ms, body, sound, rate_hz, refused"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`refused` says why it can never be carried out; `sound` is 16-bit PCM, None where there is none."""

    change_id: str
    at_ms: int
    body: str
    sound: bytes | None = field(default=None, repr=False)
    rate_hz: int = 0
    refused: str = ""


class OutboxFile:
    """The entries in their order; threads may share it. Every method raises StoreUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def add(self, entry: Entry) -> None:
        """Append the entry; one whose `change_id` is there already is there."""
        with self._open() as connection:
            connection.execute(
                f"INSERT OR IGNORE INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                (entry.change_id, entry.at_ms, entry.body, entry.sound, entry.rate_hz, entry.refused),
            )

    def waiting(self, after: int = 0) -> tuple[int, Entry] | None:
        """The oldest entry that waits behind this place, with its own place."""
        return self._first("refused = '' AND place > ?", after)

    def refused(self, after: int = 0) -> tuple[int, Entry] | None:
        """The oldest refused entry behind this place, with its own place."""
        return self._first("refused != '' AND place > ?", after)

    def remove(self, place: int) -> None:
        """It was carried out."""
        with self._open() as connection:
            connection.execute("DELETE FROM entries WHERE place = ?", (place,))

    def refuse(self, place: int, why: str) -> None:
        """It never can be: it stays, for a person to look at."""
        with self._open() as connection:
            connection.execute("UPDATE entries SET refused = ? WHERE place = ?", (why or "refused", place))

    def try_again(self, place: int) -> bool:
        """A refused entry waits again; whether there was one at this place."""
        with self._open() as connection:
            query = "UPDATE entries SET refused = '' WHERE place = ? AND refused != ''"
            return connection.execute(query, (place,)).rowcount > 0

    def forget(self, names: re.Pattern[str]) -> bool:
        """Delete what was refused and names this; False, and nothing is changed, where such a one waits."""
        if not self._path.exists():
            return True
        with self._open() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            rows = connection.execute("SELECT place, body, refused FROM entries").fetchall()
            named = [(place, refused) for place, body, refused in rows if names.search(body)]
            if not all(refused for _, refused in named):
                return False
            connection.executemany("DELETE FROM entries WHERE place = ?", [(place,) for place, _ in named])
        with self._open() as connection:
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return True

    def count(self) -> tuple[int, int]:
        """How many wait, and how many were refused; without making the file."""
        if not self._path.exists():
            return 0, 0
        with self._open() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(refused = ''), 0), coalesce(sum(refused != ''), 0) FROM entries"
            ).fetchone()
        return int(row[0]), int(row[1])

    def size(self) -> int:
        """Bytes on the disk."""
        return self._path.stat().st_size if self._path.exists() else 0

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def _first(self, where: str, after: int) -> tuple[int, Entry] | None:
        query = f"SELECT place, {_COLUMNS} FROM entries WHERE {where} ORDER BY place LIMIT 1"  # noqa: S608
        with self._open() as connection:
            row = connection.execute(query, (after,)).fetchone()
        return (row[0], _entry(row[1:])) if row else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The connection, in a transaction of its own."""
        with self._lock, named_errors():
            connection = self._connection or self._connected()
            try:
                with connection:
                    yield connection
            except sqlite3.Error:
                # Whatever is wrong with the file or the disk: the next one looks anew.
                connection.close()
                self._connection = None
                raise

    def _connected(self) -> sqlite3.Connection:
        try:
            self._connection = _connect(self._path)
        except StoreDamaged:
            self._connection = self._begin_anew()
        return self._connection

    def _begin_anew(self) -> sqlite3.Connection:
        aside = next(p for n in range(1, 1000) if not (p := self._path.with_suffix(f".damaged{n}")).exists())
        saved = list(_readable(self._path))
        self._path.rename(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        connection = _connect(self._path)
        with connection:
            connection.executemany(
                f"INSERT OR IGNORE INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                saved,
            )
        log.error("outbox_was_damaged", put_aside=str(aside), entries_saved=len(saved))
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    with named_upgrade_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=5, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise StoreDamaged("the file is damaged")
        except BaseException:
            connection.close()
            raise
        return connection


def _readable(path: Path) -> Iterator[tuple[object, ...]]:
    """What can still be read of a damaged file, one entry at a time."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            yield from connection.execute(f"SELECT {_COLUMNS} FROM entries ORDER BY place")  # noqa: S608
    except sqlite3.Error as error:
        log.warning("outbox_not_read_on", why=str(error))


def _entry(row: tuple[object, ...]) -> Entry:
    names = [name.strip() for name in _COLUMNS.split(",")]
    return Entry(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
