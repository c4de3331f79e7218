"""What live pages need and the bus has not said: cases and callers, read from the store beside the loop."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import structlog

from casestore import case_lists
from casestore.db import Store
from casestore.store_errors import StoreUnusable
from domain.calls import Call
from domain.cases import CaseSummary
from screenpop.desk import caller_card
from screenpop.desk.answers import CallerCard
from screenpop.server.threads import Threads

log = structlog.get_logger()

_AT_ONCE = 50  # what a page shows first is not held up by what others have asked for
_PAUSE_S = 1.0


class Reads(Protocol):
    """Where the desk says what it needs; what is read comes back to it when it is there."""

    def want_cases(self, numbers: Iterable[str]) -> None: ...

    def want_card(self, call: Call) -> None: ...


class LiveReads:
    """Wants are gathered while a read runs, and are of one piece then. A locked store is asked again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = Threads("live-reads", 1)
        self._numbers: dict[str, None] = {}
        self._calls: dict[str, Call] = {}
        self._wanted = asyncio.Event()
        self.state = "ok"

    def want_cases(self, numbers: Iterable[str]) -> None:
        self._numbers.update(dict.fromkeys(numbers))
        self._wake()

    def want_card(self, call: Call) -> None:
        self._calls[call.call_id] = call  # the newest, where an older one still waits
        self._wake()

    async def run(
        self,
        take_cases: Callable[[Iterable[CaseSummary]], None],
        take_card: Callable[[Call, CallerCard], None],
    ) -> None:
        """Read what is wanted, for ever, and hand it over."""
        while True:
            await self._wanted.wait()
            numbers, calls = list(self._numbers)[:_AT_ONCE], list(self._calls.values())[:_AT_ONCE]
            try:
                cases, cards = await self._threads.run(_read, self._store, numbers, calls)
            except StoreUnusable as error:
                log.warning("live_read_failed", error=str(error))
                self.state = str(error)
                await asyncio.sleep(_PAUSE_S)
                continue
            self.state = "ok"
            self._are_read(numbers, calls)
            take_cases(cases)
            for call in calls:
                take_card(call, cards[call.call_id])

    def close(self) -> None:
        self._threads.close()

    def _are_read(self, numbers: Iterable[str], calls: Iterable[Call]) -> None:
        for number in numbers:
            self._numbers.pop(number, None)
        for call in calls:
            # Wanted anew meanwhile: what was read is of before.
            if self._calls.get(call.call_id) is call:
                del self._calls[call.call_id]
        self._wake()

    def _wake(self) -> None:
        if self._numbers or self._calls:
            self._wanted.set()
        else:
            self._wanted.clear()


def _read(
    store: Store, numbers: Iterable[str], calls: Iterable[Call]
) -> tuple[tuple[CaseSummary, ...], Mapping[str, CallerCard]]:
    with store.reading() as tx:
        cards = {call.call_id: caller_card.of_call(tx, call) for call in calls}
        return case_lists.summaries(tx, numbers), cards
