"""How everybody follows a stream: in order, over what it cannot read, through gaps and a bus that is down.

what comes                      what follow does
an event                        awaits handle(event, position)
one that cannot be read         reports it and passes over it
one that handle raises on       logs it and passes over it
a Gap                           subscribes from NOW, then awaits after_gap(): what is stated while the
                                snapshot is fetched comes after it, possibly twice, never not at all
after_gap raises                logs it and awaits it again, after a pause
BusDown                         takes up after the last event handled, after a pause
"""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

import structlog

from cti.bus import NOW, BusDown, Delivery, Gap, Position, Subscriber, Subscription
from cti.bus.pause import GrowingPause
from domain.event import Event

log = structlog.get_logger()

Handle = Callable[[Event, Position], Awaitable[None]]
AfterGap = Callable[[], Awaitable[None]]

_TOLD_S = 3600.0  # what is over and cannot be undone: long enough to be seen, not until the next start


@dataclass
class FollowReport:
    """How a follower stands, for health and figures.

    `state` is `ok` or what is wrong. `connected` is set while it is subscribed. `position`
    is after the last event that was handled or passed over: what is kept to take up after.
    """

    state: str = "not started"
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    position: Position = ""
    handled: int = 0
    unreadable: int = 0
    failed: int = 0
    gaps: int = 0
    clock_s: Callable[[], float] = monotonic
    _passed_over_s: float = -math.inf
    _missed_s: float = -math.inf

    def note_unreadable(self) -> None:
        """One event could not be read."""
        self.unreadable += 1
        self._passed_over_s = self.clock_s()

    def note_failed(self) -> None:
        """One event was read and not handled."""
        self.failed += 1
        self._passed_over_s = self.clock_s()

    def note_gap(self) -> None:
        """Events went by that nobody will read any more."""
        self.gaps += 1
        self._missed_s = self.clock_s()

    @property
    def passed_over_lately(self) -> int:
        """How many were passed over in all; 0 once the last is an hour ago."""
        is_recent = self.clock_s() - self._passed_over_s < _TOLD_S
        return self.unreadable + self.failed if is_recent else 0

    @property
    def gaps_lately(self) -> int:
        """How many gaps there were in all; 0 once the last is an hour ago."""
        return self.gaps if self.clock_s() - self._missed_s < _TOLD_S else 0


def troubles_of(reports: Mapping[str, FollowReport]) -> list[str]:
    """What is wrong with followers, by stream; a gap is for them to tell whom no snapshot makes up for it."""
    troubles = [f"{stream}: {report.state}" for stream, report in reports.items() if report.state != "ok"]
    if passed_over := sum(report.passed_over_lately for report in reports.values()):
        troubles.append(f"{passed_over} events were passed over")
    return troubles


async def follow(
    bus: Subscriber,
    stream: str,
    handle: Handle,
    *,
    after: Position = NOW,
    after_gap: AfterGap | None = None,
    report: FollowReport | None = None,
) -> None:
    """Have every event of the stream handled, from after that position on, until cancelled.

    `handle` gets one event at a time and may get one twice; others get their turn between two. Whoever must
    know from when on nothing is missed waits for `report.connected`.
    """
    await _Follower(bus, stream, handle, after, after_gap, report or FollowReport()).run()


class _Follower:
    """`_missed`: something was, and the snapshot that makes up for it is not there yet."""

    def __init__(
        self,
        bus: Subscriber,
        stream: str,
        handle: Handle,
        after: Position,
        after_gap: AfterGap | None,
        report: FollowReport,
    ) -> None:
        self._bus = bus
        self._stream = stream
        self._handle = handle
        self._after_gap = after_gap
        self._report = report
        self._report.position = after
        self._missed = False
        self._pause = GrowingPause()

    async def run(self) -> None:
        while True:
            try:
                await self._follow_on()
            except Gap as gap:
                log.warning("bus_gap", stream=self._stream, why=str(gap))
                self._report.position, self._missed = NOW, True
                self._report.note_gap()
            except BusDown as down:
                log.warning("bus_not_followed", stream=self._stream, why=str(down))
                self._report.state = str(down)
                await self._pause.wait()
            finally:
                self._report.connected.clear()

    async def _follow_on(self) -> None:
        """From where we stand until the subscription ends, one way or another."""
        subscription = await self._bus.subscribe(self._stream, self._report.position)
        with contextlib.closing(subscription):
            # "Now" has become a place: what is stated during a break is still to come.
            self._report.position = subscription.position
            self._report.connected.set()
            while self._missed and not await self._made_up():
                await self._pause.wait()
            self._report.state = "ok"
            self._pause.succeeded()
            await self._take(subscription)
        # An iteration that merely ends: nothing is followed any more either.
        raise BusDown("the bus was closed")

    async def _made_up(self) -> bool:
        try:
            if self._after_gap:
                await self._after_gap()
        except Exception as error:
            log.exception("gap_not_made_up", stream=self._stream)
            self._report.state = f"something was missed: {error!r}"
            return False
        self._missed = False
        return True

    async def _take(self, subscription: Subscription) -> None:
        async for delivery in subscription:
            if delivery.event is None:
                self._report.note_unreadable()
                log.error("event_unreadable", stream=self._stream, why=delivery.problem)
            else:
                await self._give(delivery.event, delivery)
            self._report.position = delivery.position
            await asyncio.sleep(0)  # a burst leaves the others their turn

    async def _give(self, event: Event, delivery: Delivery) -> None:
        try:
            await self._handle(event, delivery.position)
            self._report.handled += 1
        except Exception:
            self._report.note_failed()
            kind = type(event).__name__
            log.exception("event_not_handled", stream=self._stream, kind=kind, event_id=event.event_id)
