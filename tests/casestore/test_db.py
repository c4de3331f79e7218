"""The store itself: upgrades, transactions, locks, and who may read the file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from casestore import cases, contacts
from casestore.db import Store, StoreBusy
from casestore.tables import Base
from tests import case_work


def test_an_upgrade_makes_the_folder_and_a_file_that_only_its_owner_reads(tmp_path: Path):
    file = tmp_path / "var" / "svarklar.db"
    Store(f"sqlite:///{file}").upgrade()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_upgrade_changes_nothing_and_keeps_the_data(store: Store):
    with store.uow() as tx:
        contacts.add(tx, name="Maria Lind")
    store.upgrade()
    with store.uow() as tx:
        assert contacts.count(tx) == 1


def test_the_migrations_make_exactly_the_tables_that_the_code_expects(store: Store, database_url: str):
    with create_engine(database_url).connect() as connection:
        # What cases are found by is no table of rows, and each database has its own: test_case_search has it.
        options = {"include_name": lambda name, kind, parents: kind != "table" or "case_search" not in name}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_an_exception_in_the_block_takes_everything_back(store: Store):
    def register_and_fail() -> None:
        with store.uow() as tx:
            case_work.registered(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        register_and_fail()
    with store.uow() as tx:
        assert cases.open_cases(tx) == ()
        assert case_work.registered(tx).number == "C-000001"


def test_a_database_locked_by_somebody_else_is_reported_and_works_again_afterwards(tmp_path: Path):
    file = tmp_path / "svarklar.db"
    store = Store(f"sqlite:///{file}", busy_timeout_ms=50)
    store.upgrade()
    with closing(sqlite3.connect(file, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy), store.uow() as tx:
            case_work.registered(tx)
        with store.reading() as tx:
            assert cases.open_cases(tx) == ()
        somebody.execute("ROLLBACK")
    with store.uow() as tx:
        assert case_work.registered(tx).number == "C-000001"


def test_an_exclusively_locked_database_is_busy_from_the_first_connection(tmp_path: Path):
    file = tmp_path / "svarklar.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy):
            Store(f"sqlite:///{file}", busy_timeout_ms=50).upgrade()


def test_a_reader_never_sees_half_of_a_transaction(store: Store):
    with store.uow() as writing:
        contacts.add(writing, name="Maria Lind")
        with store.reading() as tx:
            assert contacts.count(tx) == 0


def test_a_database_in_memory_is_refused():
    with pytest.raises(ValueError, match="file"):
        Store("sqlite://")


def test_the_database_itself_refuses_to_change_history(store: Store):
    with store.uow() as tx:
        case_work.registered(tx)
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text("UPDATE facts SET body = 'x'"))
    with store.uow() as tx:
        assert case_work.kinds(tx, "C-000001") == ["registered"]
