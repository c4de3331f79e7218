"""Recordings of what callers say."""

import os
import wave
from pathlib import Path

import pytest

from casestore import recordings

DAY_S = 86_400


def test_a_recording_is_a_wav_that_only_its_owner_reads(tmp_path: Path):
    path = recordings.save(tmp_path / "recordings", "C-000001", b"\x01\x02" * 800, 16_000)
    assert path.name == "C-000001-1.wav"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
        assert sound.readframes(9_999) == b"\x01\x02" * 800


def test_a_second_attempt_is_kept_beside_the_first_and_found(tmp_path: Path):
    for attempt in range(1, 12):
        newest = recordings.save(tmp_path, "C-000001", b"", 8_000)
        assert newest.name == f"C-000001-{attempt}.wav"
    recordings.save(tmp_path, "C-000002", b"", 8_000)
    assert recordings.find(tmp_path, "C-000001") == newest


def test_half_a_sample_at_the_end_is_left_out(tmp_path: Path):
    with wave.open(str(recordings.save(tmp_path, "C-000001", b"abc", 8_000))) as sound:
        assert sound.getnframes() == 1


@pytest.mark.parametrize(
    "number", ["../C-000001", "C-000001/../x", "", "C-1", "C-000001\n", "/etc/passwd", "\x00"]
)
def test_what_is_no_case_number_reaches_no_file(tmp_path: Path, number: str):
    with pytest.raises(ValueError, match="case number"):
        recordings.save(tmp_path, number, b"", 8_000)
    assert recordings.find(tmp_path, number) is None
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_recording_where_there_is_no_folder(tmp_path: Path):
    assert recordings.find(tmp_path / "none", "C-000001") is None
    assert recordings.expire(tmp_path / "none", 30, now_s=0) == 0


def test_old_recordings_expire_and_other_files_stay(tmp_path: Path):
    now_s = 100 * DAY_S
    old, young = (recordings.save(tmp_path, f"C-00000{n}", b"", 8_000) for n in (1, 2))
    other = tmp_path / "notes.txt"
    other.touch()
    for path, days in ((old, 31), (young, 29), (other, 99)):
        os.utime(path, (now_s - days * DAY_S,) * 2)
    assert recordings.expire(tmp_path, 30, now_s) == 1
    assert sorted(tmp_path.iterdir()) == sorted([young, other])


def test_zero_days_keep_nothing(tmp_path: Path):
    recordings.save(tmp_path, "C-000001", b"", 8_000)
    assert recordings.expire(tmp_path, 0, now_s=0) == 1
    assert recordings.find(tmp_path, "C-000001") is None
