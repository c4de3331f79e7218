"""Cases the database would not take wait in a file, and lose nothing."""

import json
import os
import stat

import pytest
from structlog.testing import capture_logs

from casestore.db import StoreBusy
from casework.port import CaseChange, Sound
from casework.spool import Spool
from domain.cases import CaseEdit
from domain.dialogue import SpokenWord

WORDS = (SpokenWord(text="skrivaren", start_s=0.2, end_s=0.7, confidence=0.97),)
FIRST = CaseChange(
    call_id="1",
    fields=CaseEdit(
        title="Skrivaren är trasig", words=WORDS, because={"service": ("skrivaren",)}, priority=2
    ),
    voice=Sound(b"\x01\x02", 8000),
)
SECOND = CaseChange(call_id="2", number="C-000002", fields=CaseEdit(description="more\nwords"), what="said")
THIRD = CaseChange(call_id="3", fields=CaseEdit(title="The mail is gone"))
# What the version before has written: no change_id, and every field by its name in plain JSON.
OLD_LINE = {
    "call_id": "7",
    "number": "",
    "fields": {
        "title": "Skrivaren är trasig",
        "language": "sv",
        "statement": "skrivaren är trasig",
        "words": [{"text": "skrivaren", "start_s": 0.2, "end_s": 0.7, "confidence": 0.97}],
        "impact": "one",
        "because": {"service": ["skrivaren"]},
        "contact_id": 4,
    },
    "what": "Den som ringde sa: skrivaren är trasig",
    "voice": {"sound": "AQI=", "rate_hz": 8000},
    "at_ms": 1_763_000_000_000,
}


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path / "var" / "unsaved-cases.jsonl")


def test_changes_come_back_as_they_were_and_in_their_order(spool):
    spool.add(FIRST, 10)
    spool.add(SECOND, 20)
    taken = []
    assert spool.drain(lambda change, at_ms: taken.append((change, at_ms))) == 2
    assert taken == [(FIRST, 10), (SECOND, 20)]
    assert len(spool) == 0


def test_what_cannot_be_kept_yet_waits_over_a_restart(spool, tmp_path):
    spool.add(FIRST, 10)
    spool.add(SECOND, 20)

    def busy(change: CaseChange, _: int) -> None:
        if change == SECOND:
            raise StoreBusy("locked")

    assert spool.drain(busy) == 1
    again = Spool(tmp_path / "var" / "unsaved-cases.jsonl")
    taken = []
    again.drain(lambda change, _: taken.append(change))
    assert taken == [SECOND]


def test_what_is_added_while_the_file_is_emptied_stays(spool):
    spool.add(FIRST, 10)
    spool.drain(lambda *_: spool.add(SECOND, 20))
    assert len(spool) == 1


def test_a_change_that_can_never_be_kept_is_put_aside_for_a_person(spool, tmp_path):
    spool.add(FIRST, 10)
    spool.add(SECOND, 20)

    def refuse_first(change: CaseChange, _: int) -> None:
        if change == FIRST:
            raise ValueError("there is no contact 7")

    assert spool.drain(refuse_first) == 1
    assert len(spool) == 0
    assert "Skrivaren" in (tmp_path / "var" / "unsaved-cases.rejected").read_text()


def test_a_line_cut_off_by_a_crash_costs_only_itself(spool, tmp_path):
    spool.add(FIRST, 10)
    file = tmp_path / "var" / "unsaved-cases.jsonl"
    file.write_bytes(file.read_bytes() + b'{"call_id": "3", "fie')
    spool.add(SECOND, 20)
    taken = []
    spool.drain(lambda change, _: taken.append(change))
    assert taken == [FIRST, SECOND]


def changes_of(spool: Spool) -> list[CaseChange]:
    """Everything, taken out."""
    taken: list[CaseChange] = []
    spool.drain(lambda change, _: taken.append(change))
    return taken


def test_a_line_of_the_version_before_is_read_and_has_the_same_id_each_time(spool, tmp_path):
    file = tmp_path / "var" / "unsaved-cases.jsonl"
    file.parent.mkdir()
    file.write_text(json.dumps(OLD_LINE) + "\n")

    def away(change: CaseChange, _: int) -> None:
        seen.append(change)
        raise StoreBusy("locked")

    seen: list[CaseChange] = []
    spool.drain(away)
    (change,) = changes_of(spool)
    assert seen == [change]
    assert change.change_id
    assert change.fields == CaseEdit(
        title="Skrivaren är trasig",
        language="sv",
        statement="skrivaren är trasig",
        words=WORDS,
        impact="one",
        because={"service": ("skrivaren",)},
        contact_id=4,
    )
    assert (change.call_id, change.what, change.voice) == ("7", OLD_LINE["what"], Sound(b"\x01\x02", 8000))


@pytest.mark.parametrize(
    "line",
    [
        {**OLD_LINE, "fields": {"impact": "huge"}},
        {**OLD_LINE, "fields": {"colour": "red"}},
        {**OLD_LINE, "fields": []},
        {**OLD_LINE, "voice": 7},
        {"call_id": "7"},
        ["no", "change"],
        "words",
    ],
)
def test_a_line_that_is_no_change_is_put_aside_and_said(spool, tmp_path, line):
    file = tmp_path / "var" / "unsaved-cases.jsonl"
    file.parent.mkdir()
    file.write_text(json.dumps(line) + "\n")
    spool.add(SECOND, 20)
    assert changes_of(spool) == [SECOND]
    assert json.loads((tmp_path / "var" / "unsaved-cases.rejected").read_text()) == line
    assert spool.state == "put aside in unsaved-cases.rejected: 1"


def test_the_log_does_not_say_what_the_caller_said(spool, tmp_path):
    file = tmp_path / "var" / "unsaved-cases.jsonl"
    spool.add(FIRST, 10)
    record = json.loads(file.read_text())
    record["fields"] |= {"title": ["my password", "is hemligt"]}
    file.write_text(json.dumps(record) + "\n")
    with capture_logs() as logs:
        assert changes_of(spool) == []
    assert [line["event"] for line in logs] == ["unsaved_case_rejected"]
    assert "hemligt" not in str(logs)
    assert "title" in str(logs)


def test_a_change_that_fails_for_no_known_reason_holds_up_no_other(spool):
    for change in (FIRST, SECOND, THIRD):
        spool.add(change, 10)

    def fail_for_second(change: CaseChange, _: int) -> None:
        if change == SECOND:
            raise RuntimeError("a bug")

    assert spool.drain(fail_for_second) == 2
    assert spool.state == "changes of cases that wait for the database: 1"
    assert changes_of(spool) == [SECOND]
    assert spool.state == "ok"


def test_while_the_database_is_away_only_the_first_change_is_tried(spool):
    spool.add(FIRST, 10)
    spool.add(SECOND, 20)
    tried = []

    def away(change: CaseChange, _: int) -> None:
        tried.append(change)
        raise StoreBusy("locked")

    assert spool.drain(away) == 0
    assert tried == [FIRST]
    assert spool.state == "changes of cases that wait for the database: 2"


@pytest.fixture
def full_disk():
    """A disk that takes five bytes more and says then that it is full; what was written is really there."""
    write, patch = os.write, pytest.MonkeyPatch()
    left = iter([5])

    def full(file: int, data: bytes) -> int:
        size = next(left, 0)
        if not size:
            raise OSError(28, "No space left on device")
        return write(file, data[:size])

    patch.setattr(os, "write", full)
    yield patch
    patch.undo()


def test_what_a_full_disk_does_not_take_waits_in_memory_and_is_written_later(spool, tmp_path, full_disk):
    spool.add(FIRST, 10)
    spool.add(SECOND, 20)
    waiting = "changes of cases that wait for the database: 2"
    assert spool.state == f"{waiting}, in memory only: 2"
    full_disk.undo()

    def away(*_: object) -> None:
        raise StoreBusy("locked")

    spool.drain(away)
    assert spool.state == waiting
    assert changes_of(Spool(tmp_path / "var" / "unsaved-cases.jsonl")) == [FIRST, SECOND]


def test_a_full_disk_leaves_no_half_line_and_the_database_may_take_what_is_in_memory(
    spool, tmp_path, full_disk
):
    spool.add(FIRST, 10)
    assert (tmp_path / "var" / "unsaved-cases.jsonl").read_bytes() == b""
    assert changes_of(spool) == [FIRST]
    assert len(spool) == 0
    assert spool.state == "ok"


def test_the_file_is_for_its_owner_alone(spool, tmp_path):
    spool.add(FIRST, 10)
    assert stat.S_IMODE((tmp_path / "var" / "unsaved-cases.jsonl").stat().st_mode) == 0o600
