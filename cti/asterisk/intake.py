"""AGI handler of every incoming call: answer, talk, then let the dialplan go on to the queue.

Arguments of the script: the number that was dialled, and the node's name. What it sets on the channel:

    SVARKLAR_QUEUE    where the caller waits; set before the dialogue: it stands whatever becomes of us
    SVARKLAR_CASE     the case, for the agent's INVITE; QUEUE_PRIO: higher for callers who should wait less
    SVARKLAR_LET_GO   `yes`: the caller was told that nobody answers now, and is hung up on
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cti.asterisk.agi import AgiChannel, Hangup
from cti.asterisk.channel import Channel
from cti.asterisk.media import MediaServer, Ticket
from cti.bus import BusDown, Publisher
from cti.routing import route
from domain.calls import CallAnswered, CallRouted
from domain.clock import now_ms
from domain.desks import Desk, DeskBook, Reception, Routing
from domain.dialogue import DialogueEnded, DialogueResult
from domain.event import MAIN_NODE, CallEvent

log = structlog.get_logger()

# What carries 8 kHz; for all others Asterisk is asked for 16, which recognisers understand better.
_NARROW = ("ulaw", "alaw", "gsm")
_MOST_CHARACTERS = 200  # of a caller's name or number: enough for honest ones
_DIAL_S = 15.0  # Asterisk dials within milliseconds, and is back as soon after the dialogue

_NOBODY_KNOWS = Reception(  # the dialplan's own queue, and all that every desk can do
    Desk(key="", name="", numbers=()), Routing(desk="", queue="", why="lookup_failed")
)

Dialogue = Callable[[CallAnswered, Channel, Reception], Awaitable[DialogueResult]]


class Intake:
    """Gives each caller a media connection and a dialogue; returns when the caller may be queued.

    `dialogue` talks with the caller; what it leaves to the queue becomes channel variables. `desks` gives the
    desks as they are now.
    """

    def __init__(
        self,
        bus: Publisher,
        media: MediaServer,
        dialogue: Dialogue,
        desks: Callable[[], DeskBook] = DeskBook,
        *,
        node: str = MAIN_NODE,
        dial_s: float = _DIAL_S,
    ) -> None:
        """`dial_s`: how long Dial may take to bring the sound, and to return after the dialogue."""
        self._bus = bus
        self._media = media
        self._dialogue = dialogue
        self._desks = desks
        self._node = node
        self._dial_s = dial_s

    async def __call__(self, agi: AgiChannel) -> None:
        """Run the whole intake on the caller's channel."""
        call = await self._answered(agi)
        received = await self._received(agi, call)
        narrow = any(codec in call.codec for codec in _NARROW)
        ticket = self._media.expect(8000 if narrow else 16000)
        # Before Dial, which may bring the sound at once.
        talk = asyncio.create_task(self._talk(call, ticket, received))
        # Option g of Dial: when our side closes, the caller goes on in the dialplan and is not hung up.
        options = f"c({'slin' if narrow else 'slin16'})f(json)v(call={ticket.identifier})"
        dial = asyncio.create_task(agi.execute("Dial", f"WebSocket/media1/{options},,g"))
        try:
            await self._dialled(dial, ticket, talk)
        finally:
            dial.cancel()
            self._media.forget(ticket)
            # Also after a hang-up: whoever has said something has a case to be registered.
            result = await talk
        if result is not None:
            # Two underscores: the agent's channel inherits it, and with it the INVITE.
            await agi.set_variable("__SVARKLAR_CASE", result.case_number)
            await agi.set_variable("QUEUE_PRIO", result.queue_priority)
            if result.reason == "let_go":
                await agi.set_variable("SVARKLAR_LET_GO", "yes")

    async def _dialled(
        self, dial: asyncio.Task[str], ticket: Ticket, talk: asyncio.Task[DialogueResult | None]
    ) -> None:
        """Wait until Dial returns; nothing may hold one of our channels for ever. Raises Hangup."""
        # Dial has no deadline of its own for a media server that accepts and then says nothing.
        await asyncio.wait((dial, ticket.channel), timeout=self._dial_s, return_when=asyncio.FIRST_COMPLETED)
        if ticket.channel.done():
            await asyncio.wait((dial, talk), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((dial,), timeout=self._dial_s)
        if not dial.done():
            log.warning("dial_never_ended", media_came=ticket.channel.done())
            raise Hangup("Dial did not bring the caller's sound, or did not return")
        await dial

    async def _answered(self, agi: AgiChannel) -> CallAnswered:
        environment = agi.environment
        call = CallAnswered(
            at_ms=now_ms(),
            call_id=await agi.variable("${CHANNEL(linkedid)}"),
            node=environment.get("agi_arg_2") or self._node,
            sip_call_id=await agi.variable("${CHANNEL(pjsip,call-id)}"),
            number=_known(environment.get("agi_callerid", "")),
            name=_known(environment.get("agi_calleridname", "")),
            codec=await agi.variable("${CHANNEL(audionativeformat)}"),
            dialled=_known(environment.get("agi_arg_1", "")),
        )
        await self._publish(call)
        log.info("call_answered", call_id=call.call_id, codec=call.codec)
        return call

    async def _received(self, agi: AgiChannel, call: CallAnswered) -> Reception:
        """By which desk, and how; whatever breaks here, the caller is received. Raises Hangup."""
        try:
            received = route(self._desks(), call.dialled, call.at_ms)
            if received.desk.cap and received.routing.why == "open":
                waiting = await agi.variable(f"${{QUEUE_WAITING_COUNT({received.desk.queue})}}")
                known = int(waiting) if waiting.isdecimal() else None
                received = route(self._desks(), call.dialled, call.at_ms, known)
        except Hangup:
            raise
        except Exception:
            log.exception("not_routed", call_id=call.call_id)
            received = _NOBODY_KNOWS
        routing = received.routing
        if routing.queue:
            await agi.set_variable("SVARKLAR_QUEUE", routing.queue)
        await self._publish(
            CallRouted(
                at_ms=now_ms(),
                call_id=call.call_id,
                node=call.node,
                desk=routing.desk,
                queue=routing.queue,
                why=routing.why,
                then=routing.then,
            )
        )
        return received

    async def _talk(self, call: CallAnswered, ticket: Ticket, received: Reception) -> DialogueResult | None:
        try:
            channel = await ticket.channel
        except asyncio.CancelledError:
            # A hang-up at once, or a refused connection.
            log.warning("media_never_came", call_id=call.call_id)
            ended = DialogueEnded(at_ms=now_ms(), call_id=call.call_id, node=call.node, reason="unheard")
            await self._publish(ended)
            return None
        try:
            return await self._dialogue(call, channel, received)
        except Exception:
            log.exception("dialogue_failed", call_id=call.call_id)  # the caller still reaches the queue
            return None
        finally:
            await channel.close()

    async def _publish(self, event: CallEvent) -> None:
        """A bus that is down is no reason to let the caller wait: they are answered all the same."""
        try:
            await self._bus.publish(event.stream, event)
        except BusDown as error:
            log.error("event_not_published", call_id=event.call_id, kind=type(event).__name__, why=str(error))


def _known(value: str) -> str:
    """Asterisk says `unknown` where it was told nothing."""
    return "" if value == "unknown" else value[:_MOST_CHARACTERS]
