"""What the database would not take waits in a file of its own, and loses nothing."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from casestore.db import StoreBusy
from casestore.outbox import Entry, OutboxFile
from casework.outbox import Outbox
from casework.port import CaseUnit, Sound
from domain.case_commands import Classify, Hear, Note, Register, Undo
from domain.case_events import CaseNoted
from domain.cases import NewCase, Said
from domain.dialogue import SpokenWord

WORDS = (SpokenWord(text="skrivaren", start_s=0.2, end_s=0.7, confidence=0.97),)
SAID = Said(statement_id="s1", text="skrivaren är trasig", at_ms=1, words=WORDS)
FIRST = CaseUnit(
    commands=(
        Register(
            actor="ivr",
            at_ms=10,
            call_id="1",
            new=NewCase(title="Skrivaren är trasig", said=(SAID,), because={"service": ("skrivaren",)}),
        ),
    ),
    voice=Sound(b"\x01\x02", 8000),
)
SECOND = CaseUnit(
    number="C-000002",
    commands=(
        Hear(actor="ivr", at_ms=20, yields=True, said=SAID),
        Classify(actor="ivr", at_ms=20, yields=True, impact="several"),
    ),
)
THIRD = CaseUnit(number="C-000003", commands=(Note(actor="ivr", at_ms=30, note_id="ivr/1", text="x"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Outbox:
    return Outbox(path)


def all_of(outbox: Outbox) -> list[CaseUnit]:
    """Everything, taken out."""
    taken: list[CaseUnit] = []
    outbox.drain(taken.append)
    return taken


def away(_: CaseUnit) -> None:
    raise StoreBusy("locked")


def test_units_come_back_as_they_were_and_in_their_order(outbox: Outbox) -> None:
    for unit in (FIRST, SECOND, THIRD):
        outbox.add(unit, 10)
    assert all_of(outbox) == [FIRST, SECOND, THIRD]
    assert (all_of(outbox), outbox.state, outbox.is_empty) == ([], "ok", True)


def test_what_cannot_be_kept_yet_waits_over_a_restart(outbox: Outbox, path: Path) -> None:
    outbox.add(FIRST, 10)
    outbox.add(SECOND, 20)
    assert outbox.drain(away) == 0
    assert outbox.state == "changes of cases that wait for the database: 2"
    outbox.close()
    assert all_of(Outbox(path)) == [FIRST, SECOND]


def test_a_unit_that_comes_twice_is_there_once(outbox: Outbox) -> None:
    outbox.add(FIRST, 10)
    outbox.add(FIRST, 20)
    assert all_of(outbox) == [FIRST]


def test_while_the_database_is_away_only_the_first_is_tried(outbox: Outbox) -> None:
    tried: list[CaseUnit] = []
    outbox.add(FIRST, 10)
    outbox.add(SECOND, 20)
    outbox.drain(lambda unit: (tried.append(unit), away(unit))[0])
    assert tried == [FIRST]


def test_what_is_added_while_the_file_is_emptied_is_taken_too_or_stays(outbox: Outbox) -> None:
    outbox.add(FIRST, 10)
    taken: list[CaseUnit] = []

    def keep(unit: CaseUnit) -> None:
        taken.append(unit)
        outbox.add(SECOND, 20)

    outbox.drain(keep)
    assert [*taken, *all_of(outbox)] == [FIRST, SECOND]


def test_what_can_never_be_kept_stays_visible_with_its_reason(outbox: Outbox, path: Path) -> None:
    outbox.add(FIRST, 10)
    outbox.add(SECOND, 20)

    def refuse_first(unit: CaseUnit) -> None:
        if unit == FIRST:
            raise LookupError("there is no case 'C-000404'")

    assert outbox.drain(refuse_first) == 1
    assert (outbox.state, outbox.is_empty) == ("refused for good, see outbox.db: 1", True)
    outbox.close()
    refused = OutboxFile(path).refused()
    assert refused
    assert "C-000404" in refused[1].refused
    assert all_of(Outbox(path)) == []


def test_what_fails_for_no_known_reason_holds_up_no_other(outbox: Outbox) -> None:
    for unit in (FIRST, SECOND, THIRD):
        outbox.add(unit, 10)

    def fail_for_second(unit: CaseUnit) -> None:
        if unit == SECOND:
            raise RuntimeError("a bug")

    assert outbox.drain(fail_for_second) == 2
    assert outbox.state == "changes of cases that wait for the database: 1"
    assert all_of(outbox) == [SECOND]


@pytest.mark.parametrize("body", ["", "[]", '{"number": "", "commands": [["Hear", {"said": "my pin"}]]}'])
def test_an_entry_that_is_no_unit_is_refused_without_its_words_in_the_log(
    outbox: Outbox, path: Path, body: str
) -> None:
    outbox.add_entry(Entry(change_id="x", at_ms=1, body=body))
    outbox.add(SECOND, 20)
    with capture_logs() as logs:
        assert all_of(outbox) == [SECOND]
    assert [line["event"] for line in logs] == ["unsaved_case_refused"]
    assert "my pin" not in str(logs)


def test_a_file_that_was_cut_is_put_aside_and_what_can_be_read_of_it_is_kept(path: Path) -> None:
    outbox = Outbox(path)
    for number in range(200):
        outbox.add(CaseUnit(change_id=f"u{number}", number=f"C-{number:06d}", commands=SECOND.commands), 1)
    outbox.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(path, path.stat().st_size // 2)
    again = Outbox(path)
    with capture_logs() as logs:
        again.add(FIRST, 10)
    (said,) = (line for line in logs if line["event"] == "outbox_was_damaged")
    assert path.with_suffix(".damaged1").exists()
    taken = all_of(again)
    assert taken[-1] == FIRST
    assert len(taken) == said["entries_saved"] + 1


def test_a_file_that_is_no_database_is_put_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary, " * 500)
    outbox = Outbox(path)
    outbox.add(FIRST, 10)
    assert all_of(outbox) == [FIRST]
    assert path.with_suffix(".damaged1").read_text().startswith("Dear diary")


def test_what_the_disk_does_not_take_waits_in_memory_and_is_written_later(outbox: Outbox, path: Path) -> None:
    path.mkdir(parents=True)
    outbox.add(FIRST, 10)
    outbox.add(SECOND, 20)
    waiting = "changes of cases that wait for the database: 2"
    assert outbox.state == f"{waiting}, in memory only: 2"
    path.rmdir()
    outbox.drain(away)
    assert outbox.state == waiting
    outbox.close()
    assert all_of(Outbox(path)) == [FIRST, SECOND]


def test_the_file_is_for_its_owner_alone(outbox: Outbox, path: Path) -> None:
    outbox.add(FIRST, 10)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_what_somebody_waits_for_is_nothing_for_the_outbox(outbox: Outbox) -> None:
    undone = CaseNoted(at_ms=1, case_number="C-000001", version=2, actor="anna", note_id="anna/1")
    with pytest.raises(ValueError, match="cannot wait"):
        outbox.add(CaseUnit(commands=(Undo(actor="anna", at_ms=2, undone=undone),)), 1)
