"""Fetches calls that were forgotten, for their late news, beside the event loop.

News of a call waits here, in its order, until the call is there; a database that does not answer holds up
nobody else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from cti.bus.pause import GrowingPause
from cti.calls import call_of
from domain.calls import Call
from domain.event import Event

log = structlog.get_logger()

_MOST_WAITING = 10_000

Load = Callable[[str], Call | None]


@dataclass(frozen=True)
class Recalled:
    """The store has answered: the call as it has it, None where it does not know it."""

    call_id: str
    call: Call | None


class Recall:
    """What waits for its call; `run` is to be running.

    `unsaved` gives a call that is newer than the store has it, `load` (blocking) the store's; `recalled` is
    told, and then takes the news that has waited.
    """

    def __init__(self, load: Load, unsaved: Load, recalled: Callable[[Recalled], None]) -> None:
        self._load = load
        self._unsaved = unsaved
        self._recalled = recalled
        self._news: dict[str, list[Event]] = {}
        self._wanted: dict[str, None] = {}
        self._filled = asyncio.Event()
        self._problem = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recall")

    @property
    def state(self) -> str:
        """`ok`, or why late news waits."""
        return f"late news of {len(self._news)} calls waits: {self._problem}" if self._problem else "ok"

    def wait(self, news: Event) -> None:
        """Keep the news until its call is there."""
        call_id = call_of(news)
        if len(self._news) >= _MOST_WAITING and call_id not in self._news:
            log.error("late_news_lost", call_id=call_id, kind=type(news).__name__)  # the log has it
            return
        self._news.setdefault(call_id, []).append(news)
        if len(self._news[call_id]) == 1:
            self._wanted[call_id] = None
            self._filled.set()

    def take(self, call_id: str) -> list[Event]:
        """The news that has waited for this call; from now on nothing does."""
        return self._news.pop(call_id, [])

    async def run(self) -> None:
        """Fetch what is wanted, until cancelled."""
        pause = GrowingPause()
        while True:
            await self._filled.wait()
            call_id = next(iter(self._wanted))
            try:
                call = self._unsaved(call_id) or await self._from_store(call_id)
            except Exception as error:
                self._has_failed(call_id, error)
                await pause.wait()
                continue
            pause.succeeded()
            self._problem = ""
            self._wanted.pop(call_id)
            if not self._wanted:
                self._filled.clear()
            self._recalled(Recalled(call_id, call))

    def close(self) -> None:
        """Let go of the thread; what it does ends by itself."""
        self._thread.shutdown(wait=False)

    async def _from_store(self, call_id: str) -> Call | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._load, call_id)

    def _has_failed(self, call_id: str, error: Exception) -> None:
        if not self._problem:
            log.error("call_not_recalled_yet", call_id=call_id, error=repr(error))
        self._problem = str(error) or repr(error)
        self._wanted[call_id] = self._wanted.pop(call_id)  # the others are not to wait for this one
