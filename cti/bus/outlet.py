"""For whoever states facts and may not wait: they reach the bus in their order, as soon as it takes them."""

import asyncio

import structlog

from cti.bus import BusDown, Position, Publisher
from cti.bus.encoding import BadEvent
from cti.bus.pause import GrowingPause
from domain.event import Event

log = structlog.get_logger()

_CAPACITY = 1000  # facts that may wait for a bus that stands still


class Outlet:
    """An ordered, bounded queue in front of the bus; `run` is to be running beside whoever publishes."""

    def __init__(self, bus: Publisher, capacity: int = _CAPACITY) -> None:
        self._bus = bus
        self._waiting: asyncio.Queue[tuple[str, Event]] = asyncio.Queue(capacity)
        self._problem = ""
        self.dropped = 0

    @property
    def state(self) -> str:
        """`ok`, or why facts wait."""
        return self._problem or "ok"

    def publish(self, stream: str, event: Event) -> None:
        """State a fact after all earlier ones; dropped with a log line where too many wait already."""
        try:
            self._waiting.put_nowait((stream, event))
        except asyncio.QueueFull:
            self._drop("bus_stands_still", stream, event, self._problem or "too many facts at once")

    async def run(self) -> None:
        """Bring the facts to the bus, until cancelled; while it is down, they wait."""
        while True:
            stream, event = await self._waiting.get()
            await self._state(stream, event)
            self._waiting.task_done()
            await asyncio.sleep(0)  # a burst leaves the others their turn

    async def drained(self) -> None:
        """Until everything that was stated has reached the bus, or was dropped."""
        await self._waiting.join()

    async def _state(self, stream: str, event: Event) -> None:
        pause = GrowingPause()
        while True:
            try:
                await self._bus.publish(stream, event)
            except BusDown as down:
                self._problem = str(down)
                await pause.wait()
                continue
            except BadEvent as error:
                self._drop("not_published", stream, event, str(error))
            # One bad event must not hold back all those behind it.
            except Exception as error:
                self._drop("not_published", stream, event, repr(error))
            self._problem = ""
            return

    def _drop(self, what: str, stream: str, event: Event, why: str) -> None:
        self.dropped += 1
        log.error(what, stream=stream, lost=type(event).__name__, event_id=event.event_id, why=why)


class PatientPublisher:
    """A `Publisher` in front of an outlet: whoever publishes while a caller waits never waits for the bus."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    async def publish(self, stream: str, event: Event) -> Position:
        """Returns at once, with no position: the event reaches the bus after all earlier ones."""
        self._outlet.publish(stream, event)
        return ""
