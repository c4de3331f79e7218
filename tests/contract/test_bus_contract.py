"""What every adapter of the bus must do; a new adapter adds itself to `make_bus` in conftest.py."""

import asyncio

import pytest

from cti.bus import NOW, BusDown, Delivery, Gap
from cti.bus.encoding import BadEvent
from domain.calls import CallAnswered
from domain.dialogue import LanguageChosen
from domain.event import Event
from domain.streams import AGENTS, CALLS
from tests.bus_events import UNREADABLE, partial, publish_bytes, state, take, texts

FULL = 500  # events that no stream of a capacity of ten keeps; Redis drops them a hundred at a time


class TestReading:
    async def test_a_reader_gets_what_was_published_in_its_order(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        stated = [partial(str(number)) for number in range(250)]
        for event in stated:
            await bus.publish(CALLS, event)
        assert await take(reader, 250) == stated

    async def test_every_reader_gets_every_event(self, make_bus):
        bus = make_bus()
        readers = [await bus.subscribe(CALLS) for _ in range(30)]
        event = CallAnswered(
            call_id="1.1", at_ms=5, number="+46701740605", name='"Åsa 🤷" <öberg>\r\n', codec="ulaw"
        )
        await bus.publish(CALLS, event)
        assert [await take(reader, 1) for reader in readers] == [[event]] * 30

    async def test_a_reader_hears_nothing_from_before_it_subscribed(self, make_bus):
        bus = make_bus()
        await state(bus, "before")
        reader = await bus.subscribe(CALLS)
        await state(bus, "after")
        assert await texts(reader, 1) == ["after"]

    async def test_a_reader_is_registered_before_it_first_iterates(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        await state(bus, "early")
        assert await texts(reader, 1) == ["early"]

    async def test_streams_do_not_mix(self, make_bus):
        bus = make_bus()
        desk = await bus.subscribe(AGENTS)
        await state(bus, "a call")
        await state(bus, "a desk", stream=AGENTS)
        assert await texts(desk, 1) == ["a desk"]

    async def test_a_waiting_reader_wakes_when_something_is_published(self, make_bus):
        bus = make_bus()
        waiting = asyncio.create_task(texts(await bus.subscribe(CALLS), 2))
        for text in ("one", "two"):
            await asyncio.sleep(0)
            await state(bus, text)
        assert await waiting == ["one", "two"]

    async def test_what_a_reader_gets_is_its_own(self, make_bus):
        bus = make_bus()
        readers = [await bus.subscribe(CALLS) for _ in range(2)]
        await state(bus, "same")
        [one], [other] = [await take(reader, 1) for reader in readers]
        assert one == other
        assert one is not other

    async def test_an_event_of_a_megabyte_travels_whole(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        long = "å" * 500_000
        await state(bus, long, "short")
        assert await texts(reader, 2) == [long, "short"]

    async def test_what_is_stated_in_one_task_comes_in_its_order_however_many_state(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        await asyncio.gather(*(state(bus, *(f"{who} {n}" for n in range(20))) for who in "abc"))
        heard = await texts(reader, 60)
        for who in "abc":
            assert [text for text in heard if text[0] == who] == [f"{who} {n}" for n in range(20)]

    async def test_what_is_stated_at_once_comes_in_the_order_in_which_it_was_stated(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        await asyncio.gather(*(state(bus, str(number)) for number in range(100)))
        assert await texts(reader, 100) == [str(number) for number in range(100)]

    async def test_a_reader_that_is_cancelled_while_it_waits_misses_nothing(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        waiting = asyncio.create_task(take(reader, 1))
        await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.wait([waiting])
        await state(bus, "later")
        assert await texts(reader, 1) == ["later"]


class TestPositions:
    async def test_a_reader_takes_up_after_the_position_it_was_at(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        await state(bus, "one", "two", "three")
        await take(reader, 2)
        reader.close()
        assert await texts(await bus.subscribe(CALLS, reader.position), 1) == ["three"]

    async def test_publishing_tells_the_position_of_the_event(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        [first, _] = await state(bus, "one", "two")
        await take(reader, 1)
        assert reader.position == first
        assert await texts(await bus.subscribe(CALLS, first), 1) == ["two"]

    async def test_each_delivery_tells_where_it_leaves_the_reader(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        positions = await state(bus, "one", "two")
        deliveries: list[Delivery] = []
        async for delivery in reader:
            deliveries.append(delivery)
            assert reader.position == delivery.position
            if len(deliveries) == 2:
                break
        assert [delivery.position for delivery in deliveries] == positions

    async def test_a_new_reader_knows_where_it_stands(self, make_bus):
        bus = make_bus()
        await state(bus, "before")
        reader = await bus.subscribe(CALLS)
        await state(bus, "after")
        assert await texts(await bus.subscribe(CALLS, reader.position), 1) == ["after"]

    async def test_where_a_reader_of_an_empty_stream_stands_is_a_position_too(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        await state(bus, "first")
        assert await texts(await bus.subscribe(CALLS, reader.position), 1) == ["first"]

    async def test_the_empty_position_is_before_the_oldest_event(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS, "")
        await state(bus, "one", "two")
        assert await texts(reader, 2) == ["one", "two"]
        assert await texts(await bus.subscribe(CALLS, ""), 2) == ["one", "two"]

    async def test_from_the_oldest_of_a_full_stream_at_least_its_capacity_is_heard(self, make_bus):
        bus = make_bus(10)
        await state(bus, *(str(number) for number in range(FULL)))
        reader = await bus.subscribe(CALLS, "")
        first = int((await texts(reader, 1))[0])
        assert 0 < first <= FULL - 10
        rest = await texts(reader, FULL - 1 - first)
        assert rest == [str(number) for number in range(first + 1, FULL)]

    async def test_a_position_whose_next_event_is_gone_is_a_gap(self, make_bus):
        bus = make_bus(10)
        [old, *_] = await state(bus, *(str(number) for number in range(FULL)))
        with pytest.raises(Gap):
            await take(await bus.subscribe(CALLS, old), 1)

    @pytest.mark.parametrize("said", [0, 5])
    async def test_a_position_of_another_life_of_the_bus_is_a_gap(self, make_bus, said):
        bus, other = make_bus(), make_bus()
        [foreign] = await state(other, "elsewhere")
        await state(bus, *(str(number) for number in range(said)))
        with pytest.raises(Gap):
            await take(await bus.subscribe(CALLS, foreign), 1)

    @pytest.mark.parametrize("rubbish", ["rubbish", "0", "-", "1-2", "1-2-3", "x" * 5000, "9" * 5000, "å-٣"])
    async def test_a_position_that_nobody_gave_is_a_gap(self, make_bus, rubbish):
        with pytest.raises(Gap):
            await take(await make_bus().subscribe(CALLS, rubbish), 1)


class TestFullStreams:
    async def test_a_slow_reader_is_told_and_holds_up_nobody(self, make_bus):
        bus = make_bus(10)
        slow, quick = await bus.subscribe(CALLS), await bus.subscribe(CALLS)
        for number in range(FULL):
            await state(bus, str(number))
            assert await texts(quick, 1) == [str(number)]
        with pytest.raises(Gap):
            await take(slow, 1)

    async def test_after_a_gap_the_reader_may_subscribe_again(self, make_bus):
        bus = make_bus(1)
        slow = await bus.subscribe(CALLS)
        await state(bus, *map(str, range(FULL)))
        with pytest.raises(Gap):
            await take(slow, 1)
        again = await bus.subscribe(CALLS, NOW)
        await state(bus, "next")
        assert await texts(again, 1) == ["next"]
        assert await take(slow, 1) == [], "a reader that met a gap is closed"


class TestEnding:
    async def test_closing_ends_an_iteration_that_waits(self, make_bus):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        waiting = asyncio.create_task(take(reader, 1))
        await asyncio.sleep(0.02)
        reader.close()
        reader.close()
        assert await waiting == []
        await state(bus, "to nobody")
        assert await take(reader, 1) == []

    async def test_closing_the_bus_ends_every_iteration_and_then_it_is_down(self, make_bus):
        bus = make_bus()
        waiting = [asyncio.create_task(take(await bus.subscribe(CALLS), 1)) for _ in range(3)]
        await asyncio.sleep(0.02)
        assert bus.state == "ok"
        await bus.close()
        await bus.close()
        assert await asyncio.gather(*waiting) == [[]] * 3
        assert bus.state == "closed"
        with pytest.raises(BusDown):
            await state(bus, "too late")
        with pytest.raises(BusDown):
            await bus.subscribe(CALLS)


class TestBadEvents:
    @pytest.mark.parametrize(
        "bad",
        [
            LanguageChosen(call_id="1.1", at_ms=1, language="\udcff"),
            LanguageChosen(call_id="1.1", at_ms=1, language=7),
            type("Unheard", (Event,), {})(at_ms=1),
        ],
    )
    async def test_an_event_that_cannot_be_encoded_is_refused_and_disturbs_no_reader(self, make_bus, bad):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        with pytest.raises(BadEvent):
            await bus.publish(CALLS, bad)
        await state(bus, "good")
        assert await texts(reader, 1) == ["good"]

    @pytest.mark.parametrize("data", UNREADABLE)
    async def test_what_nobody_can_read_is_delivered_as_such_and_ends_nothing(self, make_bus, data):
        bus = make_bus()
        reader = await bus.subscribe(CALLS)
        position = await publish_bytes(bus, data)
        await state(bus, "good")
        async for delivery in reader:
            assert (delivery.position, delivery.event) == (position, None)
            assert delivery.problem
            break
        assert await texts(reader, 1) == ["good"]
