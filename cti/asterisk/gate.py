"""The offer gate: the agent's phone waits until the screen-pop is painted, at most `cap_ms`."""

import asyncio

import structlog

from cti.asterisk.agi import AgiChannel
from cti.bus import Bus, Position
from cti.bus.follow import FollowReport, follow, troubles_of
from cti.bus.outlet import Outlet
from cti.work import Work
from domain.clock import now_ms
from domain.endpoints import phone_of
from domain.event import MAIN_NODE, Event, new_id
from domain.offers import MissCause, OfferAnswered, OfferMade, OfferMissed, OfferShown
from domain.streams import OFFERS

log = structlog.get_logger()

_START_S = 5.0  # a bus that is away must not keep the program from starting


class OfferGate:
    """AGI handler of the queue's pre-dial subroutine, on the agent's channel; from `start` to `close`."""

    def __init__(self, bus: Bus, cap_ms: int, node: str = MAIN_NODE) -> None:
        self._bus = bus
        self._node = node
        self._cap_ms = cap_ms
        self._outlet = Outlet(bus)
        self._verdicts: dict[str, _Verdict] = {}
        self._report = FollowReport()
        self._work = Work()

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""
        parts = (self._work.state, self._outlet.state)
        troubles = [*(state for state in parts if state != "ok"), *troubles_of({OFFERS: self._report})]
        return "; ".join(troubles) or "ok"

    async def start(self) -> None:
        """Hear what browsers answer from now on."""
        self._work.start("gate's answers", self._follow)
        self._work.start("gate's offers", self._outlet.run)
        try:
            async with asyncio.timeout(_START_S):
                await self._report.connected.wait()
        except TimeoutError:
            # Phones ring after the cap all the same.
            log.warning("gate_hears_nothing", why=self._report.state)

    async def close(self) -> None:
        await self._work.close()

    async def __call__(self, agi: AgiChannel) -> None:
        """Show the call to the agent; the INVITE leaves when this returns."""
        call_id = await agi.variable("${CHANNEL(linkedid)}")
        phone = phone_of(agi.environment.get("agi_channel", ""))
        if phone is None:
            log.warning("offer_to_nobody", channel=agi.environment.get("agi_channel", "")[:80])
        else:
            await self.show(call_id, phone[0], agi.environment.get("agi_arg_1") or self._node)

    async def show(self, call_id: str, agent: str, node: str = MAIN_NODE) -> MissCause | None:
        """Offer the call to the agent's browser; None once it is painted, else why it is not."""
        offer_id, verdict = new_id(), _Verdict()
        # Before it is stated, so that no answer can come too early.
        self._verdicts[offer_id] = verdict
        made = OfferMade(at_ms=now_ms(), call_id=call_id, node=node, offer_id=offer_id, agent=agent)
        self._state(made)
        try:
            async with asyncio.timeout(self._cap_ms / 1000):
                await verdict.settled.wait()
        except TimeoutError:
            pass
        finally:
            # From here on an answer changes nothing: the phone rings.
            del self._verdicts[offer_id]
        if verdict.cause is None:
            shown = OfferShown(at_ms=now_ms(), call_id=call_id, node=node, offer_id=offer_id, agent=agent)
            self._state(shown)
        else:
            missed = OfferMissed(
                at_ms=now_ms(),
                call_id=call_id,
                node=node,
                offer_id=offer_id,
                agent=agent,
                cause=verdict.cause,
            )
            self._state(missed)
            log.warning("offer_missed", cause=verdict.cause, call_id=call_id, agent=agent)
        return verdict.cause

    def _state(self, event: Event) -> None:
        # Through an outlet: a bus that is down must not make the agent's phone wait longer than the cap.
        self._outlet.publish(event.stream, event)

    async def _follow(self) -> None:
        await follow(self._bus, OFFERS, self._hear, report=self._report)

    async def _hear(self, event: Event, _position: Position) -> None:
        if isinstance(event, OfferAnswered) and (verdict := self._verdicts.get(event.offer_id)):
            verdict.hear(event)


class _Verdict:
    """What the browser's answers amount to; `cause` is None once the pop is painted."""

    def __init__(self) -> None:
        # Until some browser says `delivered`, nobody has had the offer.
        self.cause: MissCause | None = "no_browser"
        self.settled = asyncio.Event()

    def hear(self, event: OfferAnswered) -> None:
        """Take in an answer to this offer."""
        match event.answer:
            case "painted":
                self.cause = None
                self.settled.set()
            case "hidden":
                self.cause = "hidden_tab"
                self.settled.set()
            case "delivered":
                self.cause = "slow"
            case "gone":  # it may be a reload: whoever comes back within the cap may still paint
                self.cause = "browser_gone"
