"""What is stated without waiting reaches the bus in its order, however the bus fares."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from cti.bus import BusDown
from cti.bus.memory import MemoryBus
from cti.bus.outlet import Outlet, PatientPublisher
from domain.dialogue import LanguageChosen
from domain.streams import CALLS
from tests.bus_events import partial, texts, until


class MoodyBus(MemoryBus):
    """Down while `down`, broken for one event where `bug` says so."""

    down, bug = False, False

    async def publish(self, stream, event):
        if self.down:
            raise BusDown("no connection")
        if self.bug:
            self.bug = False
            raise RuntimeError("a bug")
        return await super().publish(stream, event)


@asynccontextmanager
async def running(outlet):
    task = asyncio.create_task(outlet.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_facts_reach_the_bus_in_their_order():
    bus = MoodyBus()
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus)
    for number in range(10):
        outlet.publish(CALLS, partial(str(number)))
    async with running(outlet):
        await outlet.drained()
    assert await texts(reader, 10) == [str(number) for number in range(10)]


async def test_while_the_bus_is_down_facts_wait_and_none_is_lost():
    bus = MoodyBus()
    bus.down = True
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus)
    async with running(outlet):
        for text in ("one", "two"):
            outlet.publish(CALLS, partial(text))
        await until(lambda: outlet.state == "no connection")
        bus.down = False
        await outlet.drained()
    assert await texts(reader, 2) == ["one", "two"]
    assert (outlet.state, outlet.dropped) == ("ok", 0)


async def test_when_too_many_wait_the_newest_is_dropped_and_said():
    bus = MoodyBus()
    bus.down = True
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus, capacity=2)
    with capture_logs() as logs:
        for text in ("one", "two", "three"):
            outlet.publish(CALLS, partial(text))
    assert [(line["event"], line["lost"]) for line in logs] == [("bus_stands_still", "PartialHeard")]
    bus.down = False
    async with running(outlet):
        await outlet.drained()
    assert await texts(reader, 2) == ["one", "two"]
    assert outlet.dropped == 1


@pytest.mark.parametrize("bug", [True, False])
async def test_a_fact_the_bus_will_never_take_does_not_hold_up_the_next(bug):
    bus = MoodyBus()
    bus.bug = bug
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus)
    bad = partial("bad") if bug else LanguageChosen(call_id="1.1", at_ms=1, language="\udcff")
    with capture_logs() as logs:
        async with running(outlet):
            outlet.publish(CALLS, bad)
            outlet.publish(CALLS, partial("good"))
            await outlet.drained()
    assert [line["event"] for line in logs] == ["not_published"]
    assert await texts(reader, 1) == ["good"]


async def test_who_publishes_patiently_never_waits_for_a_bus_that_is_down():
    bus = MoodyBus()
    bus.down = True
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus)
    async with running(outlet):
        for text in ("one", "two"):
            await PatientPublisher(outlet).publish(CALLS, partial(text))
        bus.down = False
        await outlet.drained()
    assert await texts(reader, 2) == ["one", "two"]
