"""What tests say and hear on the bus."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cti.bus import Bus, Position, Subscription, memory, redis_streams
from domain.dialogue import PartialHeard
from domain.event import Event
from domain.streams import CALLS

# A kind of a newer version, JSON that stops, a field of another type, one that is missing, no text at all.
UNREADABLE = (
    b'CallTeleported {"at_ms":1,"event_id":"x"}',
    b'PartialHeard {"at_ms":1,"ca',
    b'PartialHeard {"at_ms":"soon","call_id":"1","text":"x"}',
    b'PartialHeard {"at_ms":1}',
    b"\xff\xfe\x00",
    b"",
)


def partial(text: str) -> PartialHeard:
    """Something a caller says."""
    return PartialHeard(call_id="1.1", at_ms=1, text=text)


async def state(bus: Bus, *said: str, stream: str = CALLS) -> list[Position]:
    """Publish that this is said; where each stands."""
    return [await bus.publish(stream, partial(text)) for text in said]


async def publish_bytes(bus: Bus, data: bytes, stream: str = CALLS) -> Position:
    """As a broken or newer version publishes."""
    with pytest.MonkeyPatch.context() as patch:
        for adapter in (memory, redis_streams):
            patch.setattr(adapter, "encode", lambda event: data)
        return await bus.publish(stream, partial(""))


async def events_of(subscription: Subscription) -> AsyncIterator[Event]:
    """Every event, each of which must be readable."""
    async for delivery in subscription:
        assert delivery.event is not None, delivery.problem
        yield delivery.event


async def take(subscription: Subscription, count: int) -> list[Event]:
    """The next events; fewer where the subscription ends before."""
    taken: list[Event] = []
    async for event in events_of(subscription):
        taken.append(event)
        if len(taken) == count:
            break
    return taken


async def texts(subscription: Subscription, count: int) -> list[str]:
    """What is said in the next events."""
    return [event.text for event in await take(subscription, count) if isinstance(event, PartialHeard)]


async def until(holds: Callable[[], bool]) -> None:
    """Nobody tells when; ten seconds are too long."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
