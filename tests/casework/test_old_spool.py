"""What the version before could not write is taken over once."""

import json
from pathlib import Path
from typing import Any

import pytest

from casestore.outbox import OutboxFile
from casework import old_spool
from casework.outbox import Outbox
from casework.port import CaseUnit, Sound
from domain.case_commands import Classify, Hear, Link, Note, Register
from domain.dialogue import SpokenWord

# What the version before has written, word for word.
OLD_LINE: dict[str, Any] = {
    "call_id": "7",
    "number": "",
    "fields": {
        "title": "Skrivaren är trasig",
        "description": "god morgon\nskrivaren är trasig",
        "language": "sv",
        "statement": "skrivaren är trasig",
        "words": [{"text": "skrivaren", "start_s": 0.2, "end_s": 0.7, "confidence": 0.97}],
        "impact": "one",
        "urgency": "hindered",
        "priority": 4,
        "because": {"service": ["skrivaren"]},
        "contact_id": 4,
        "call_id": "7",
    },
    "what": "Den som ringde sa: skrivaren är trasig",
    "voice": {"sound": "AQI=", "rate_hz": 8000},
    "at_ms": 1_763_000_000_000,
}
AGAIN = {
    "change_id": "abc",
    "call_id": "8",
    "number": "C-000002",
    "fields": {},
    "what": "Den som ringde ringde igen om det här ärendet från +4670",
    "voice": None,
    "at_ms": 1_763_000_000_001,
}
AMENDED = {**OLD_LINE, "number": "C-000002", "change_id": "def"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "unsaved-cases.jsonl"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


def units(outbox: Outbox) -> list[CaseUnit]:
    taken: list[CaseUnit] = []
    outbox.drain(taken.append)
    return taken


def test_a_case_that_was_to_be_registered_is_with_all_its_words(file: Path, outbox: Outbox) -> None:
    file.write_text(json.dumps(OLD_LINE) + "\n")
    assert old_spool.take_in(file, outbox) == 1
    assert not file.exists()
    (unit,) = units(outbox)
    (command,) = unit.commands
    assert isinstance(command, Register)
    assert (command.call_id, command.at_ms, command.yields) == ("7", 1_763_000_000_000, True)
    assert (command.new.title, command.new.contact_id) == ("Skrivaren är trasig", 4)
    assert [said.text for said in command.new.said] == ["god morgon", "skrivaren är trasig"]
    word = SpokenWord(text="skrivaren", start_s=0.2, end_s=0.7, confidence=0.97)
    assert command.new.said[-1].words == (word,)
    assert (unit.voice, command.new.because) == (Sound(b"\x01\x02", 8000), {"service": ("skrivaren",)})


def test_what_was_to_be_added_is_added_and_its_sentence_kept(file: Path, outbox: Outbox) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in (AMENDED, AGAIN)))
    old_spool.take_in(file, outbox)
    amended, again = units(outbox)
    assert [type(command) for command in amended.commands][:4] == [Link, Hear, Hear, Classify]
    link, note = again.commands
    assert isinstance(link, Link)
    assert isinstance(note, Note)
    assert (again.number, again.change_id, link.call_id) == ("C-000002", "abc", "8")
    assert note.text == AGAIN["what"]


def test_a_line_that_was_taken_before_a_crash_is_the_same_one(file: Path, outbox: Outbox) -> None:
    for _ in range(2):
        file.write_text(json.dumps(OLD_LINE) + "\n")
        old_spool.take_in(file, outbox)
    assert len(units(outbox)) == 1


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({**OLD_LINE, "fields": {"impact": "huge", "title": "x"}}),
        json.dumps({**OLD_LINE, "fields": {"colour": "red"}}),
        json.dumps({**OLD_LINE, "fields": []}),
        json.dumps({**OLD_LINE, "voice": 7}),
        '["no", "change"]',
        '"words"',
        '{"call_id": "3", "fie',
    ],
)
def test_a_line_that_is_no_change_or_was_cut_costs_itself_only_and_stays_visible(
    file: Path, outbox: Outbox, line: str
) -> None:
    file.write_text(f"{line}\n{json.dumps(AGAIN)}\n")
    old_spool.take_in(file, outbox)
    assert [unit.change_id for unit in units(outbox)] == ["abc"]
    refused = OutboxFile(file.with_name("outbox.db")).refused()
    assert refused
    assert refused[1].body == line


def test_what_the_version_before_had_put_aside_stays_put_aside(file: Path, outbox: Outbox) -> None:
    file.with_suffix(".rejected").write_text(json.dumps(AGAIN) + "\n")
    old_spool.take_in(file, outbox)
    assert units(outbox) == []
    assert OutboxFile(file.with_name("outbox.db")).count() == (0, 1)
