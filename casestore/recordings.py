"""The caller's own voice, kept beside the case as WAV (16-bit mono) for as long as a setting allows.

A recording is a file in the folder and a row that finds it among a hundred thousand. The file comes first and
goes first: what a crash leaves between the two, `take_in` and `expire` set right.
"""

import itertools
import os
import re
import wave
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from sqlalchemy import delete, func, select, tuple_

from casestore.clock_check import is_ahead_of_the_store
from casestore.db import Transaction
from casestore.tables import RecordingRow
from casestore.upsert import insert_into
from domain.cases import CASE_NUMBER

log = structlog.get_logger()

_FILE = re.compile(rf"({CASE_NUMBER.pattern})-([1-9][0-9]{{0,8}})\.wav")
_DAY_MS = 24 * 60 * 60 * 1000
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A file in the folder of recordings; rate and length are 0 where its header cannot be read.

    `change_id` is that of the change of the case which brought it; None where nobody knows.
    """

    case_number: str
    attempt: int
    file: str
    rate_hz: int
    length_ms: int
    at_ms: int
    change_id: str | None = None


def write(
    folder: Path, case_number: str, sound: bytes, rate_hz: int, *, now_ms: int, change_id: str | None = None
) -> Recording:
    """Write the PCM as the case's next recording, readable by its owner alone: `C-000001-1.wav`, `-2` ….

    `add` it to the store afterwards. The number must be committed by then: a file that bears one which is
    given out again would be somebody else's. ValueError for what is no case number, OSError from the disk.
    """
    if not CASE_NUMBER.fullmatch(case_number):
        raise ValueError(f"not a case number: {case_number[:40]!r}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    attempt, path, descriptor = _new_file(folder, case_number)
    # A connection that broke may have ended in the middle of a sample.
    samples = len(sound) // 2
    with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as recording:
        recording.setparams((1, 2, rate_hz, 0, "NONE", ""))
        recording.writeframes(sound[: samples * 2])
    return Recording(
        case_number=case_number,
        attempt=attempt,
        file=path.name,
        rate_hz=rate_hz,
        length_ms=samples * 1000 // rate_hz,
        at_ms=now_ms,
        change_id=change_id,
    )


def has_change(tx: Transaction, change_id: str) -> bool:
    """Whether the recording that this change brought is kept already."""
    return tx.scalar(select(RecordingRow.id).where(RecordingRow.change_id == change_id)) is not None


def add(tx: Transaction, recording: Recording) -> None:
    """From here on the recording is found; one that was taken in half written is put right."""
    new = insert_into(tx, RecordingRow).values(**asdict(recording))
    tx.execute(new.on_conflict_do_update(index_elements=["file"], set_=asdict(recording)))


def find(tx: Transaction, folder: Path, case_number: str) -> Path | None:
    """The case's newest recording whose file is there; None where there is none, or for no case number."""
    newest_first = select(RecordingRow.file).order_by(RecordingRow.attempt.desc())
    # All of them, for the newest file may have been taken away by hand.
    files = tx.scalars(newest_first.where(RecordingRow.case_number == case_number))
    return next((folder / file for file in files if (folder / file).is_file()), None)


def count(tx: Transaction, case_numbers: Collection[str]) -> int:
    """How many recordings these cases have."""
    own = RecordingRow.case_number.in_(case_numbers)
    return tx.scalar(select(func.count()).select_from(RecordingRow).where(own)) or 0


def remove(tx: Transaction, folder: Path, case_number: str) -> int:
    """Delete every recording of a case, with a row or without; how many. Raises OSError."""
    own = RecordingRow.case_number == case_number
    files = set(tx.scalars(select(RecordingRow.file).where(own)))
    files |= {path.name for path in folder.glob(f"{case_number}-*.wav")}
    for file in files:
        # The file before its row, as in `expire`.
        (folder / file).unlink(missing_ok=True)
    tx.execute(delete(RecordingRow).where(own))
    return len(files)


def take_in(tx: Transaction, folder: Path) -> int:
    """Make every file findable that no row knows: of versions that had no rows, of a crash. How many."""
    known = set(tx.scalars(select(RecordingRow.file)))
    found = [_read(folder / name, match) for name, match in _ours(folder) if name not in known]
    if found:
        new = insert_into(tx, RecordingRow).on_conflict_do_nothing()
        tx.execute(new, [asdict(recording) for recording in found])
        log.info("recordings_taken_in", files=len(found))
    return len(found)


def expire(tx: Transaction, folder: Path, days: int, now_ms: int, *, limit: int = 1000) -> int:
    """Delete what is older than `days` (0: everything), the oldest first, `limit` at most; tells how many.

    Fewer than `limit`: there are no more. A file goes only where its row and its own clock both say so, and
    none while `now_ms` is more than a day ahead of the newest thing in the store: a clock that jumps must not
    delete everybody's voice.
    """
    if days < 0:
        raise ValueError(f"days must not be negative: {days}")
    if days and is_ahead_of_the_store(tx, now_ms):
        return 0
    before_ms = now_ms - days * _DAY_MS if days else None
    gone = []
    for id_, file in _old(tx, before_ms):
        path = folder / file
        if before_ms is None or not path.exists() or path.stat().st_mtime * 1000 < before_ms:
            # The file before its row: after a crash in between, the row is still there to be tidied.
            path.unlink(missing_ok=True)
            gone.append(id_)
        if len(gone) == limit:
            break
    tx.execute(delete(RecordingRow).where(RecordingRow.id.in_(gone)))
    log.info("recordings_expired", files=len(gone), days=days)
    return len(gone)


def _old(tx: Transaction, before_ms: int | None) -> Iterator[tuple[int, str]]:
    """Id and file of what is older by its row, page by page; None: of everything."""
    query = select(RecordingRow.id, RecordingRow.file, RecordingRow.at_ms)
    query = query.order_by(RecordingRow.at_ms, RecordingRow.id).limit(_PAGE)
    if before_ms is not None:
        query = query.where(RecordingRow.at_ms < before_ms)
    page = tx.execute(query).all()
    while page:
        for row in page:
            yield row.id, row.file
        # From where the page ended and not by OFFSET, which would count past everything again.
        after = tuple_(RecordingRow.at_ms, RecordingRow.id) > (page[-1].at_ms, page[-1].id)
        page = tx.execute(query.where(after)).all()


def _new_file(folder: Path, case_number: str) -> tuple[int, Path, int]:
    """The first attempt that no file has, claimed by making it; its descriptor."""
    for attempt in itertools.count(1):
        path = folder / f"{case_number}-{attempt}.wav"
        try:
            # O_EXCL makes the file ours alone, whoever else counts at the same time.
            return attempt, path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
    raise AssertionError("counting ended")


def _ours(folder: Path) -> Iterator[tuple[str, re.Match[str]]]:
    """The names of our own files only; none where there is no folder yet."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if match := _FILE.fullmatch(entry.name):
                yield entry.name, match


def _read(path: Path, match: re.Match[str]) -> Recording:
    """A file that is no WAV is a recording too: it is found, and goes when it is old."""
    rate_hz = length_ms = 0
    try:
        with wave.open(str(path)) as sound:
            rate_hz = sound.getframerate()
            length_ms = sound.getnframes() * 1000 // rate_hz
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        log.warning("recording_unreadable", file=path.name, error=repr(error))
    return Recording(
        case_number=match[1],
        attempt=int(match[2]),
        file=path.name,
        rate_hz=rate_hz,
        length_ms=length_ms,
        at_ms=int(path.stat().st_mtime * 1000),
    )
