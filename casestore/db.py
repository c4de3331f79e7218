"""The database: one Store a process, one short transaction a piece of work."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

log = structlog.get_logger()

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_READS_ONLY = "casestore_reads_only"


class StoreBusy(Exception):
    """The database stayed locked longer than the store waits; nothing was changed: try again."""


class Transaction(Session):
    """What `Store.uow()` yields and every function of `casestore` takes first; never kept longer."""


class Store:
    """A database by its SQLAlchemy URL; `busy_timeout_ms` is the longest wait for somebody else's lock.

    SQLite is kept in a file (WAL, foreign keys on, every commit synchronised to the disk), readable by
    its owner alone. Nothing connects before `upgrade` or `uow`. Threads may share a Store.
    """

    def __init__(self, url: str, *, busy_timeout_ms: int = 5000) -> None:
        self._busy_timeout_ms = busy_timeout_ms
        self._sqlite_file = _sqlite_file(url)
        self._engine = create_engine(
            url, pool_timeout=busy_timeout_ms / 1000, connect_args=_connect_args(url, busy_timeout_ms)
        )
        if self._sqlite_file:
            event.listen(self._engine, "connect", self._configure_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        readers = self._engine.execution_options(**{_READS_ONLY: True})
        self._writing = sessionmaker(self._engine, class_=Transaction, expire_on_commit=False)
        self._reading = sessionmaker(readers, class_=Transaction)

    def upgrade(self) -> None:
        """Bring the tables to the newest shape, from whatever they are; all of it or nothing."""
        if self._sqlite_file:
            _make_private_file(self._sqlite_file)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with _busy_reported(), self._engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        log.info("store_upgraded", dialect=self._engine.dialect.name)

    @contextmanager
    def uow(self) -> Iterator[Transaction]:
        """A transaction that may write: committed at the end of the block, rolled back by any exception.

        Raises StoreBusy where the database stays locked.
        """
        with _busy_reported(), self._writing.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads: it sees one state of the data and waits for no writer."""
        with _busy_reported(), self._reading.begin() as tx:
            yield tx

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _configure_sqlite(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, nowhere else
        connection.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms:d}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a committed case survives a power loss too
        connection.execute("PRAGMA foreign_keys = ON")


def _connect_args(url: str, busy_timeout_ms: int) -> dict[str, Any]:
    """PostgreSQL waits for a lock for ever unless it is told not to; SQLite is told in a PRAGMA."""
    if make_url(url).get_backend_name() != "postgresql":
        return {}
    return {"options": f"-c lock_timeout={busy_timeout_ms:d}"}


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: one that reads first could not upgrade its lock later."""
    reads_only = connection.get_execution_options().get(_READS_ONLY, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads_only else "BEGIN IMMEDIATE")


@contextmanager
def _busy_reported() -> Iterator[None]:
    """Turns the drivers' words for a locked database into StoreBusy."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("every connection to the database is in use") from error
    except OperationalError as error:
        if not _is_lock(error.orig):
            raise
        raise StoreBusy("the database is locked by somebody else") from error
    except sqlite3.OperationalError as error:  # raised while a new connection is configured
        if not _is_lock(error):
            raise
        raise StoreBusy("the database is locked by somebody else") from error


def _is_lock(error: BaseException | None) -> bool:
    """SQLite's code in its low byte, PostgreSQL's lock_not_available."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _BUSY or getattr(error, "sqlstate", None) == "55P03"


def _sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, None for another database; ValueError for one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("the case store needs a file: every connection would see a database of its own")
    return Path(parsed.database)


def _make_private_file(file: Path) -> None:
    """An empty file of mode 0600, where there is none; SQLite gives its WAL the same mode."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
