"""Cases the database would not take wait in a file, and lose nothing."""

import stat

import pytest

from casework.port import CaseChange, Sound
from casework.spool import Spool

FIRST = CaseChange(call_id="1", fields={"title": "Skrivaren är trasig"}, voice=Sound(b"\x01\x02", 8000))
SECOND = CaseChange(call_id="2", number="C-000002", fields={"description": "more\nwords"}, what="said")


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
            raise TimeoutError

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


def test_the_file_is_for_its_owner_alone(spool, tmp_path):
    spool.add(FIRST, 10)
    assert stat.S_IMODE((tmp_path / "var" / "unsaved-cases.jsonl").stat().st_mode) == 0o600
