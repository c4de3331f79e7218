"""Units that the database would not take: kept until it does, over a restart too, in their order."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from casestore.db import StoreUnusable
from casestore.outbox import Entry, OutboxFile
from casework.case import Conflict, NotAllowed
from casework.commands import text_of, unit_of
from casework.port import CaseUnit, Sound

log = structlog.get_logger()

_MOST_BYTES = 200_000_000  # beyond this, words are kept without their sound
_MOST_HELD_BYTES = 50_000_000  # the same for what the disk did not take

Keep = Callable[[CaseUnit], None]


class Outbox:
    """Threads may share it. Blocking: not for the event loop.

    What the disk does not take is held in memory, and moved into the file when it does.
    """

    def __init__(self, path: Path) -> None:
        self._file = OutboxFile(path)
        self._name = path.name
        self._lock = threading.Lock()
        self._held: deque[Entry] = deque()
        self._counts = (0, 0)

    @property
    def state(self) -> str:
        """`ok`, or what waits and what was refused; as it was after the last `add` or `drain`."""
        waiting, refused = self._counts
        troubles = []
        if waiting + len(self._held):
            memory = f", in memory only: {len(self._held)}" if self._held else ""
            troubles.append(
                f"changes of cases that wait for the database: {waiting + len(self._held)}{memory}"
            )
        if refused:
            troubles.append(f"refused for good, see {self._name}: {refused}")
        return "; ".join(troubles) or "ok"

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits; as of the last `add` or `drain`."""
        return not self._counts[0] and not self._held

    def add(self, unit: CaseUnit, at_ms: int) -> None:
        """Append the unit: on the disk when this returns, in memory where the disk does not take it."""
        self.add_entry(entry_of(unit, at_ms))

    def add_entry(self, entry: Entry) -> bool:
        """The same for what is text already; whether it is on the disk."""
        with self._lock:
            try:
                self._write_down()
                self._file.add(_within(entry, self._file.size(), _MOST_BYTES))
                self._count()
            except StoreUnusable as error:
                log.error("outbox_not_written", error=str(error))
                held_bytes = sum(len(each.sound or b"") for each in self._held)
                self._held.append(_within(entry, held_bytes, _MOST_HELD_BYTES))
                return False
        return True

    def drain(self, keep: Keep) -> int:
        """Give `keep` every unit in order; those it takes leave the outbox. How many it took.

        Stops where `keep` raises StoreUnusable: the database is still away. What it raises Conflict,
        NotAllowed, LookupError or ValueError for can never be kept, and stays as refused; for anything else
        it waits, and the others go on. Raises StoreUnusable where the outbox itself cannot be read.
        """
        taken, unreadable = 0, None
        try:
            taken = self._drain_file(keep)
        except _Away as away:
            log.warning("unsaved_cases_wait", error=str(away.__cause__))
            return taken
        except StoreUnusable as error:
            unreadable = error  # what is in memory can be written all the same
        finally:
            with self._lock:
                self._count_if_possible()
        taken += self._drain_memory(keep)
        if unreadable:
            raise unreadable
        return taken

    def close(self) -> None:
        self._file.close()

    def _drain_file(self, keep: Keep) -> int:
        with self._lock:
            if self._held:
                self._write_down_if_possible()
        taken = place = 0
        while found := self._file.waiting(place):
            place, entry = found
            outcome = _give(entry, keep)
            if outcome == "kept":
                self._file.remove(place)
                taken += 1
            elif outcome:
                self._file.refuse(place, outcome)
        return taken

    def _drain_memory(self, keep: Keep) -> int:
        """What the disk still does not take can go into the database all the same."""
        taken = 0
        for _ in range(len(self._held)):
            with self._lock:
                if not self._held:
                    break
                entry = self._held.popleft()
            try:
                outcome = _give(entry, keep)
            except _Away:
                outcome = ""
            if outcome == "kept":
                taken += 1
            else:
                with self._lock:
                    self._held.append(entry)
        return taken

    def _write_down(self) -> None:
        """What is held in memory goes into the file. Raises StoreUnusable."""
        while self._held:
            self._file.add(self._held[0])
            self._held.popleft()

    def _write_down_if_possible(self) -> None:
        try:
            self._write_down()
        except StoreUnusable as error:
            log.warning("outbox_not_written", error=str(error))

    def _count(self) -> None:
        self._counts = self._file.count()

    def _count_if_possible(self) -> None:
        try:
            self._count()
        except StoreUnusable as error:
            log.warning("outbox_not_counted", error=str(error))


class _Away(Exception):
    """The database is."""


def entry_of(unit: CaseUnit, at_ms: int) -> Entry:
    """The unit as it is kept."""
    voice = unit.voice
    return Entry(
        change_id=unit.change_id,
        at_ms=at_ms,
        body=text_of(unit),
        sound=voice.sound if voice else None,
        rate_hz=voice.rate_hz if voice else 0,
    )


def _within(entry: Entry, size: int, most: int) -> Entry:
    if entry.sound is None or size < most:
        return entry
    return Entry(change_id=entry.change_id, at_ms=entry.at_ms, body=entry.body, refused=entry.refused)


def _give(entry: Entry, keep: Keep) -> str:
    """`kept`, why it never can be, or nothing where it waits. Raises _Away."""
    voice = Sound(entry.sound, entry.rate_hz) if entry.sound else None
    try:
        keep(unit_of(entry.change_id, entry.body, voice))
    except StoreUnusable as error:
        raise _Away from error
    except (Conflict, NotAllowed, LookupError, ValueError) as error:
        log.error("unsaved_case_refused", change_id=entry.change_id, error=repr(error))
        return repr(error)
    except Exception:
        log.exception("unsaved_case_waits")
        return ""
    return "kept"
