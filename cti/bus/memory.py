"""The bus inside one process: a ring of encoded events per stream, and readers with a cursor each."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from cti.bus import Lagged
from cti.bus.encoding import decode, encode
from domain.events import Event


class _Stream:
    """The last `capacity` events of one stream; `end` counts everything ever published to it."""

    def __init__(self, capacity: int) -> None:
        self.ring: deque[bytes] = deque(maxlen=capacity)
        self.end = 0
        self.readers: set[MemorySubscription] = set()

    def append(self, data: bytes) -> None:
        self.ring.append(data)
        self.end += 1
        for reader in self.readers:
            reader.arrived.set()

    @property
    def start(self) -> int:
        return self.end - len(self.ring)


class MemorySubscription:
    """One reader of one stream, from the moment it was made. To be iterated by one task."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._next = stream.end
        self._open = True
        self.arrived = asyncio.Event()
        stream.readers.add(self)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """The events in their order; raises Lagged, and is closed, when some had to be dropped."""
        while self._open:
            if self._next < self._stream.start:
                self.close()
                raise Lagged(f"{self._stream.start - self._next} events were dropped")
            if self._next == self._stream.end:
                self.arrived.clear()
                await self.arrived.wait()
                continue
            data = self._stream.ring[self._next - self._stream.start]
            self._next += 1
            yield decode(data)

    def close(self) -> None:
        """End the iteration and forget the reader; allowed more than once."""
        self._open = False
        self._stream.readers.discard(self)
        self.arrived.set()


class MemoryBus:
    """Publisher and subscriber for the parts of one process; used from its event loop only.

    A stream keeps its last `capacity` events: a publisher never waits, and a reader that falls
    further behind gets Lagged.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._streams: dict[str, _Stream] = {}

    async def publish(self, stream: str, event: Event) -> None:
        """Append the event; raises BadEvent where it cannot be encoded."""
        self._stream(stream).append(encode(event))

    def subscribe(self, stream: str) -> MemorySubscription:
        """A reader of everything that is published to the stream from now on."""
        return MemorySubscription(self._stream(stream))

    def _stream(self, name: str) -> _Stream:
        if name not in self._streams:
            self._streams[name] = _Stream(self._capacity)
        return self._streams[name]
