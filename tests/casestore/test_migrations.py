"""A database of the version before comes to this one with its data unharmed."""

import json
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
from domain.cases import NewCase

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
        assert fact_log.newest(tx) == 0
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
    assert {name: _columns_of(before[name], after[name]) for name in before} == before
    assert {line["change_id"] for line in after["case_history"]} == {None}
    assert {name: len(rows) for name, rows in after.items() if name not in before} == {
        "audit": 0,
        "fact_texts": 0,
        "facts": 0,
        "positions": 0,
        "recordings": 0,
        "desks": 0,
        "desk_numbers": 0,
        "memberships": 0,
    }
    engine.dispose()
    store.close()


def test_what_the_version_before_has_written_reads_as_before(upgraded: Store):
    with upgraded.reading() as tx:
        case = cases.of_call(tx, "1763000010.4")
        assert case
        assert (case.title, case.priority) == ("Skrivaren på våning två skriver ingenting", 2)
        assert case.words[0].text == "skrivaren"
        assert [line.what for line in cases.history(tx, case.number)] == [
            "registered",
            "edited",
            "registered by another",
        ]
        assert [call.call_id for call in calls.recent(tx, 9)] == ["1763000200.8", "1763000010.4"]
        assert [call.call_id for call in calls.unfinished(tx).calls] == ["1763000200.8"]
        assert [person.name for person in contacts.by_number(tx, "+4781549300")] == ["Ola Hansen"]
        assert [article.key for article in knowledge.articles(tx, "en")] == ["blank"]
        assert users.session(tx, "a" * 64, 1_763_000_000_000)
    upgraded.close()


def test_cases_are_numbered_on_and_history_stays_guarded(upgraded: Store):
    with upgraded.uow() as tx:
        assert cases.register(tx, NewCase(title="New"), by="ivr", now_ms=1).number == "C-000004"
    for statement in ("UPDATE case_history SET what = 'x'", "DELETE FROM case_history"):
        with pytest.raises(DatabaseError, match="append-only"), upgraded.uow() as tx:
            tx.execute(text(statement))
    upgraded.close()


OLD_FACTS = {
    "CallAnswered": {"sip_call_id": "s", "number": "+46701740605", "name": "Maria Lind", "codec": "(g722)"},
    "CallerIdentified": {"match": "one", "number": "", "contact_id": 7, "contact_name": "Maria Lind"},
    "StatementHeard": {"text": "min skrivare", "confidence": 0.9, "words": [{"text": "skrivare"}]},
    "CaseRegistered": {
        "case": {
            "number": "C-000001",
            "title": "Skrivare",
            "because": {"service": ["skrivare"]},
            "priority": 2,
        },
        "open_cases": [{"number": "C-000002", "title": "Maria"}],
    },
    "SuggestionsFound": {"suggestions": [{"article": "p", "because": ["skrivare"]}], "similar": []},
    "QueueJoined": {"queue": "support", "position": 1, "number": "+46701740605", "name": ""},
    "CallEnded": {"cause": "Maria is no name here"},
    "StatementHeard ": "[7]",
    "StatementHeard  ": '{"text": "cut in the mid',
}


def test_what_is_personal_in_old_facts_moves_into_rows_of_its_own(database_url: str):
    engine = create_engine(database_url)
    bodies = {
        kind: f"{kind} {fields if isinstance(fields, str) else json.dumps(fields, ensure_ascii=False)}"
        for kind, fields in OLD_FACTS.items()
    }
    with engine.begin() as connection:
        _migrate(connection, "0002")
        facts = MetaData()
        facts.reflect(connection, only=["facts"])
        common = {"stream": "dialogue", "subject": "1.1", "at_ms": 1, "received_ms": 2, "node": "main"}
        connection.execute(
            facts.tables["facts"].insert(),
            [
                {"event_id": kind, "kind": kind.strip(), "body": body, **common}
                for kind, body in bodies.items()
            ],
        )
    engine.dispose()
    store = Store(database_url)
    store.upgrade()
    with store.reading() as tx:
        kept = {fact.event_id: fact for fact in fact_log.read(tx, 0, 100)}
    for kind, fields in OLD_FACTS.items():
        fact = kept[kind]
        if not fact.personal:
            assert fact.body == bodies[kind]
            continue
        body = json.loads(fact.body.partition(" ")[2])
        assert body | json.loads(fact.personal) == fields
        for trace in ("+46701740605", "Maria", "krivare"):
            assert trace not in fact.body
    assert {kind for kind, fact in kept.items() if fact.personal} == set(list(OLD_FACTS)[:6])
    assert json.loads(kept["CaseRegistered"].body.partition(" ")[2])["case"]["priority"] == 2
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text("UPDATE facts SET body = ''"))
    store.close()


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
