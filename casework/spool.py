"""Cases that the database would not take: kept as JSON lines until it does, over a restart too."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from casestore.db import StoreUnusable
from casework.port import CaseChange
from casework.spool_lines import change_of, line_of

log = structlog.get_logger()

_MOST_BYTES = 200_000_000  # beyond this, words are kept without their sound
_MOST_HELD_BYTES = 50_000_000  # the same for what the disk did not take

Keep = Callable[[CaseChange, int], None]


class Spool:
    """A file of changes in their order; threads may share it. Blocking: not for the event loop.

    What the disk does not take is held in memory, and moved into the file when it does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._held: list[bytes] = []
        self._in_file = self._rejected_lines = 0

    @property
    def state(self) -> str:
        """`ok`, or what waits and what was put aside; as it was after the last `add` or `drain`."""
        troubles = []
        if waiting := self._in_file + len(self._held):
            memory = f", in memory only: {len(self._held)}" if self._held else ""
            troubles.append(f"changes of cases that wait for the database: {waiting}{memory}")
        if self._rejected_lines:
            troubles.append(f"put aside in {self._rejected.name}: {self._rejected_lines}")
        return "; ".join(troubles) or "ok"

    def __len__(self) -> int:
        return len(_lines(self._path)) + len(self._held)

    def add(self, change: CaseChange, at_ms: int) -> None:
        """Append the change: on the disk when this returns, in memory where the disk does not take it."""
        with self._lock:
            try:
                size = self._path.stat().st_size if self._path.exists() else 0
                self._append(line_of(change, at_ms, with_voice=size < _MOST_BYTES))
                self._in_file += 1
            except OSError as error:
                log.error("spool_not_written", call_id=change.call_id, error=str(error))
                held_bytes = sum(map(len, self._held))
                self._held.append(line_of(change, at_ms, with_voice=held_bytes < _MOST_HELD_BYTES))

    def drain(self, keep: Keep) -> int:
        """Give `keep` every change; those it takes leave the spool. How many it took.

        Stops where `keep` raises StoreUnusable: the database is still away. One that raises ValueError or
        LookupError can never be kept, and is moved to `.rejected` for a person to look at; one that raises
        something else waits, and the others go on. Raises OSError where the file cannot be read or written.
        """
        self._write_down()
        with self._lock:
            held = tuple(self._held)
            try:
                lines = _lines(self._path)
            except OSError:
                lines = []  # what is in memory can be written all the same; `_drop` meets the error again
        done: set[int] = set()
        taken = 0
        try:
            for place, line in enumerate((*lines, *held)):
                taken += self._give(line, keep, done, place)
        except StoreUnusable as error:
            log.warning("unsaved_cases_wait", error=str(error))
        finally:
            self._drop(done, len(lines))
        return taken

    def _give(self, line: bytes, keep: Keep, done: set[int], place: int) -> bool:
        try:
            keep(*change_of(line))
        except StoreUnusable:
            raise
        except (ValueError, LookupError) as error:
            log.error("unsaved_case_rejected", error=repr(error), file=str(self._rejected))
            _append(self._rejected, line + b"\n")
            done.add(place)
            return False
        except Exception:
            log.exception("unsaved_case_waits")
            return False
        done.add(place)
        return True

    @property
    def _rejected(self) -> Path:
        return self._path.with_suffix(".rejected")

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _append(self._path, line)

    def _write_down(self) -> None:
        """What is held in memory goes into the file, as far as the disk takes it."""
        with self._lock:
            while self._held:
                try:
                    self._append(self._held[0])
                except OSError:
                    return
                del self._held[0]

    def _drop(self, done: set[int], in_file: int) -> None:
        """Forget these lines, by their places in the file and, after it, in memory; newer ones stay."""
        with self._lock:
            # Counted as they were read, not as they are now: others have added lines meanwhile.
            self._held = [line for place, line in enumerate(self._held, in_file) if place not in done]
            lines = _lines(self._path)
            rest = [line for place, line in enumerate(lines) if place >= in_file or place not in done]
            if len(rest) < len(lines):
                self._rewrite(rest)
            self._in_file = len(rest)
            self._rejected_lines = len(_lines(self._rejected))

    def _rewrite(self, lines: list[bytes]) -> None:
        if not lines:
            self._path.unlink()
            return
        # Whole beside the old one, then in its place: a crash leaves one or the other.
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        _append(new, b"".join(line + b"\n" for line in lines))
        new.replace(self._path)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []


def _append(path: Path, lines: bytes) -> None:
    """Whole lines, on the disk when this returns, or nothing. Raises OSError."""
    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
    size = os.fstat(file).st_size
    try:
        if size and os.pread(file, 1, size - 1) != b"\n":
            lines = b"\n" + lines  # a crash has cut the last line off: it must not take this one along
        while lines:
            lines = lines[os.write(file, lines) :]
        os.fsync(file)
    except OSError:
        # Half a line on a full disk would spoil the next one.
        os.ftruncate(file, size)
        raise
    finally:
        os.close(file)
