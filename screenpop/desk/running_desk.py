"""The desk on the bus: it follows what is stated, states what pages say, and asks the owner what is so."""

import asyncio
import contextlib
from collections.abc import Callable

from cti.bus import NOW, Bus, Position
from cti.bus.follow import AfterGap, FollowReport, follow, troubles_of
from cti.bus.outlet import Outlet
from cti.work import Work
from domain.event import Event
from domain.streams import AGENTS, CALLS, OFFERS, PARTIALS
from screenpop.desk.desk import Desk
from screenpop.desk.inquiry import Inquiry
from screenpop.desk.live_state import LiveState
from screenpop.server.config import WebConfig

_FOLLOWED = (CALLS, AGENTS, OFFERS, PARTIALS)
_START_S = 5.0


class RunningDesk:
    """The desk and everything that runs for it, from `start` to `close`; `work` takes what else must run."""

    def __init__(self, config: WebConfig, bus: Bus) -> None:
        self._bus = bus
        self._outlet = Outlet(bus)
        self.work = Work()
        self._reports = {stream: FollowReport() for stream in _FOLLOWED}
        asked_on = [self._reports[CALLS], self._reports[AGENTS]]
        self._inquiry = Inquiry(self._publish, asked_on, patience_s=config.owner_patience_s)
        self.state_shown = LiveState(
            kept=config.outbox_frames // 2
        )  # what a page missed fits into its outbox
        self.desk = Desk(
            self.state_shown,
            self._inquiry,
            self._publish,
            endpoints=config.sip_passwords,
            away_after_s=config.away_after_s,
        )

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""
        parts = {"": self.work.state, "bus": self._outlet.state, "owner": self._inquiry.state}
        troubles = [f"{name}: {state}".removeprefix(": ") for name, state in parts.items() if state != "ok"]
        return "; ".join([*troubles, *troubles_of(self._reports)]) or "ok"

    async def start(self) -> None:
        """Follow, then ask. A bus that is away shows in health, and is followed once it is back."""
        desk = self.desk
        self.work.start("bus", self._outlet.run)
        self._follow(CALLS, desk.show, self._ask_again)
        self._follow(AGENTS, desk.show, self._ask_again)
        # Nothing to ask: the gate has settled offers that were missed, words so far are soon said anew.
        self._follow(OFFERS, desk.follow_offer)
        self._follow(PARTIALS, desk.show_partial)
        self.work.start("owner", self._inquiry.run)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                for report in self._reports.values():
                    await report.connected.wait()

    async def close(self) -> None:
        await self.work.close()

    def _publish(self, event: Event) -> None:
        self._outlet.publish(event.stream, event)

    def _follow(self, stream: str, show: Callable[[Event], None], after_gap: AfterGap | None = None) -> None:
        async def handle(event: Event, position: Position) -> None:
            show(event)

        async def run() -> None:
            report = self._reports[stream]
            after = report.position or NOW
            await follow(self._bus, stream, handle, after=after, after_gap=after_gap, report=report)

        self.work.start(stream, run)

    async def _ask_again(self) -> None:
        """The answer comes on the very stream that waits for this: it is only asked for here."""
        self._inquiry.open()
