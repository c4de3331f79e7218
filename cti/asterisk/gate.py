"""The offer gate: the agent's phone waits until the screen-pop is painted, at most `cap_ms`."""

import asyncio
import uuid

import structlog

from cti.asterisk.agi import AgiChannel
from cti.bus import Bus, Subscription
from domain.endpoints import phone_of
from domain.events import CALLS, OfferAnswered, OfferMade, OfferMissed, OfferShown, now_ms
from domain.records import MissCause

log = structlog.get_logger()


class OfferGate:
    """AGI handler of the queue's pre-dial subroutine, on the agent's channel."""

    def __init__(self, bus: Bus, cap_ms: int) -> None:
        self._bus = bus
        self._cap_ms = cap_ms

    async def __call__(self, agi: AgiChannel) -> None:
        """Show the call to the agent; the INVITE leaves when this returns."""
        call_id = await agi.variable("${CHANNEL(linkedid)}")
        phone = phone_of(agi.environment.get("agi_channel", ""))
        if phone is None:
            log.warning("offer_to_nobody", channel=agi.environment.get("agi_channel", "")[:80])
        else:
            await self.show(call_id, phone[0])

    async def show(self, call_id: str, agent: str) -> MissCause | None:
        """Offer the call to the agent's browser; None once it is painted, else why it is not."""
        made = OfferMade(at_ms=now_ms(), call_id=call_id, offer_id=uuid.uuid4().hex, agent=agent)
        answers = await self._bus.subscribe(CALLS)  # before the offer is made: its answer cannot be missed
        verdict = _Verdict()
        try:
            await self._bus.publish(CALLS, made)
            async with asyncio.timeout(self._cap_ms / 1000):
                await verdict.hear(answers, made.offer_id)
        except TimeoutError:
            pass
        finally:
            answers.close()
        heading = {"call_id": call_id, "offer_id": made.offer_id, "agent": agent}
        if verdict.cause is None:
            await self._bus.publish(CALLS, OfferShown(at_ms=now_ms(), **heading))
        else:
            await self._bus.publish(CALLS, OfferMissed(at_ms=now_ms(), cause=verdict.cause, **heading))
            log.warning("offer_missed", cause=verdict.cause, call_id=call_id, agent=agent)
        return verdict.cause


class _Verdict:
    """What the browser's answers amount to; cause is None once the pop is painted."""

    def __init__(self) -> None:
        self.cause: MissCause | None = "no_browser"

    async def hear(self, answers: Subscription, offer_id: str) -> None:
        """Follow the answers to this offer until one of them settles it."""
        async for delivery in answers:
            event = delivery.event
            if not isinstance(event, OfferAnswered) or event.offer_id != offer_id:
                continue
            match event.answer:
                case "painted":
                    self.cause = None
                    return
                case "hidden":
                    self.cause = "hidden_tab"
                    return
                case "delivered":
                    self.cause = "slow"
                case "gone":  # it may be a reload: whoever comes back within the cap may still paint
                    self.cause = "browser_gone"
