"""The desk's connection to the bus: one task a stream that listens, one that states facts in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from cti.bus import Bus
from domain.events import Event

log = structlog.get_logger()

_UNSAID = 1000  # facts that may wait for a bus that stands still

Hear = Callable[[Event], None]
AfterGap = Callable[[], Awaitable[None]]


class Wire:
    """Listeners and one ordered speaker; neither is ever waited for."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._unsaid: asyncio.Queue[tuple[str, Event]] = asyncio.Queue(_UNSAID)

    def publish(self, stream: str, event: Event) -> None:
        """State a fact after all earlier ones; dropped with a log line while the bus stands still."""
        try:
            self._unsaid.put_nowait((stream, event))
        except asyncio.QueueFull:
            log.error("bus_stands_still", stream=stream, lost=type(event).__name__)

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Within the block, facts reach the bus."""
        task = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            await _stop(task)

    @asynccontextmanager
    async def hearing(self, stream: str, hear: Hear, after_gap: AfterGap) -> AsyncIterator[None]:
        """Within the block, and from its very start, `hear` gets every event of the stream in order.

        After a gap `after_gap` is awaited first. An event that `hear` cannot take is logged and passed over.
        """
        subscription = self._bus.subscribe(stream)

        async def listen() -> None:
            nonlocal subscription
            while True:
                try:
                    async for event in subscription:
                        _give(event, hear)
                        await asyncio.sleep(0)  # a burst leaves the writers their turn
                    return
                except Exception as gap:  # Lagged, or an event that nobody can read
                    log.warning("live_gap", stream=stream, why=repr(gap))
                    subscription.close()
                    subscription = self._bus.subscribe(stream)
                    await after_gap()

        task = asyncio.create_task(listen())
        try:
            yield
        finally:
            subscription.close()
            await _stop(task)

    async def _speak(self) -> None:
        while True:
            stream, event = await self._unsaid.get()
            try:
                await self._bus.publish(stream, event)
            except Exception:
                log.exception("not_published", stream=stream, lost=type(event).__name__)


def _give(event: Event, hear: Hear) -> None:
    try:
        hear(event)
    except Exception:
        log.exception("event_not_shown", kind=type(event).__name__, event_id=event.event_id)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
