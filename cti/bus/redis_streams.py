"""The bus between processes: one stream of Redis for each of ours.

The ids of the entries are `LIFE-N`. LIFE is when, by Redis' clock in ms, the stream was begun; N counts from
1 without gaps. So a reader sees by the next id whether something is missing, and by LIFE that Redis has lost
what it held. Entry 0 carries no event: with it, a stream that nobody has stated anything on has a life too.
"""

import asyncio
from weakref import WeakSet

from cti.bus import NOW, Position
from cti.bus.encoding import encode
from cti.bus.redis_connection import RedisConnection
from cti.bus.redis_entries import RedisEntries
from cti.bus.redis_place import Place
from cti.bus.redis_subscription import RedisSubscription
from domain.event import Event


class RedisBus:
    """Publisher and subscriber for all processes that know this Redis; used from one event loop.

    `url` as in `redis://:password@host:6379/0`. A stream keeps `capacity` events, or somewhat more. What
    Redis does not take or answer within `patience_s` is a BusDown; until then it is asked again, which may
    append an event twice. So often as `block_s` a reader that hears nothing looks whether the stream lives.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "svarklar:",
        capacity: int = 10_000,
        patience_s: float = 2.0,
        block_s: float = 2.0,
    ) -> None:
        self._connection = RedisConnection(url, patience_s, block_s)
        self._block_s = block_s
        self._prefix = prefix
        self._capacity = capacity
        self._streams: dict[str, RedisEntries] = {}
        self._turn = asyncio.Lock()  # one event at a time: what is stated first comes first
        self._readers: WeakSet[RedisSubscription] = WeakSet()

    @property
    def outlives_us(self) -> bool:
        """Redis keeps its streams when we end."""
        return True

    @property
    def state(self) -> str:
        """`ok`, or what was wrong when Redis was last asked."""
        return self._connection.state

    async def publish(self, stream: str, event: Event) -> Position:
        """Append the event; raises BadEvent and BusDown, after which it may have been appended or not."""
        data = encode(event)
        entries = self._entries(stream)
        place = await self._connection.ask(lambda: entries.append(data, self._capacity), self._turn)
        return place.position

    async def subscribe(self, stream: str, after: Position = NOW) -> RedisSubscription:
        """A reader of what comes after that position; raises BusDown."""
        entries = self._entries(stream)
        reader = await self._reader(entries, after)
        self._readers.add(reader)
        return reader

    async def close(self) -> None:
        """End every iteration and the connections; from now on the bus is down."""
        for reader in tuple(self._readers):
            reader.close()
        await self._connection.close()

    async def _reader(self, entries: RedisEntries, after: Position) -> RedisSubscription:
        newest = await entries.newest()
        if after in ("", NOW):
            return RedisSubscription(entries, after, newest if after == NOW else None)
        place = Place.at(after)
        known = place is not None and place.is_within(newest) and await entries.are_known_up_to(place)
        return RedisSubscription(entries, after, place, gap="" if known else f"nothing is known of {after}")

    def _entries(self, stream: str) -> RedisEntries:
        if stream not in self._streams:
            self._streams[stream] = RedisEntries(self._connection, self._prefix + stream, self._block_s)
        return self._streams[stream]
