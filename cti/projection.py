"""Writes calls to the database beside the event loop, again and again until it succeeds."""

import asyncio
from collections.abc import Callable

import structlog

from cti.latest_per_key import LatestPerKey
from domain.records import Call

log = structlog.get_logger()


class Saver:
    """Saves the newest state of each call; a failing database is waited for and never in the way.

    `save` is called in a thread, one call at a time. More than `most` waiting calls: the oldest is
    given up, with a log line.
    """

    def __init__(
        self,
        save: Callable[[Call], None],
        *,
        retry_s: float = 0.1,
        longest_retry_s: float = 5.0,
        most: int = 10_000,
    ) -> None:
        self._save = save
        self._retry_s = retry_s
        self._longest_retry_s = longest_retry_s
        self._most = most
        self._waiting: LatestPerKey[Call] = LatestPerKey()
        self._failed: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, call: Call) -> None:
        """Have this call saved soon; returns at once."""
        self._idle.clear()
        self._waiting.put(call.call_id, call)
        if len(self._waiting) > self._most:
            log.error("call_not_saved", call=self._waiting.drop_oldest(), reason="too many wait")

    async def run(self) -> None:
        """Save what is put, until cancelled."""
        pause_s = self._retry_s
        while True:
            call_id, call = await self._waiting.get()
            if await self._saved(call):
                pause_s = self._retry_s
            else:
                self._waiting.put_back(call_id, call)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, self._longest_retry_s)
            if not self._waiting:
                self._idle.set()

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        await self._idle.wait()

    async def _saved(self, call: Call) -> bool:
        """Whether it worked; each call's first failure, and its end, is logged."""
        try:
            await asyncio.to_thread(self._save, call)
        except Exception as error:
            if call.call_id not in self._failed:
                self._failed.add(call.call_id)
                log.error("call_not_saved_yet", call=call.call_id, error=repr(error))
            return False
        if call.call_id in self._failed:
            self._failed.discard(call.call_id)
            log.info("call_saved_at_last", call=call.call_id)
        return True
