"""The caller's own voice, kept beside the case as WAV (16-bit mono) for as long as a setting allows."""

import os
import re
import wave
from itertools import count
from pathlib import Path

import structlog

from casestore.case_fields import CASE_NUMBER

log = structlog.get_logger()

_FILE = re.compile(rf"({CASE_NUMBER.pattern})-([0-9]+)\.wav")
_DAY_S = 24 * 60 * 60


def save(folder: Path, case_number: str, sound: bytes, rate_hz: int) -> Path:
    """Write the PCM as the case's next recording, readable by its owner alone: `C-000001-1.wav`, `-2` ….

    ValueError for what is not a case number, OSError where the disk refuses.
    """
    if not CASE_NUMBER.fullmatch(case_number):
        raise ValueError(f"not a case number: {case_number[:40]!r}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, descriptor = _new_file(folder, case_number)
    with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as recording:
        recording.setparams((1, 2, rate_hz, 0, "NONE", ""))
        recording.writeframes(sound[: len(sound) // 2 * 2])
    return path


def find(folder: Path, case_number: str) -> Path | None:
    """The case's newest recording; None where there is none, or where this is no case number."""
    if not CASE_NUMBER.fullmatch(case_number):
        return None
    attempts = {int(match[2]): path for path, match in _recordings(folder) if match[1] == case_number}
    return attempts[max(attempts)] if attempts else None


def expire(folder: Path, days: int, now_s: float) -> int:
    """Delete what is older than `days` (0: everything), at `now_s` since the epoch; tells how many."""
    if days < 0:
        raise ValueError(f"days must not be negative: {days}")
    expired = [
        path for path, _ in _recordings(folder) if not days or path.stat().st_mtime < now_s - days * _DAY_S
    ]
    for path in expired:
        path.unlink()
    log.info("recordings_expired", files=len(expired), days=days)
    return len(expired)


def _new_file(folder: Path, case_number: str) -> tuple[Path, int]:
    """The first attempt that no file has, claimed by making it."""
    for attempt in count(1):
        path = folder / f"{case_number}-{attempt}.wav"
        try:
            return path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
    raise AssertionError("counting ended")


def _recordings(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    """Our own files only; none where there is no folder yet."""
    if not folder.is_dir():
        return []
    matches = ((path, _FILE.fullmatch(path.name)) for path in folder.iterdir())
    return [(path, match) for path, match in matches if match]
