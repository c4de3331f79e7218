"""AGI handler of every incoming call: answer, talk, then let the dialplan go on to the queue."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from cti.asterisk.agi import AgiChannel
from cti.asterisk.channel import Channel
from cti.asterisk.media import MediaServer, Ticket
from cti.bus import Publisher
from domain.events import CALLS, CallAnswered, DialogueEnded, now_ms

log = structlog.get_logger()

_NARROW = ("ulaw", "alaw", "gsm")
_MOST_CHARACTERS = 200  # of a caller's name or number: enough for honest ones

Dialogue = Callable[[CallAnswered, Channel], Awaitable[Mapping[str, str]]]


class Intake:
    """Gives each caller a media connection and a dialogue; returns when the caller may be queued.

    `dialogue` talks with the caller and returns the channel variables for the dialplan.
    """

    def __init__(self, bus: Publisher, media: MediaServer, dialogue: Dialogue) -> None:
        self._bus = bus
        self._media = media
        self._dialogue = dialogue

    async def __call__(self, agi: AgiChannel) -> None:
        """Run the whole intake on the caller's channel."""
        call = await self._answered(agi)
        narrow = any(codec in call.codec for codec in _NARROW)
        ticket = self._media.expect(8000 if narrow else 16000)
        talk = asyncio.create_task(self._talk(call, ticket))
        try:
            options = f"c({'slin' if narrow else 'slin16'})f(json)v(call={ticket.identifier})"
            await agi.execute("Dial", f"WebSocket/media1/{options},,g")
        finally:
            self._media.forget(ticket)
            variables = await talk
        for name, value in variables.items():
            await agi.set_variable(name, value)

    async def _answered(self, agi: AgiChannel) -> CallAnswered:
        environment = agi.environment
        call = CallAnswered(
            at_ms=now_ms(),
            call_id=await agi.variable("${CHANNEL(linkedid)}"),
            sip_call_id=await agi.variable("${CHANNEL(pjsip,call-id)}"),
            number=_known(environment.get("agi_callerid", "")),
            name=_known(environment.get("agi_calleridname", "")),
            codec=await agi.variable("${CHANNEL(audionativeformat)}"),
        )
        await self._bus.publish(CALLS, call)
        log.info("call_answered", call_id=call.call_id, codec=call.codec)
        return call

    async def _talk(self, call: CallAnswered, ticket: Ticket) -> Mapping[str, str]:
        try:
            channel = await ticket.channel
        except asyncio.CancelledError:
            # A hang-up at once, or a refused connection.
            log.warning("media_never_came", call_id=call.call_id)
            ended = DialogueEnded(at_ms=now_ms(), call_id=call.call_id, reason="unheard")
            await self._bus.publish(CALLS, ended)
            return {}
        try:
            return await self._dialogue(call, channel)
        except Exception:
            log.exception("dialogue_failed", call_id=call.call_id)  # the caller still reaches the queue
            return {}
        finally:
            await channel.close()


def _known(value: str) -> str:
    """Asterisk says `unknown` where it was told nothing."""
    return "" if value == "unknown" else value[:_MOST_CHARACTERS]
