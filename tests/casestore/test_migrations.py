"""A database of the version before comes to this one with its data unharmed."""

import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.exc import DatabaseError

import casestore
from casestore import calls, cases, contacts, fact_log, knowledge, recordings, users
from casestore.db import Store
from casework import case_facts
from casework.case import apply
from domain.case_history import Change
from domain.cases import Case, Setting
from tests import case_work

# What version 0001 itself has written: its demo's people, cases with history, calls, an article, a login.
DUMP = Path(__file__).with_name("version_0001.sql")

Rows = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture
def old_url(database_url: str, tmp_path: Path) -> str:
    """A database of version 0001 with its data."""
    written = tmp_path / "written.db"
    with closing(sqlite3.connect(written)) as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
    with create_engine(f"sqlite:///{written}").connect() as source:
        rows = _everything(source)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        _migrate(connection, "0001")
        _fill(connection, rows)
    engine.dispose()
    return database_url


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(casestore.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _everything(connection: Connection) -> Rows:
    tables = MetaData()
    tables.reflect(connection)
    return {
        table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
        for table in tables.sorted_tables
        if table.name != "alembic_version"
    }


def _fill(connection: Connection, rows: Rows) -> None:
    connection.execute(text("DELETE FROM counters"))  # the migration has put the first in
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if rows.get(table.name):
            connection.execute(table.insert(), rows[table.name])
        if connection.dialect.name == "postgresql" and "id" in table.c:
            after = f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"
            connection.execute(text(f"SELECT setval('{table.name}_id_seq', {after}, false)"))


def _columns_of(old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The new rows without the columns that the version before did not have."""
    return [{name: row[name] for name in old[0]} for row in new]


@pytest.fixture
def upgraded(old_url: str) -> Store:
    store = Store(old_url)
    store.upgrade()
    return store


def test_the_dump_is_a_whole_database_of_the_version_before(tmp_path: Path):
    file = tmp_path / "svarklar.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    with store.reading() as tx:
        assert contacts.count(tx) == 12
        assert fact_log.newest(tx) == 5  # lines of history
    store.close()


def test_every_row_is_there_afterwards_as_it_was(old_url: str):
    engine = create_engine(old_url)
    with engine.connect() as connection:
        before = _everything(connection)
    store = Store(old_url)
    store.upgrade()
    with engine.connect() as connection:
        after = _everything(connection)
    assert sum(map(len, before.values())) > 40
    moved = {"cases", "case_history", "calls"}  # read in the next tests
    assert {name: _columns_of(before[name], after[name]) for name in before.keys() - moved} == {
        name: before[name] for name in before.keys() - moved
    }
    assert len(after["cases"]) == len(after["case_texts"]) == len(before["cases"])
    assert len(after["facts"]) == len(before["case_history"])
    assert len(after["calls"]) == len(before["calls"])
    engine.dispose()
    store.close()


def test_what_the_version_before_has_written_reads_as_before(upgraded: Store):
    with upgraded.reading() as tx:
        case = cases.of_call(tx, "1763000010.4")
        assert case
        assert (case.title, case.priority) == ("Skrivaren på våning två skriver ingenting", 2)
        assert case.words[0].text == "skrivaren"
        assert [call.call_id for call in calls.recent(tx, 9)] == ["1763000200.8", "1763000010.4"]
        assert [call.case_number for call in calls.recent(tx, 9)] == ["", "C-000003"]
        assert [call.call_id for call in calls.unfinished(tx).calls] == ["1763000200.8"]
        assert [person.name for person in contacts.by_number(tx, "+4781549300")] == ["Ola Hansen"]
        assert [article.key for article in knowledge.articles(tx, "en")] == ["blank"]
        assert users.session(tx, "a" * 64, 1_763_000_000_000)
    upgraded.close()


def test_cases_are_numbered_on_and_facts_stay_guarded(upgraded: Store):
    with upgraded.uow() as tx:
        assert case_work.registered(tx).number == "C-000004"
    with pytest.raises(DatabaseError, match="append-only"), upgraded.uow() as tx:
        tx.execute(text("UPDATE facts SET body = 'x'"))
    upgraded.close()


def test_an_old_case_has_its_whole_history_and_who_set_what(upgraded: Store):
    with upgraded.reading() as tx:
        case = cases.get(tx, "C-000003")
        registered, edited, noted = case_work.history(tx, "C-000003")
    assert case
    assert (registered.kind, registered.actor, registered.at_ms) == ("registered", "ivr", 1_763_000_020_000)
    assert (edited.kind, edited.actor, edited.note) == ("imported", "anna", "edited")
    assert edited.changes == {"impact": Change("one", "several"), "priority": Change(3, 2)}
    assert (noted.note, noted.changes) == ("registered by another", {})
    assert (case.version, case.set_by["impact"]) == (3, Setting(2, 1_763_000_060_000, True))
    assert [said.text for said in case.said] == ["skrivaren på våning två skriver ingenting"]
    upgraded.close()


def test_the_facts_of_old_cases_make_the_very_cases(upgraded: Store):
    with upgraded.reading() as tx:
        for case in cases.page(tx):
            made = Case(number=case.number)
            for event in case_facts.events_of(fact_log.read(tx, 0, 100, subject=case.number)):
                made = apply(made, event)
            assert made == case
    upgraded.close()


def test_recordings_that_lay_in_the_folder_are_found_once_they_are_taken_in(upgraded: Store, tmp_path: Path):
    folder = tmp_path / "recordings"
    recordings.write(folder, "C-000003", b"\x01\x02" * 8000, 16_000, now_ms=1)
    with upgraded.uow() as tx:
        assert recordings.find(tx, folder, "C-000003") is None
        assert recordings.take_in(tx, folder) == 1
        assert recordings.find(tx, folder, "C-000003") == folder / "C-000003-1.wav"
    upgraded.close()


@pytest.mark.server
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_several_processes_may_upgrade_at_once(database_url: str):
    stores = [Store(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as processes:
        list(processes.map(Store.upgrade, stores))
    with stores[0].reading() as tx:
        assert fact_log.newest(tx) == 0
    for store in stores:
        store.close()
