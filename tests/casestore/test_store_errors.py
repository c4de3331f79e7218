"""A database that cannot be used: one line that says why, and nothing is changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from casestore import cases
from casestore.db import Store, StoreBusy, StoreUnusable
from casestore.store_errors import StoreDamaged, StoreFull, StoreReadOnly, StoreUnreachable
from domain.cases import Said
from tests import case_work, servers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "svarklar.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with opened(f"sqlite:///{file}") as store:
        store.upgrade()
        yield store


LONG = Said(statement_id="s", text="very long " * 2000, at_ms=1)


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url, busy_timeout_ms=50)
    yield store
    store.close()


def register(store: Store, **fields: object) -> None:
    with store.uow() as tx:
        case_work.registered(tx, **fields)


def numbers(store: Store) -> list[str]:
    with store.reading() as tx:
        return [case.number for case in cases.open_cases(tx)]


def test_a_file_that_is_no_database_is_damaged_and_stays_as_it_is(file: Path):
    file.write_text("Dear diary, " * 500)
    with opened(f"sqlite:///{file}") as store, pytest.raises(StoreDamaged, match="no database"):
        store.upgrade()
    assert file.read_text() == "Dear diary, " * 500


def test_a_malformed_database_is_damaged(store: Store, file: Path):
    for _ in range(50):
        register(store, said=(LONG,))
    store.close()
    with file.open("r+b") as pages:
        pages.seek(4096)
        pages.write(b"\xa5" * 100_000)
    with pytest.raises(StoreDamaged):
        numbers(store)


def test_a_full_database_keeps_what_it_has_and_takes_more_as_soon_as_there_is_room(store: Store, file: Path):
    register(store)
    store.close()
    with no_more_pages(), pytest.raises(StoreFull, match="full"):
        register(store, said=(LONG,))
    store.close()
    register(store)
    assert numbers(store) == ["C-000002", "C-000001"]


@contextmanager
def no_more_pages() -> Iterator[None]:
    """What a full disk is to SQLite: connections made meanwhile may not enlarge the file."""

    def stop_growing(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # it never takes less than the file has

    event.listen(Engine, "connect", stop_growing)
    try:
        yield
    finally:
        event.remove(Engine, "connect", stop_growing)


def test_a_database_that_may_only_be_read_is_read(store: Store, file: Path):
    register(store)
    with opened(f"sqlite:///file:{file}?mode=ro&uri=true") as reader:
        assert numbers(reader) == ["C-000001"]
        with pytest.raises(StoreReadOnly, match="read-only"):
            register(reader)
    assert numbers(store) == ["C-000001"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "var").touch()
    with opened(f"sqlite:///{tmp_path}/var/svarklar.db") as store, pytest.raises(StoreUnusable, match="var"):
        store.upgrade()


def test_a_folder_in_place_of_the_file_is_said(file: Path):
    file.mkdir()
    with opened(f"sqlite:///{file}") as store, pytest.raises(StoreUnusable, match="cannot be opened"):
        store.upgrade()


def test_a_database_of_a_newer_version_is_said_and_stays_as_it_is(store: Store, file: Path):
    with store.uow() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnusable, match="newer version"):
        store.upgrade()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_an_error_of_the_block_itself_passes_as_it_is(store: Store):
    with pytest.raises(FileNotFoundError), store.uow():
        Path("/nowhere/at/all").read_bytes()


def test_an_error_does_not_say_what_was_to_be_written(store: Store):
    with store.uow() as tx:
        case = case_work.registered(tx, title="my password is hemligt")
    with pytest.raises(IntegrityError) as raised, store.uow() as tx:
        cases.add(tx, case)
    assert "hemligt" not in str(raised.value)


@pytest.mark.server
def test_a_database_server_that_is_gone_is_unreachable_and_works_again_once_it_is_back(
    own_postgresql: servers.PostgreSQL,
):
    with opened(own_postgresql.url()) as store:
        store.upgrade()
        register(store)
        own_postgresql.kill()
        for _ in range(2):
            with pytest.raises(StoreUnreachable, match="does not answer") as raised:
                register(store)
            assert "\n" not in str(raised.value)
        own_postgresql.start()
        register(store)
        assert numbers(store) == ["C-000002", "C-000001"]


@pytest.mark.server
def test_a_server_that_goes_in_the_middle_of_a_transaction_is_unreachable(own_postgresql: servers.PostgreSQL):
    with opened(own_postgresql.url()) as store:
        store.upgrade()

        def register_and_lose_the_server() -> None:
            with store.uow() as tx:
                case_work.registered(tx)
                own_postgresql.kill()

        with pytest.raises(StoreUnreachable):
            register_and_lose_the_server()
        own_postgresql.start()
        assert numbers(store) == []


@pytest.mark.server
def test_a_database_that_does_not_exist_is_said_in_one_line(postgresql: servers.PostgreSQL):
    with opened(postgresql.url("nowhere")) as store, pytest.raises(StoreUnusable, match="nowhere") as raised:
        store.upgrade()
    assert "\n" not in str(raised.value)


@pytest.mark.server
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_case_that_somebody_else_holds_is_busy(database_url: str):
    with opened(database_url) as store:
        store.upgrade()
        register(store)
        with store.uow() as somebody:
            cases.locked(somebody, "C-000001")
            with pytest.raises(StoreBusy), store.uow() as tx:
                cases.locked(tx, "C-000001")


@pytest.mark.server
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_only_reads_may_not_write(database_url: str):
    with opened(database_url) as store:
        store.upgrade()
        with pytest.raises(StoreReadOnly), store.reading() as tx:
            case_work.registered(tx)
