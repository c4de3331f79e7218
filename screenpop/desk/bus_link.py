"""The desk's connection to the bus: one task a stream that listens, one that states facts in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cti.bus import Bus, Position
from cti.bus.follow import AfterGap, FollowReport, follow
from cti.bus.outlet import Outlet
from domain.events import Event

Hear = Callable[[Event], None]


class Wire:
    """Listeners and one ordered speaker; neither is ever waited for."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._outlet = Outlet(bus)
        self.publish = self._outlet.publish

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Within the block, facts reach the bus."""
        task = asyncio.create_task(self._outlet.run())
        try:
            yield
        finally:
            await _stop(task)

    @asynccontextmanager
    async def hearing(self, stream: str, hear: Hear, after_gap: AfterGap) -> AsyncIterator[None]:
        """Within the block, and from its very start, `hear` gets every event of the stream in order.

        After a gap `after_gap` is awaited first. An event that `hear` cannot take is logged and passed over.
        """

        async def handle(event: Event, position: Position) -> None:
            hear(event)

        report = FollowReport()
        task = asyncio.create_task(follow(self._bus, stream, handle, after_gap=after_gap, report=report))
        try:
            await report.connected.wait()
            yield
        finally:
            await _stop(task)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
