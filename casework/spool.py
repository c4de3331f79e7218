"""Cases that the database would not take: kept as JSON lines until it does, over a restart too."""

import base64
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from casework.port import CaseChange, Sound

log = structlog.get_logger()

_MOST_BYTES = 200_000_000  # beyond this, words are kept without their sound

Keep = Callable[[CaseChange, int], None]


class Spool:
    """A file of changes in their order; threads may share it. Blocking: not for the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._lines())

    def add(self, change: CaseChange, at_ms: int) -> None:
        """Append the change, on the disk when this returns. Raises OSError."""
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_APPEND | os.O_RDWR
            with os.fdopen(os.open(self._path, flags, 0o600), "ab+") as file:
                size = file.seek(0, os.SEEK_END)
                if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
                    file.write(b"\n")  # a crash has cut the last line off: it must not take this one along
                file.write(_line(change, at_ms, with_voice=size < _MOST_BYTES))
                file.flush()
                os.fsync(file.fileno())

    def drain(self, keep: Keep) -> int:
        """Give `keep` every change; those it takes leave the file. How many it took.

        Stops where `keep` raises, except ValueError and LookupError: such a change can never be kept and
        is moved to `.rejected` for a person to look at.
        """
        taken = seen = 0
        for line in self._lines():
            try:
                keep(*_change(line))
                taken += 1
            except (ValueError, LookupError, TypeError) as error:
                log.error("unsaved_case_rejected", error=repr(error), file=str(self._rejected))
                self._reject(line)
            except Exception as error:
                log.warning("unsaved_cases_wait", error=repr(error))
                break
            seen += 1
        if seen:
            self._drop(seen)
        return taken

    @property
    def _rejected(self) -> Path:
        return self._path.with_suffix(".rejected")

    def _lines(self) -> list[bytes]:
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def _reject(self, line: bytes) -> None:
        with os.fdopen(os.open(self._rejected, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as file:
            file.write(line + b"\n")

    def _drop(self, count: int) -> None:
        """Forget the first lines; what was added meanwhile stays."""
        with self._lock:
            rest = self._lines()[count:]
            if not rest:
                self._path.unlink()
                return
            new = self._path.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
                file.write(b"".join(line + b"\n" for line in rest))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)


def _line(change: CaseChange, at_ms: int, *, with_voice: bool) -> bytes:
    record: dict[str, Any] = asdict(change) | {"at_ms": at_ms, "voice": None}
    if change.voice and with_voice:
        sound = base64.b64encode(change.voice.sound).decode()
        record["voice"] = {"sound": sound, "rate_hz": change.voice.rate_hz}
    return json.dumps(record).encode() + b"\n"


def _change(line: bytes) -> tuple[CaseChange, int]:
    record = json.loads(line)
    voice = record.pop("voice")
    if voice:
        record["voice"] = Sound(base64.b64decode(voice["sound"]), voice["rate_hz"])
    return CaseChange(**{name: value for name, value in record.items() if name != "at_ms"}), record["at_ms"]
