"""A database of the version before comes to this one with its data unharmed."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
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
from casework.changes import Changes
from casework.replay import compare_cases
from cti.call_store import CallStore
from cti.replay import replay
from domain.case_commands import Register
from domain.case_history import Change
from domain.cases import Case, NewCase, Setting
from tests import case_work

# What version 0001 itself has written: its demo's people, cases with history, calls, an article, a login.
DUMP = Path(__file__).with_name("version_0001.sql")

# What version 0002 has written: cases that were amended and continued, facts, calls with their cases.
NEWER_DUMP = DUMP.with_name("version_0002.sql")

Rows = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture
def old_url(database_url: str, tmp_path: Path) -> str:
    """A database of version 0001 with its data."""
    return _as_dumped(database_url, tmp_path, DUMP)


@pytest.fixture
def upgraded_0002(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A database of version 0002 with its data, upgraded."""
    store = Store(_as_dumped(database_url, tmp_path, NEWER_DUMP))
    store.upgrade()
    yield store
    store.close()


def _as_dumped(database_url: str, tmp_path: Path, dump: Path) -> str:
    written = tmp_path / "written.db"
    with closing(sqlite3.connect(written)) as database:
        database.executescript(dump.read_text(encoding="utf-8"))
    with create_engine(f"sqlite:///{written}").connect() as source:
        rows = _everything(source)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        _migrate(connection, dump.stem.removeprefix("version_"))
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
        if connection.dialect.name == "postgresql" and table.name == "facts":
            after = "(SELECT max(seq) + 1 FROM facts)"
            connection.execute(text(f"SELECT setval('facts_seq_seq', {after}, false)"))


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
        if fact.kind == "CaseStated":  # what the call was told is the case's own now
            assert fact.personal == ""
        elif fact.personal:
            body = json.loads(fact.body.partition(" ")[2])
            assert body | json.loads(fact.personal) == fields
        else:
            assert fact.body == bodies[kind]
        if kind != "CallEnded":
            assert not any(trace in fact.body for trace in ("+46701740605", "Maria", "krivare"))
    assert {kind for kind, fact in kept.items() if fact.personal} == {
        "CallAnswered", "CallerIdentified", "StatementHeard", "SuggestionsFound", "QueueJoined"
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text("UPDATE facts SET body = ''"))
    store.close()


def test_what_is_personal_in_old_history_lies_apart(upgraded: Store):
    with upgraded.reading() as tx:
        facts = fact_log.read(tx, 0, 100)
    assert [fact.kind for fact in facts if "krivaren" in fact.personal]
    assert not [fact.kind for fact in facts if "krivaren" in fact.body]
    upgraded.close()


class TestVersion0002:
    """Cases that lived for a while, calls that hold them whole, and facts."""

    def test_every_case_has_its_history_and_its_words(self, upgraded_0002: Store):
        with upgraded_0002.reading() as tx:
            case = cases.get(tx, "C-000001")
            history = case_work.history(tx, "C-000001")
        assert case
        assert [(said.text, len(said.words)) for said in case.said] == [
            ("skrivaren brinner", 2),
            ("nu luktar det också", 0),
        ]
        assert (case.title, case.version, case.status) == ("Skrivaren brinner", 5, "open")
        assert [entry.kind for entry in history] == ["registered", *["imported"] * 4]
        assert history[0].changes["title"].new == "skrivaren brinner"
        assert history[3].note == "Den som ringde ringde igen om det här ärendet från +46701740605"
        assert history[4].said == "nu luktar det också"
        assert history[1].event_id.startswith("imported/C-000001/")
        assert [history[0].event_id, history[4].event_id] == ["change-1", "change-4"]

    def test_what_nobody_said_is_no_title_any_more(self, upgraded_0002: Store):
        with upgraded_0002.reading() as tx:
            unsaid, chosen = cases.get(tx, "C-000002"), cases.get(tx, "C-000003")
        assert unsaid
        assert chosen
        assert (unsaid.title, chosen.title, chosen.service, chosen.status) == ("", "", "email", "resolved")

    def test_its_facts_make_the_very_cases(self, upgraded_0002: Store):
        assert compare_cases(upgraded_0002) == []

    def test_calls_hold_the_numbers_of_their_cases(self, upgraded_0002: Store):
        with upgraded_0002.reading() as tx:
            living, ended = calls.recent(tx, 9)
        assert (living.case_number, living.similar) == ("C-000002", ())
        assert (ended.case_number, ended.similar, ended.suggestions[0].article) == (
            "C-000001",
            ("C-000003",),
            "printer-fire",
        )

    def test_its_calls_can_be_made_anew_from_its_facts_and_are_the_same(
        self, upgraded_0002: Store, tmp_path: Path
    ):
        fresh = Store(f"sqlite:///{tmp_path / 'fresh.db'}")
        fresh.upgrade()
        report = replay(upgraded_0002, fresh)
        assert (report.calls, report.passed_over) == (2, 0)
        with fresh.reading() as tx:
            made = {call.call_id: call for call in calls.recent(tx, 9)}
        assert {call.case_number for call in made.values()} == {"C-000001", "C-000002"}
        assert made["1764000000.1"].marks["registered"] == 1_764_000_010_100
        fresh.close()

    def test_the_calls_that_live_go_on_with_their_cases(self, upgraded_0002: Store):
        recovered = CallStore(upgraded_0002, lambda: 1).recover([])
        assert [(call.call_id, call.case_number) for call in recovered.calls] == [
            ("1764000100.2", "C-000002")
        ]

    def test_a_change_that_waited_in_the_spool_and_was_written_is_not_written_again(
        self, upgraded_0002: Store
    ):
        new = NewCase(title="skrivaren brinner")
        register = Register(change_id="change-1", actor="ivr", at_ms=1, call_id="1764000000.1", new=new)
        with upgraded_0002.uow() as tx:
            changes = Changes(tx, 1)
            written = changes.finish(changes.carry_out_all("", (register,)))
        assert (written.case.number, written.events) == ("C-000001", ())


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
