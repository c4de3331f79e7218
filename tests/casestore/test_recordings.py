"""Recordings of what callers say: a file, and the row that finds it."""

import os
import wave
from pathlib import Path

import pytest
from plans import plan
from structlog.testing import capture_logs

from casestore import fact_log, recordings
from casestore.db import Store
from casestore.recordings import Recording
from domain.facts import Fact
from tests import case_work

DAY_MS = 86_400_000
NOW_MS = 1_763_000_000_000


def keep(
    store: Store, folder: Path, number: str, sound: bytes = b"", rate_hz: int = 8_000, at_ms: int = NOW_MS
) -> Path:
    """The file of a new recording, written at this time by its row and by its own clock."""
    recording = recordings.write(folder, number, sound, rate_hz, now_ms=at_ms)
    with store.uow() as tx:
        recordings.add(tx, recording)
    set_clock(folder / recording.file, at_ms)
    return folder / recording.file


def set_clock(path: Path, at_ms: int) -> None:
    os.utime(path, ns=(at_ms * 1_000_000,) * 2)


def find(store: Store, folder: Path, number: str) -> Path | None:
    with store.reading() as tx:
        return recordings.find(tx, folder, number)


def take_in(store: Store, folder: Path) -> int:
    with store.uow() as tx:
        return recordings.take_in(tx, folder)


def expire(store: Store, folder: Path, days: int, now_ms: int = NOW_MS, **options: int) -> int:
    with store.uow() as tx:
        return recordings.expire(tx, folder, days, now_ms, **options)


def test_a_recording_is_a_wav_that_only_its_owner_reads(tmp_path: Path):
    folder = tmp_path / "recordings"
    written = recordings.write(folder, "C-000001", b"\x01\x02" * 800, 16_000, now_ms=NOW_MS)
    assert written == Recording(
        case_number="C-000001", attempt=1, file="C-000001-1.wav", rate_hz=16_000, length_ms=50, at_ms=NOW_MS
    )
    path = folder / written.file
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
        assert sound.readframes(9_999) == b"\x01\x02" * 800


def test_a_second_attempt_is_kept_beside_the_first_and_found(store: Store, tmp_path: Path):
    for attempt in range(1, 12):
        newest = keep(store, tmp_path, "C-000001")
        assert newest.name == f"C-000001-{attempt}.wav"
    keep(store, tmp_path, "C-000002")
    assert find(store, tmp_path, "C-000001") == newest


def test_where_the_newest_file_has_gone_the_one_before_is_found(store: Store, tmp_path: Path):
    first, second = keep(store, tmp_path, "C-000001"), keep(store, tmp_path, "C-000001")
    second.unlink()
    assert find(store, tmp_path, "C-000001") == first


def test_half_a_sample_at_the_end_is_left_out(tmp_path: Path):
    written = recordings.write(tmp_path, "C-000001", b"abc", 8_000, now_ms=NOW_MS)
    with wave.open(str(tmp_path / written.file)) as sound:
        assert sound.getnframes() == 1


@pytest.mark.parametrize(
    "number", ["../C-000001", "C-000001/../x", "", "C-1", "C-000001\n", "/etc/passwd", "\x00"]
)
def test_what_is_no_case_number_reaches_no_file(store: Store, tmp_path: Path, number: str):
    folder = tmp_path / "recordings"
    folder.mkdir()
    with pytest.raises(ValueError, match="case number"):
        recordings.write(folder, number, b"", 8_000, now_ms=NOW_MS)
    assert find(store, folder, number) is None
    assert list(folder.iterdir()) == []


def test_there_is_no_recording_where_there_is_no_folder(store: Store, tmp_path: Path):
    nowhere = tmp_path / "none"
    assert find(store, nowhere, "C-000001") is None
    assert take_in(store, nowhere) == 0
    assert expire(store, nowhere, 30) == 0


def test_one_among_many_is_found_by_the_index(store: Store):
    many = [
        Recording(
            case_number=f"C-{number:06d}",
            attempt=1,
            file=f"C-{number:06d}-1.wav",
            rate_hz=8_000,
            length_ms=0,
            at_ms=number,
        )
        for number in range(2000)
    ]
    with store.uow() as tx:
        for recording in many:
            recordings.add(tx, recording)
    with store.uow() as tx:
        look = plan(tx, lambda: recordings.find(tx, Path("none"), "C-000007"))
    assert "SEARCH recordings USING INDEX" in look or "uq_recordings_case_number_attempt" in look


def test_files_of_a_version_without_rows_are_taken_in_once(store: Store, tmp_path: Path):
    for number in ("C-000001", "C-000001", "C-000002"):
        written = recordings.write(tmp_path, number, b"\x01\x02" * 800, 8_000, now_ms=NOW_MS)
        set_clock(tmp_path / written.file, NOW_MS - DAY_MS)
    kept = keep(store, tmp_path, "C-000003")
    assert find(store, tmp_path, "C-000001") is None
    assert take_in(store, tmp_path) == 3
    assert take_in(store, tmp_path) == 0
    assert find(store, tmp_path, "C-000001") == tmp_path / "C-000001-2.wav"
    assert find(store, tmp_path, "C-000002") == tmp_path / "C-000002-1.wav"
    assert find(store, tmp_path, "C-000003") == kept


def test_a_broken_file_is_said_taken_in_like_the_others_and_found(store: Store, tmp_path: Path):
    (tmp_path / "C-000001-1.wav").write_bytes(b"")
    (tmp_path / "C-000002-1.wav").write_bytes(b"RIFF, as far as it goes")
    whole = tmp_path / recordings.write(tmp_path, "C-000003", b"", 8_000, now_ms=NOW_MS).file
    with capture_logs() as logs:
        assert take_in(store, tmp_path) == 3
    said = sorted(line["file"] for line in logs if line["event"] == "recording_unreadable")
    assert said == ["C-000001-1.wav", "C-000002-1.wav"]
    assert find(store, tmp_path, "C-000003") == whole
    assert find(store, tmp_path, "C-000001") == tmp_path / "C-000001-1.wav"


@pytest.mark.parametrize("name", ["notes.txt", "C-000001-01.wav", "C-000001-0.wav", "C-000001-1.wav.part"])
def test_files_that_are_not_ours_are_left_alone(store: Store, tmp_path: Path, name: str):
    folder = tmp_path / "recordings"
    keep(store, folder, "C-000001")
    other = folder / name
    other.touch()
    set_clock(other, 0)
    assert take_in(store, folder) == 0
    assert expire(store, folder, 0) == 1
    assert list(folder.iterdir()) == [other]


def test_a_recording_taken_in_half_written_is_put_right(store: Store, tmp_path: Path):
    written = recordings.write(tmp_path, "C-000001", b"\x01\x02" * 8000, 8_000, now_ms=NOW_MS)
    assert take_in(store, tmp_path) == 1
    with store.uow() as tx:
        recordings.add(tx, written)
    assert find(store, tmp_path, "C-000001") == tmp_path / written.file
    assert take_in(store, tmp_path) == 0


def test_old_recordings_expire_and_young_ones_stay(store: Store, tmp_path: Path):
    old = keep(store, tmp_path, "C-000001", at_ms=NOW_MS - 31 * DAY_MS)
    young = keep(store, tmp_path, "C-000002", at_ms=NOW_MS - 29 * DAY_MS)
    keep(store, tmp_path, "C-000003")
    assert expire(store, tmp_path, 30) == 1
    assert not old.exists()
    assert find(store, tmp_path, "C-000001") is None
    assert find(store, tmp_path, "C-000002") == young


def test_zero_days_keep_nothing(store: Store, tmp_path: Path):
    keep(store, tmp_path, "C-000001")
    assert expire(store, tmp_path, 0) == 1
    assert find(store, tmp_path, "C-000001") is None


def test_expiry_goes_in_batches_the_oldest_first(store: Store, tmp_path: Path):
    files = [keep(store, tmp_path, f"C-{n:06d}", at_ms=NOW_MS - (50 - n) * DAY_MS) for n in range(1, 6)]
    keep(store, tmp_path, "C-000099")
    assert expire(store, tmp_path, 30, limit=3) == 3
    assert [path.exists() for path in files] == [False, False, False, True, True]
    assert expire(store, tmp_path, 30, limit=3) == 2
    assert expire(store, tmp_path, 30, limit=3) == 0


@pytest.mark.parametrize(("row_days", "file_days"), [(90, 1), (1, 90)])
def test_what_only_one_of_two_clocks_calls_old_stays(
    store: Store, tmp_path: Path, row_days: int, file_days: int
):
    path = keep(store, tmp_path, "C-000001", at_ms=NOW_MS - row_days * DAY_MS)
    set_clock(path, NOW_MS - file_days * DAY_MS)
    keep(store, tmp_path, "C-000002")
    assert expire(store, tmp_path, 30, limit=1) == 0
    assert find(store, tmp_path, "C-000001") == path


def test_a_row_whose_file_has_gone_goes_too(store: Store, tmp_path: Path):
    keep(store, tmp_path, "C-000001", at_ms=NOW_MS - 31 * DAY_MS).unlink()
    keep(store, tmp_path, "C-000002")
    assert expire(store, tmp_path, 30) == 1
    assert expire(store, tmp_path, 30) == 0


def test_a_clock_that_has_jumped_ahead_deletes_nothing_and_is_said(store: Store, tmp_path: Path):
    path = keep(store, tmp_path, "C-000001")
    with capture_logs() as logs:
        assert expire(store, tmp_path, 30, NOW_MS + 40 * DAY_MS) == 0
    assert path.exists()
    (said,) = (line for line in logs if line["event"] == "nothing_expired")
    assert (said["log_level"], said["newest_ms"]) == ("warning", NOW_MS)


def test_a_case_of_today_vouches_for_the_clock(store: Store, tmp_path: Path):
    old = keep(store, tmp_path, "C-000001", at_ms=NOW_MS - 31 * DAY_MS)
    assert expire(store, tmp_path, 30) == 0
    with store.uow() as tx:
        case_work.registered(tx, at_ms=NOW_MS - DAY_MS)
    assert expire(store, tmp_path, 30) == 1
    assert not old.exists()


def test_a_fact_of_today_vouches_for_the_clock(store: Store, tmp_path: Path):
    keep(store, tmp_path, "C-000001", at_ms=NOW_MS - 31 * DAY_MS)
    of_today = Fact(
        event_id="e1",
        stream="agents",
        kind="AgentReady",
        subject="anna",
        at_ms=NOW_MS,
        received_ms=NOW_MS,
        node="pbx",
        body="{}",
    )
    with store.uow() as tx:
        fact_log.append(tx, [of_today])
    assert expire(store, tmp_path, 30) == 1


def test_days_are_not_negative(store: Store, tmp_path: Path):
    with pytest.raises(ValueError, match="negative"):
        expire(store, tmp_path, -1)
