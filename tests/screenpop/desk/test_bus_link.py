"""The desk's connection to the bus goes on whatever comes along it."""

import asyncio
from typing import Any

from structlog.testing import capture_logs

from cti.bus.memory import MemoryBus
from domain.events import CALLS, DialogueEnded, Event
from screenpop.desk.bus_link import Wire
from tests.bus_events import events_of


def fact(reason: Any) -> DialogueEnded:
    return DialogueEnded(at_ms=0, call_id="call1", reason=reason)


async def no_gap() -> None:
    raise AssertionError("nothing was missed")


async def test_an_event_that_cannot_be_shown_does_not_stop_the_next(bus: MemoryBus) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()

    def hear(event: Event) -> None:
        if event == fact_that_breaks:
            raise ValueError("broken")
        heard.put_nowait(event)

    fact_that_breaks, good = fact("breaks"), fact("done")
    with capture_logs() as logs:
        async with Wire(bus).hearing(CALLS, hear, no_gap):
            await bus.publish(CALLS, fact_that_breaks)
            await bus.publish(CALLS, good)
            assert await asyncio.wait_for(heard.get(), 10) == good
    assert [line["event"] for line in logs] == ["event_not_handled"]


async def test_a_fact_the_bus_refuses_does_not_hold_up_the_next(bus: MemoryBus) -> None:
    wire, heard, good = Wire(bus), await bus.subscribe(CALLS), fact("done")
    with capture_logs() as logs:
        async with wire.speaking():
            wire.publish(CALLS, fact(object()))
            wire.publish(CALLS, good)
            assert await asyncio.wait_for(anext(events_of(heard)), 10) == good
    assert [line["event"] for line in logs] == ["not_published"]


def test_a_bus_that_stands_still_does_not_fill_the_memory(bus: MemoryBus) -> None:
    wire = Wire(bus)
    with capture_logs() as logs:
        for _ in range(1001):
            wire.publish(CALLS, fact("done"))
    assert [line["event"] for line in logs] == ["bus_stands_still"]
