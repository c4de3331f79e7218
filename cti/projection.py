"""The table of calls as a projection of the fact log: the newest state of each call, and how far it has come.

Calls and position are written in one transaction, beside the event loop, again and again until the database
takes them. After a crash the log's facts beyond the position make up for what was not written.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from cti.bus.pause import GrowingPause
from cti.sifting import is_the_databases, one_by_one
from domain.calls import Call

log = structlog.get_logger()

UNKNOWN = 0

Save = Callable[[Sequence[Call], int], None]
"""Writes calls, and that the log is folded up to this place (0: that is not so); in one transaction."""


class CallProjection:
    """Saves the newest state of each changed call; a failing database is never in the way.

    More than `most` waiting calls: the oldest is given up, with a log line. The log has its facts, and the
    position stays where it is: the next start of the program makes the call anew.
    """

    def __init__(self, save: Save, *, most: int = 10_000) -> None:
        self._save = save
        self._most = most
        self._waiting: dict[str, Call] = {}
        self._position = self._saved_position = UNKNOWN
        self._given_up = self._unsavable = 0
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._problem = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calls")

    @property
    def state(self) -> str:
        """`ok`, or why calls are not saved."""
        troubles = [f"{len(self._waiting)} calls wait: {self._problem}"] if self._problem else []
        if lost := self._given_up + self._unsavable:
            troubles.append(f"{lost} calls were not saved")
        return "; ".join(troubles) or "ok"

    def unsaved(self, call_id: str) -> Call | None:
        """The call, where it is newer than the database has it."""
        return self._waiting.get(call_id)

    def put(self, calls: Sequence[Call], position: int) -> None:
        """Have these calls saved soon; returns at once. The log is folded up to `position` with them."""
        for call in calls:
            self._waiting.pop(call.call_id, None)  # the newest state waits where it is news
            self._waiting[call.call_id] = call
        self._position = max(self._position, position)
        if self._waiting:
            self._idle.clear()
            self._filled.set()
        while len(self._waiting) > self._most:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._given_up += 1
            log.error("call_not_saved", call=oldest, reason="too many wait")

    async def run(self) -> None:
        """Save what is put, until cancelled."""
        pause, loop = GrowingPause(), asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            # All at once: a call that is newer in the table than the position says would be folded twice.
            calls, position = tuple(self._waiting.values()), self._true_position()
            try:
                bad = await loop.run_in_executor(self._thread, self._save_or_sift, calls, position)
            except Exception as error:
                self._has_failed(error)
                await pause.wait()
                continue
            pause.succeeded()
            self._has_saved(calls, position, bad)

    async def drained(self) -> None:
        """Return when nothing waits any more, and the position is written too."""
        await self._idle.wait()
        position = self._true_position()
        if position > self._saved_position:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._save, (), position)
            self._saved_position = position

    def close(self) -> None:
        """Let go of the thread; a commit under way ends by itself."""
        self._thread.shutdown(wait=False)

    def _true_position(self) -> int:
        """It is true only with every call that was put up to it."""
        return UNKNOWN if self._given_up else self._position

    def _save_or_sift(self, calls: Sequence[Call], position: int) -> Sequence[Call]:
        """The calls that cannot be saved, whatever the database does. In the thread."""
        try:
            self._save(calls, position)
        except Exception as error:
            if is_the_databases(error):
                raise
            _, bad = one_by_one(calls, lambda call: self._save(call, UNKNOWN))
            # The position all the same: a call that cannot be saved must not hold back all others for ever.
            self._save((), position)
            for call in bad:
                log.error("call_not_saved", call=call.call_id, reason=repr(error))
            return bad
        return ()

    def _has_saved(self, calls: Sequence[Call], position: int, bad: Sequence[Call]) -> None:
        for call in calls:
            # A newer state may have been put while this one was written.
            if self._waiting.get(call.call_id) is call:
                del self._waiting[call.call_id]
        self._saved_position = max(self._saved_position, position)
        self._unsavable += len(bad)
        if self._problem:
            log.info("calls_saved_at_last", calls=len(calls) - len(bad))
        self._problem = ""
        if not self._waiting:
            self._filled.clear()
            self._idle.set()

    def _has_failed(self, error: Exception) -> None:
        if not self._problem:
            log.error("calls_not_saved_yet", error=repr(error))
        self._problem = str(error) or repr(error)
