"""What can be wrong with a database, each in one line for people; the drivers' own words stay the cause."""

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreUnusable(Exception):
    """The database cannot be used as it is; nothing was changed. The message is one line for people."""


class StoreBusy(StoreUnusable):
    """The database stayed locked longer than the store waits; nothing was changed: try again."""


class StoreReadOnly(StoreUnusable):
    """The database may be read and not written."""


class StoreFull(StoreUnusable):
    """There is no room for what was to be written."""


class StoreDamaged(StoreUnusable):
    """The file is no database, or is broken."""


class StoreUnreachable(StoreUnusable):
    """The database server does not answer, or has broken the connection; it may come back."""


_BUSY = StoreBusy, "the database is locked by somebody else"
_READ_ONLY = StoreReadOnly, "the database is read-only"
_FULL = StoreFull, "the database has no room left: the disk is full"
_DAMAGED = StoreDamaged, "the file is no database, or it is damaged"
_AWAY = StoreUnreachable, "the database server does not answer"
_REFUSED = StoreUnusable, "the database server refuses the login: check user, password and database"

_Trouble = tuple[type[StoreUnusable], str]
_OF_SQLITE: Mapping[int, _Trouble] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_IOERR: (StoreUnusable, "the disk does not give or take what the database holds"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnusable, "the file of the database cannot be opened"),
}
# By the beginning of the SQLSTATE; the codes are those of PostgreSQL's appendix A.
_OF_POSTGRESQL: Mapping[str, _Trouble] = {
    "55P03": _BUSY,  # lock_not_available
    "40P01": _BUSY,  # deadlock_detected
    "40001": _BUSY,  # serialization_failure
    "53300": (StoreBusy, "the database server has no connection left for us"),
    "25006": _READ_ONLY,  # read_only_sql_transaction: a standby, or one set to read-only
    "53100": _FULL,
    "42501": (StoreReadOnly, "the database server does not let this user do that"),
    "3D000": _REFUSED,
    "57P0": _AWAY,  # shut down, crashed, starting
    "XX00": (StoreDamaged, "the database server finds its data damaged"),
    "28": _REFUSED,
    "08": _AWAY,
}
_OF_FILES: Mapping[int, _Trouble] = {
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}


@contextmanager
def named_errors() -> Iterator[None]:
    """Turns what SQLAlchemy and the drivers raise for an unusable database into StoreUnusable.

    What is our own mistake (a constraint, wrong SQL) passes as it is.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("every connection to the database is in use") from error
    except (DBAPIError, sqlite3.Error) as error:  # bare while a new connection is configured
        trouble = _trouble(error)
        if trouble is None:
            raise
        kind, message = trouble
        raise kind(message) from error


@contextmanager
def named_upgrade_errors() -> Iterator[None]:
    """The same, and what opening the file and migrating may bring; not for blocks of other people's work."""
    try:
        with named_errors():
            yield
    except OSError as error:
        kind, message = _OF_FILES.get(error.errno or 0, (StoreUnusable, "the file cannot be opened"))
        raise kind(f"{message} ({error.filename})") from error
    except CommandError as error:
        raise StoreUnusable("the database was made by a newer version of this program") from error


def _trouble(error: Exception) -> _Trouble | None:
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver_error, sqlite3.Error):
        # The low byte is the error, the rest says more about it.
        return _OF_SQLITE.get(getattr(driver_error, "sqlite_errorcode", 0) & 0xFF)
    sqlstate: str | None = getattr(driver_error, "sqlstate", None)
    if sqlstate is None:
        return _no_server(error)
    known = (trouble for beginning, trouble in _OF_POSTGRESQL.items() if sqlstate.startswith(beginning))
    return next(known, None)


def _no_server(error: Exception) -> _Trouble | None:
    """PostgreSQL's client has no code for a connection that fails or breaks, only words."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    words = str(error.orig).partition("\n")[0]
    return StoreUnreachable, f"the database server does not answer, or refuses the login: {words}"
