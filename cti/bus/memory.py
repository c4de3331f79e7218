"""The bus inside one process: a ring of encoded events per stream, and readers with a cursor each.

A position is `EPOCH-N`: N events of the stream came before it in this life of the bus, whose name is EPOCH.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator

from cti.bus import NOW, BusDown, Delivery, Gap, Position
from cti.bus.encoding import delivery, encode
from domain.event import Event


class _Stream:
    """The last `capacity` events of one stream; `end` counts everything ever published to it."""

    def __init__(self, epoch: str, capacity: int) -> None:
        self.epoch = epoch
        self.ring: deque[bytes] = deque(maxlen=capacity)
        self.end = 0
        self.readers: set[MemorySubscription] = set()

    def append(self, data: bytes) -> Position:
        self.ring.append(data)
        self.end += 1
        for reader in self.readers:
            reader.arrived.set()
        return self.position(self.end)

    @property
    def start(self) -> int:
        return self.end - len(self.ring)

    def position(self, count: int) -> Position:
        return f"{self.epoch}-{count}"

    def count(self, position: Position) -> int:
        """How many events came before it; -1, which is before all that is kept, where it is not ours."""
        if position in ("", NOW):
            return self.end if position == NOW else self.start
        epoch, _, count = position.partition("-")
        # The length: int() of thousands of digits raises.
        ours = epoch == self.epoch and count.isdecimal() and len(count) < 20 and int(count) <= self.end
        return int(count) if ours else -1


class MemorySubscription:
    """One reader of one stream. To be iterated by one task."""

    def __init__(self, stream: _Stream, after: Position) -> None:
        self._stream = stream
        self._next = stream.count(after)
        self._open = True
        self.arrived = asyncio.Event()
        self.position = after if self._next < 0 else stream.position(self._next)
        stream.readers.add(self)

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        """What comes, in its order; raises Gap, and is closed, when something is missing before the next."""
        while self._open:
            if self._next < self._stream.start:
                self.close()
                raise Gap(f"nothing is kept of what came after {self.position}")
            if self._next == self._stream.end:
                self.arrived.clear()
                # Then from the top: it may have been `close`, or the ring has passed us by.
                await self.arrived.wait()
                continue
            data = self._stream.ring[self._next - self._stream.start]
            self._next += 1
            self.position = self._stream.position(self._next)
            yield delivery(self.position, data)

    def close(self) -> None:
        """End the iteration and forget the reader; allowed more than once."""
        self._open = False
        self._stream.readers.discard(self)
        self.arrived.set()


class MemoryBus:
    """Publisher and subscriber for the parts of one process; used from its event loop only.

    A stream keeps its last `capacity` events: a publisher never waits, and a reader that falls
    further behind gets a Gap.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._epoch = secrets.token_hex(4)
        self._streams: dict[str, _Stream] = {}
        self.state = "ok"
        self.outlives_us = False

    async def publish(self, stream: str, event: Event) -> Position:
        """Append the event; raises BadEvent where it cannot be encoded."""
        # Encoded within one process too: no reader can change another's event, and what cannot travel shows.
        data = encode(event)
        return self._stream(stream).append(data)

    async def subscribe(self, stream: str, after: Position = NOW) -> MemorySubscription:
        """A reader of what comes after that position."""
        return MemorySubscription(self._stream(stream), after)

    async def close(self) -> None:
        """End every iteration; from now on the bus is down."""
        self.state = "closed"
        for stream in self._streams.values():
            for reader in tuple(stream.readers):
                reader.close()

    def _stream(self, name: str) -> _Stream:
        if self.state != "ok":
            raise BusDown(self.state)
        if name not in self._streams:
            self._streams[name] = _Stream(self._epoch, self._capacity)
        return self._streams[name]
