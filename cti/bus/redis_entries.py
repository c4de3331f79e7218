"""One stream of Redis: its entries, and the two scripts that number them."""

from typing import Any

from cti.bus.redis_connection import RedisConnection
from cti.bus.redis_place import Place

Entry = tuple[Place, bytes]

_AT_ONCE = 100  # entries fetched ahead: what of a stream lies in memory for each reader

# Both scripts begin the stream where there is none. `%.0f`, for Lua writes a number of this size as 1.7e+12;
# `~`, for trimming to the very entry would cost Redis a part of its tree each time.
_NEWEST = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest then
  local now = redis.call('TIME')
  local id = string.format('%.0f-0', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('XADD', KEYS[1], id, 'event', '')
  newest = {id, {'event', ''}}
end
"""
_LOOK = f"{_NEWEST} return {{newest[1], newest[2][2]}}"
_APPEND = f"""{_NEWEST}
local life, number = string.match(newest[1], '^(%d+)-(%d+)$')
local id = life .. '-' .. string.format('%.0f', number + 1)
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], id, 'event', ARGV[1])
"""


class RedisEntries:
    """What is asked of one stream. Every question raises BusDown."""

    def __init__(self, connection: RedisConnection, key: str, block_s: float) -> None:
        self._connection = connection
        self._key = key
        self._block_ms = round(block_s * 1000)
        self._look = connection.redis.register_script(_LOOK)
        self._append = connection.redis.register_script(_APPEND)

    async def append(self, data: bytes, capacity: int) -> Place:
        """Add an entry behind the newest; keep so many, or up to a node of Redis' tree more."""
        entry_id = await self._append(keys=[self._key], args=[data, capacity])
        return Place.of(entry_id, data)

    async def newest(self) -> Place:
        """Where the stream ends."""
        entry_id, data = await self._connection.ask(lambda: self._look(keys=[self._key]))
        return Place.of(entry_id, data)

    async def are_known_up_to(self, place: Place) -> bool:
        """Whether the stream is one with what was read up to that place, as far as it goes back."""
        one = await self._connection.ask(
            lambda: self._connection.redis.xrange(self._key, place.entry_id, place.entry_id)
        )
        # Where it has been trimmed away, the reader sees by the numbers whether it missed something.
        return not one or _entries(one)[0][0] == place

    async def read(self, after: Place | None) -> list[Entry]:
        """The next entries after that place, None for all; waits for them, and gives none after `block_s`."""
        last = after.entry_id if after else "0-0"
        streams: Any = await self._connection.ask_once(
            lambda: self._connection.redis.xread({self._key: last}, count=_AT_ONCE, block=self._block_ms)
        )
        return _entries(streams[0][1]) if streams else []


def _entries(answer: Any) -> list[Entry]:
    return [_entry(entry_id, fields.get(b"event", b"")) for entry_id, fields in answer]


def _entry(entry_id: bytes, data: bytes) -> Entry:
    return Place.of(entry_id, data), data
