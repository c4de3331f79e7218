"""One reader of one stream of Redis."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from cti.bus import BusDown, Delivery, Gap, Position
from cti.bus.encoding import delivery
from cti.bus.redis_entries import Entry, RedisEntries
from cti.bus.redis_place import Place


class RedisSubscription:
    """`place` is where it stands, None before the oldest entry; `gap` says why it cannot even begin."""

    def __init__(self, entries: RedisEntries, after: Position, place: Place | None, gap: str = "") -> None:
        self._entries = entries
        self._place = place
        self._gap = gap
        self._fetched: deque[Entry] = deque()
        self._reading: asyncio.Task[list[Entry]] | None = None
        self._open = True
        self.position = place.position if place else after

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        """What comes, in its order; raises Gap or BusDown, and is then closed."""
        while self._open:
            try:
                if self._gap:
                    raise Gap(self._gap)
                if not self._fetched:
                    await self._fetch()
                    continue
                place, data = self._fetched.popleft()
                self._step(place)
            except (Gap, BusDown):
                self.close()
                raise
            # Entry 0 only gives the stream a life.
            if place.number > 0:
                yield delivery(self.position, data)

    def close(self) -> None:
        """End the iteration; allowed more than once."""
        self._open = False
        if self._reading:
            self._reading.cancel()

    async def _fetch(self) -> None:
        """Wait for entries in a task of its own, which `close` can end."""
        self._reading = asyncio.create_task(self._entries.read(self._place))
        try:
            await asyncio.wait((self._reading,))
        finally:
            self._reading.cancel()
        with contextlib.suppress(
            asyncio.CancelledError
        ):  # by `close`; whoever cancels us does it at the `wait`
            self._fetched.extend(self._reading.result())
        if self._open and not self._fetched:
            await self._look_whether_the_stream_lives()

    async def _look_whether_the_stream_lives(self) -> None:
        """Redis answers nothing as well where it lost its data and we stand behind all that is in it."""
        newest = await self._entries.newest()
        if self._place and not self._place.is_within(newest):
            raise Gap(f"the stream ends at {newest.position} and was read up to {self.position}")

    def _step(self, place: Place) -> None:
        if self._place and not place.is_next_to(self._place):
            raise Gap(f"{place.position} follows {self.position}")
        self._place = place
        self.position = place.position
