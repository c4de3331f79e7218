"""The database: one Store a process, one short transaction a piece of work."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.orm import Session, sessionmaker

from casestore.store_errors import StoreBusy, StoreUnusable, named_errors, named_upgrade_errors

__all__ = ["Store", "StoreBusy", "StoreUnusable", "Transaction"]

log = structlog.get_logger()

_MIGRATIONS = Path(__file__).parent / "migrations"
_READS_ONLY = "casestore_reads_only"
_MIGRATING = 7_278_100  # any number that nothing else in the database locks


class Transaction(Session):
    """What `Store.uow()` yields and every function of `casestore` takes first; never kept longer."""


def is_postgresql(tx: Transaction) -> bool:
    """Which database it is, only the settings know; asked where SQLite needs something else."""
    return tx.get_bind().dialect.name == "postgresql"


class Store:
    """A database by its SQLAlchemy URL; `busy_timeout_ms` is the longest wait for somebody else's lock.

    SQLite is kept in a file (WAL, foreign keys on, every commit synchronised to the disk), readable by
    its owner alone. Nothing connects before `upgrade` or `uow`. Threads may share a Store.
    """

    def __init__(self, url: str, *, busy_timeout_ms: int = 5000) -> None:
        self._busy_timeout_ms = busy_timeout_ms
        self._sqlite_file = _sqlite_file(url)
        self._write_turn = threading.Lock()
        self._engine = create_engine(
            url,
            pool_timeout=busy_timeout_ms / 1000,
            pool_pre_ping=not self._sqlite_file,  # a server that was started anew costs nobody an error
            connect_args=_connect_args(url, busy_timeout_ms),
            hide_parameters=True,  # errors are logged, and what was to be written is what callers said
        )
        if self._sqlite_file:
            event.listen(self._engine, "connect", self._configure_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        readers = self._engine.execution_options(**_reads_only(self._engine))
        # Kept after the commit: reading an attribute would otherwise begin another transaction.
        self._writing = sessionmaker(self._engine, class_=Transaction, expire_on_commit=False)
        self._reading = sessionmaker(readers, class_=Transaction)

    def upgrade(self) -> None:
        """Bring the tables to the newest shape, from whatever they are; all of it or nothing.

        Raises StoreUnusable, as do `uow` and `reading`.
        """
        config = Config()
        # Alembic reads options by configparser, to which a percent sign is a reference.
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with named_upgrade_errors():
            if self._sqlite_file:
                _make_private_file(self._sqlite_file)
            with self._engine.begin() as connection:
                _let_others_migrate_first(connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        log.info("store_upgraded", dialect=self._engine.dialect.name)

    @contextmanager
    def uow(self) -> Iterator[Transaction]:
        """A transaction that may write: committed at the end of the block, rolled back by any exception.

        Raises StoreUnusable: StoreBusy where the database stays locked.
        """
        with self._turn_to_write(), named_errors(), self._writing.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads: it sees one state of the data and waits for no writer."""
        with named_errors(), self._reading.begin() as tx:
            yield tx

    def forget_deleted(self) -> str:
        """Have the files lose what was deleted, as far as the database can; empty, or why that must wait.

        SQLite writes over what is deleted (`secure_delete`), and here its journal is emptied too. PostgreSQL
        frees the space. Blocking.
        """
        try:
            with named_errors():
                return self._truncate_journal() if self._sqlite_file else self._vacuum()
        except StoreUnusable as error:
            return str(error)

    def close(self) -> None:
        self._engine.dispose()

    def _truncate_journal(self) -> str:
        connection = self._engine.raw_connection()  # a checkpoint is no part of a transaction
        try:
            # Waits for readers and writers as long as anything here waits for a lock.
            (is_busy, *_) = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        return "somebody reads the database all the time: its journal could not be emptied" if is_busy else ""

    def _vacuum(self) -> str:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
        return ""

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Our own threads hand SQLite's one write lock on at once; between processes SQLite polls for it."""
        if not self._sqlite_file:
            yield
            return
        if not self._write_turn.acquire(timeout=self._busy_timeout_ms / 1000):
            raise StoreBusy("the database is locked by somebody else")
        try:
            yield
        finally:
            self._write_turn.release()

    def _configure_sqlite(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, nowhere else
        connection.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms:d}")
        # Readers and the writer do not wait for each other.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a committed case survives a power loss too
        # Off unless asked for, by each connection anew.
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what people said is not only let go of


def _connect_args(url: str, busy_timeout_ms: int) -> dict[str, Any]:
    """PostgreSQL waits for a lock for ever unless it is told not to; SQLite is told in a PRAGMA."""
    if make_url(url).get_backend_name() != "postgresql":
        return {}
    return {
        "options": f"-c lock_timeout={busy_timeout_ms:d}",
        "connect_timeout": ceil(busy_timeout_ms / 1000),
    }


def _reads_only(engine: Engine) -> dict[str, Any]:
    """A reader sees one state of the data: SQLite in any transaction, PostgreSQL where it is asked to."""
    if engine.dialect.name == "sqlite":
        return {_READS_ONLY: True}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _let_others_migrate_first(connection: Connection) -> None:
    """Of several processes that start at once one makes the tables, the others then find them made.

    SQLite's transaction has the write lock from its beginning.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: one that reads first could not upgrade its lock later."""
    reads_only = connection.get_execution_options().get(_READS_ONLY, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads_only else "BEGIN IMMEDIATE")


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
