"""How long a fact is on its way: from publishing until a follower has it, on each adapter of the bus."""

import asyncio
import time
from pathlib import Path

from rich.console import Console

from cti.bus import Bus, Position
from cti.bus.follow import FollowReport, follow
from cti.bus.memory import MemoryBus
from cti.bus.redis_streams import RedisBus
from domain.calls import Call, CallChanged
from domain.dialogue import SpokenWord
from domain.event import Event
from domain.streams import CALLS
from tests.bench.figures import Figure, percentile
from tests.servers import running_redis

EVENTS = 2_000
TITLE = f"The bus: {EVENTS} states of a call, one after the other"

_STATEMENT = "my printer on the third floor prints only blank pages since this morning"


async def measure(folder: Path, console: Console, events: int = EVENTS) -> list[Figure]:
    """The figures of so many events on each adapter; Redis synchronises its log to the disk every second."""
    with console.status("bus"):
        memory_ms = await _round_trips_ms(MemoryBus(), events)
        with running_redis(appendonly=True) as redis:
            redis_ms = await _round_trips_ms(RedisBus(redis.url), events)
    return [_figure("memory", memory_ms), _figure("Redis Streams", redis_ms)]


async def _round_trips_ms(bus: Bus, events: int) -> list[float]:
    taken_ms: list[float] = []
    arrived = asyncio.Event()

    async def handle(event: Event, position: Position) -> None:
        taken_ms.append((time.perf_counter() - published_s) * 1000)
        arrived.set()

    report = FollowReport()
    following = asyncio.create_task(follow(bus, CALLS, handle, report=report))
    await report.connected.wait()
    for number in range(events):
        event = _state_of_a_call(number)
        published_s = time.perf_counter()
        await bus.publish(CALLS, event)
        await arrived.wait()
        arrived.clear()
    following.cancel()
    await bus.close()
    return taken_ms


def _state_of_a_call(number: int) -> CallChanged:
    words = tuple(
        SpokenWord(text=word, start_s=index / 2, end_s=index / 2 + 0.4, confidence=0.97)
        for index, word in enumerate(_STATEMENT.split())
    )
    return CallChanged(at_ms=number, call=Call(call_id="1.1", transcript=_STATEMENT, words=words))


def _figure(adapter: str, taken_ms: list[float]) -> Figure:
    return Figure(
        name=f"bus round trip, {adapter}, p50 / p99",
        value=f"{percentile(taken_ms, 0.5):.3f} / {percentile(taken_ms, 0.99):.3f} ms",
    )
