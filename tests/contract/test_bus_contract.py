"""What every adapter of the bus must do; a new adapter adds itself to `ADAPTERS`."""

import asyncio
from collections.abc import Callable

import pytest

from cti.bus import Bus, Lagged, Subscription
from cti.bus.encoding import BadEvent
from cti.bus.memory import MemoryBus
from domain.events import CALLS, DESK, CallAnswered, Event, LanguageChosen, PartialHeard

ADAPTERS: dict[str, Callable[[int], Bus]] = {"memory": lambda capacity: MemoryBus(capacity=capacity)}


@pytest.fixture(params=sorted(ADAPTERS))
def make_bus(request: pytest.FixtureRequest) -> Callable[[int], Bus]:
    return ADAPTERS[request.param]


def partial(text: str) -> PartialHeard:
    return PartialHeard(call_id="1.1", at_ms=1, text=text)


async def take(subscription: Subscription, count: int) -> list[Event]:
    taken: list[Event] = []
    async for event in subscription:
        taken.append(event)
        if len(taken) == count:
            break
    return taken


async def test_a_reader_gets_what_was_published_in_its_order(make_bus):
    bus = make_bus(100)
    reader = bus.subscribe(CALLS)
    stated = [partial(str(number)) for number in range(50)]
    for event in stated:
        await bus.publish(CALLS, event)
    assert await take(reader, 50) == stated


async def test_every_reader_gets_every_event(make_bus):
    bus = make_bus(100)
    readers = [bus.subscribe(CALLS) for _ in range(3)]
    event = CallAnswered(
        call_id="1.1", at_ms=5, number="+46701740605", name='"Åsa" <öberg>\r\n', codec="ulaw"
    )
    await bus.publish(CALLS, event)
    assert [await take(reader, 1) for reader in readers] == [[event]] * 3


async def test_a_reader_hears_nothing_from_before_it_subscribed(make_bus):
    bus = make_bus(100)
    await bus.publish(CALLS, partial("before"))
    reader = bus.subscribe(CALLS)
    await bus.publish(CALLS, partial("after"))
    assert [event.text for event in await take(reader, 1)] == ["after"]


async def test_a_reader_is_registered_before_it_first_iterates(make_bus):
    bus = make_bus(100)
    reader = bus.subscribe(CALLS)
    await bus.publish(CALLS, partial("early"))
    assert [event.text for event in await take(reader, 1)] == ["early"]


async def test_streams_do_not_mix(make_bus):
    bus = make_bus(100)
    desk = bus.subscribe(DESK)
    await bus.publish(CALLS, partial("a call"))
    await bus.publish(DESK, partial("a desk"))
    assert [event.text for event in await take(desk, 1)] == ["a desk"]


async def test_a_waiting_reader_wakes_when_something_is_published(make_bus):
    bus = make_bus(100)
    waiting = asyncio.create_task(take(bus.subscribe(CALLS), 2))
    for text in ("one", "two"):
        await asyncio.sleep(0)
        await bus.publish(CALLS, partial(text))
    assert [event.text for event in await waiting] == ["one", "two"]


async def test_a_slow_reader_is_told_that_it_lagged_and_holds_up_nobody(make_bus):
    bus = make_bus(10)
    slow, quick = bus.subscribe(CALLS), bus.subscribe(CALLS)
    for number in range(11):
        await bus.publish(CALLS, partial(str(number)))
        assert [event.text for event in await take(quick, 1)] == [str(number)]
    with pytest.raises(Lagged):
        await take(slow, 1)


async def test_a_reader_that_lagged_may_subscribe_again(make_bus):
    bus = make_bus(1)
    slow = bus.subscribe(CALLS)
    for text in ("one", "two"):
        await bus.publish(CALLS, partial(text))
    with pytest.raises(Lagged):
        await take(slow, 1)
    again = bus.subscribe(CALLS)
    await bus.publish(CALLS, partial("three"))
    assert [event.text for event in await take(again, 1)] == ["three"]


async def test_closing_ends_an_iteration_that_waits(make_bus):
    bus = make_bus(10)
    reader = bus.subscribe(CALLS)
    waiting = asyncio.create_task(take(reader, 1))
    await asyncio.sleep(0)
    reader.close()
    reader.close()
    assert await waiting == []
    await bus.publish(CALLS, partial("to nobody"))


async def test_an_event_that_cannot_be_encoded_is_refused_and_disturbs_no_reader(make_bus):
    bus = make_bus(10)
    reader = bus.subscribe(CALLS)
    with pytest.raises(BadEvent):
        await bus.publish(CALLS, LanguageChosen(call_id="1.1", at_ms=1, language="\udcff"))
    await bus.publish(CALLS, partial("good"))
    assert [event.text for event in await take(reader, 1)] == ["good"]


async def test_what_a_reader_gets_is_its_own(make_bus):
    bus = make_bus(10)
    readers = [bus.subscribe(CALLS) for _ in range(2)]
    await bus.publish(CALLS, partial("same"))
    [one], [other] = [await take(reader, 1) for reader in readers]
    assert one == other
    assert one is not other
