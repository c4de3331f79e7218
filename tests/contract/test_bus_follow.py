"""How everybody follows a stream, on every adapter."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from cti.bus import NOW, Bus, BusDown, Position, Subscription
from cti.bus.follow import FollowReport, follow, troubles_of
from domain.event import Event
from domain.streams import CALLS
from tests.bus_events import UNREADABLE, publish_bytes, state, until


class Follower:
    """Notes what it handles; `before` is awaited before each, `kept` is the position after the last."""

    def __init__(self, bus: Any, **how: Any) -> None:
        self.bus, self.how = bus, how
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.before: Callable[[str], Any] | None = None
        self.kept: Position = how.get("after", NOW)
        self.report = FollowReport()

    async def handle(self, event: Event, position: Position) -> None:
        text: str = event.text  # type: ignore[attr-defined]
        if self.before:
            await self.before(text)
        self.heard.put_nowait(text)
        self.kept = position

    async def next(self, count: int = 1) -> list[str]:
        async with asyncio.timeout(10):
            return [await self.heard.get() for _ in range(count)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Follower"]:
        how = {**self.how, "after": self.kept}
        task = asyncio.create_task(follow(self.bus, CALLS, self.handle, report=self.report, **how))
        try:
            async with asyncio.timeout(10):
                await self.report.connected.wait()
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


class Weather:
    """A bus in front of another, which is down when a test says so."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.open: list[Subscription] = []
        self.down = False

    async def subscribe(self, stream: str, after: Position = NOW) -> Subscription:
        if self.down:
            raise BusDown("no connection")
        self.open.append(await self._bus.subscribe(stream, after))
        return self.open[-1]

    def breaks(self) -> None:
        self.down = True
        for subscription in self.open:
            subscription.close()


async def test_every_event_is_handled_in_its_order_with_its_position(make_bus):
    bus = make_bus()
    async with Follower(bus).running() as follower:
        positions = await state(bus, *map(str, range(150)))
        assert await follower.next(150) == [str(number) for number in range(150)]
        assert follower.kept == positions[-1]


@pytest.mark.parametrize("data", UNREADABLE)
async def test_an_event_nobody_can_read_is_passed_over_and_reported(make_bus, data):
    bus = make_bus()
    with capture_logs() as logs:
        async with Follower(bus).running() as follower:
            await state(bus, "before")
            unreadable = await publish_bytes(bus, data)
            assert await follower.next() == ["before"]
            await until(lambda: follower.report.position == unreadable)
            await state(bus, "after")
            assert await follower.next() == ["after"]
            assert (follower.report.state, follower.report.unreadable) == ("ok", 1)
    assert [line["event"] for line in logs] == ["event_unreadable"]


async def test_what_was_passed_over_and_missed_is_told_for_an_hour(make_bus):
    bus, now_s = make_bus(), [1000.0]
    follower = Follower(bus)
    follower.report = report = FollowReport(clock_s=lambda: now_s[0])
    async with follower.running():
        assert (troubles_of({CALLS: report}), report.gaps_lately) == ([], 0)
        await publish_bytes(bus, UNREADABLE[0])
        await until(lambda: bool(troubles_of({CALLS: report})))
    now_s[0] += 1800
    follower.kept = "a position nobody gave"
    async with follower.running():
        await until(lambda: report.state == "ok")
        assert (troubles_of({CALLS: report}), report.gaps_lately) == (["1 events were passed over"], 1)
        now_s[0] += 1800
        assert (troubles_of({CALLS: report}), report.gaps_lately) == ([], 1)
        now_s[0] += 1800
        assert (troubles_of({CALLS: report}), report.gaps_lately) == ([], 0)
    assert (report.unreadable, report.gaps) == (1, 1)


async def test_a_handler_that_raises_costs_its_event_only(make_bus):
    bus = make_bus()

    async def breaks(text: str) -> None:
        if text == "bad":
            raise ValueError("a bug")

    follower = Follower(bus)
    follower.before = breaks
    with capture_logs() as logs:
        async with follower.running():
            await state(bus, "bad", "good")
            assert await follower.next() == ["good"]
    assert (follower.report.failed, follower.report.handled) == (1, 1)
    assert [line["event"] for line in logs] == ["event_not_handled"]


async def test_cancelled_in_the_middle_it_takes_up_at_the_event_in_hand(make_bus):
    bus, reached = make_bus(), asyncio.Event()

    async def hangs(text: str) -> None:
        if text == "3":
            reached.set()
            await asyncio.Event().wait()

    follower = Follower(bus)
    follower.before = hangs
    async with follower.running():
        await state(bus, *map(str, range(6)))
        await reached.wait()
    follower.before = None
    async with follower.running():
        assert await follower.next(6) == ["0", "1", "2", "3", "4", "5"]


async def test_a_burst_leaves_others_their_turn(make_bus):
    bus, go, at_our_turns = make_bus(), asyncio.Event(), [0]
    follower = Follower(bus)
    follower.before = lambda text: go.wait()
    async with follower.running():
        await state(bus, *map(str, range(100)))
        go.set()
        while at_our_turns[-1] < 100:
            await asyncio.sleep(0)
            at_our_turns.append(follower.report.handled)
    assert max(later - before for before, later in pairwise(at_our_turns)) <= 2


async def test_after_a_gap_it_asks_for_a_snapshot_and_hears_all_that_comes_meanwhile(make_bus):
    bus, asked, snapshot = make_bus(10), asyncio.Event(), asyncio.Event()

    async def after_gap() -> None:
        asked.set()
        await snapshot.wait()

    follower = Follower(bus, after="of another life", after_gap=after_gap)
    async with follower.running():
        await asked.wait()
        await state(bus, "meanwhile")
        assert follower.heard.empty()
        snapshot.set()
        assert await follower.next() == ["meanwhile"]
        assert (follower.report.gaps, follower.report.state) == (1, "ok")


async def test_a_follower_that_is_too_slow_gets_a_gap_and_goes_on(make_bus):
    bus, go, gaps = make_bus(10), asyncio.Event(), asyncio.Queue()

    async def after_gap() -> None:
        gaps.put_nowait("gap")

    async def slowly(text: str) -> None:
        await go.wait()

    follower = Follower(bus, after_gap=after_gap)
    follower.before = slowly
    async with follower.running():
        await state(bus, *map(str, range(1000)))
        go.set()
        await asyncio.wait_for(gaps.get(), 10)
        await state(bus, "next")
        while await follower.next() != ["next"]:
            pass
    assert follower.report.gaps == 1


async def test_a_snapshot_that_fails_is_asked_for_again_and_health_says_so(make_bus):
    bus, states = make_bus(), []
    follower = Follower(bus, after="of another life")

    async def after_gap() -> None:
        states.append(follower.report.state)
        if len(states) < 3:
            raise ConnectionError("the owner is away")

    follower.how["after_gap"] = after_gap
    async with follower.running():
        await state(bus, "after")
        assert await follower.next() == ["after"]
    assert len(states) == 3
    assert "the owner is away" in states[-1]


async def test_while_the_bus_is_down_it_waits_and_then_takes_up_where_it_was(make_bus):
    bus = make_bus()
    weather = Weather(bus)
    async with Follower(weather).running() as follower:
        await state(bus, "before")
        assert await follower.next() == ["before"]
        weather.breaks()
        await state(bus, "during")
        await until(lambda: follower.report.state == "no connection")
        assert not follower.report.connected.is_set()
        weather.down = False
        await state(bus, "after")
        assert await follower.next(2) == ["during", "after"]
        assert (follower.report.state, follower.report.gaps) == ("ok", 0)


async def test_a_follower_that_has_heard_nothing_yet_misses_nothing_either_while_the_bus_is_down(make_bus):
    bus = make_bus()
    weather = Weather(bus)
    async with Follower(weather).running() as follower:
        weather.breaks()
        await state(bus, "during")
        await until(lambda: follower.report.state == "no connection")
        weather.down = False
        assert await follower.next() == ["during"]


async def test_a_bus_that_is_down_at_first_is_followed_as_soon_as_it_is_there(make_bus):
    weather = Weather(make_bus())
    weather.down = True
    follower = Follower(weather)
    waking = asyncio.get_running_loop().call_later(0.1, lambda: setattr(weather, "down", False))
    async with follower.running():
        assert waking.when() <= asyncio.get_running_loop().time()
        await state(weather._bus, "heard")
        assert await follower.next() == ["heard"]


async def test_a_bus_that_was_closed_is_said_to_be_down(make_bus):
    bus = make_bus()
    async with Follower(bus).running() as follower:
        await bus.close()
        await until(lambda: "closed" in follower.report.state)
