"""What a caller hears of our prompts through a real Asterisk: whole, in order, nothing after a flush."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import numpy
import pytest
from aiohttp import web

from cti.asterisk.agi import AgiServer
from cti.asterisk.channel import Channel, Played
from cti.asterisk.intake import Intake
from cti.asterisk.media import MediaServer
from cti.bus.memory import MemoryBus
from domain.calls import CallAnswered
from domain.desks import Desk, DeskBook, Reception
from phone.call import PhoneCall
from phone.codecs import codec
from phone.user_agent import UserAgent
from svarklar.settings import Settings

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("asterisk")]

RATE_HZ = 8000
DESKS = DeskBook(desks=(Desk(key="it", name="IT", numbers=("100",)),))
LOW_HZ, HIGH_HZ = 500, 1500

Dialogue = Callable[[CallAnswered, Channel], Awaitable[Mapping[str, str]]]


def tone(hz: int, seconds: float) -> bytes:
    times_s = numpy.arange(int(RATE_HZ * seconds)) / RATE_HZ
    return bytes((8000 * numpy.sin(2 * numpy.pi * hz * times_s)).astype("<i2").tobytes())


def heard(call: PhoneCall) -> list[int]:
    """The tone that the caller heard in each 20 ms: LOW_HZ, HIGH_HZ, or 0."""
    sound = numpy.frombuffer(bytes(call.rtp.heard), "<i2").astype("float32")
    tones = []
    for at in range(0, sound.size - 159, 160):
        strength = numpy.abs(numpy.fft.rfft(sound[at : at + 160]))  # 50 Hz a bin
        strongest = int(strength.argmax()) * 50
        tones.append(
            min((LOW_HZ, HIGH_HZ), key=lambda hz: abs(hz - strongest)) if strength.max() > 50_000 else 0
        )
    return tones


async def played(channel: Channel, mark: str) -> None:
    async with asyncio.timeout(20):
        async for event in channel.events():
            if event == Played(mark):
                return


async def talk(settings: Settings, dialogue: Dialogue) -> list[int]:
    """A call through our two doors, held until the dialogue is over; the tones that the caller heard."""
    over = asyncio.Event()

    async def whole(call: CallAnswered, channel: Channel, received: Reception) -> Mapping[str, str]:
        try:
            return await dialogue(call, channel)
        finally:
            await asyncio.sleep(0.3)  # what was played last is still on its way to the telephone
            over.set()

    async with contextlib.AsyncExitStack() as parts:
        media = MediaServer()
        agi = AgiServer({"intake": Intake(MemoryBus(), media, whole, lambda: DESKS)})
        await media.start(settings.host, settings.media_port)
        parts.push_async_callback(media.close)
        await agi.start(settings.host, settings.agi_port)
        parts.push_async_callback(agi.close)
        phone = UserAgent("caller", (settings.host, settings.sip_port))
        await phone.open()
        parts.push_async_callback(phone.close)
        call = await phone.call("100", codec("pcmu"), "+46701740605")
        await asyncio.wait_for(over.wait(), 30)
        tones = heard(call)
        await call.hang_up()
        return tones


async def test_two_prompts_are_heard_whole_and_in_order(settings: Settings) -> None:
    async def dialogue(call: CallAnswered, channel: Channel) -> Mapping[str, str]:
        both = (channel.play(tone(LOW_HZ, 5), "low"), channel.play(tone(HIGH_HZ, 1), "high"))
        await asyncio.gather(*both)
        await played(channel, "high")
        return {}

    tones = [hz for hz in await talk(settings, dialogue) if hz]
    assert tones == sorted(tones)
    assert tones.count(LOW_HZ) == pytest.approx(250, abs=5)
    assert tones.count(HIGH_HZ) == pytest.approx(50, abs=5)


async def test_a_flush_in_the_middle_of_what_is_being_sent_leaves_the_next_prompt_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller interrupts while a piece is half sent: Asterisk has been told START and not yet STOP."""
    sent: list[int] = []
    third = asyncio.Event()
    go_on = asyncio.Event()
    send = web.WebSocketResponse.send_bytes

    async def slowly(socket: web.WebSocketResponse, data: bytes, compress: int | None = None) -> None:
        await send(socket, data, compress)
        sent.append(len(data))
        if len(sent) == 3:
            third.set()
            await go_on.wait()

    monkeypatch.setattr(web.WebSocketResponse, "send_bytes", slowly)

    async def dialogue(call: CallAnswered, channel: Channel) -> Mapping[str, str]:
        await channel.play(tone(LOW_HZ, 20), "low")
        await third.wait()
        await asyncio.sleep(0.5)  # half a second of it is heard
        await channel.flush()
        await channel.play(tone(HIGH_HZ, 1) + bytes(66), "high")
        go_on.set()
        await played(channel, "high")
        return {}

    tones = [hz for hz in await talk(settings, dialogue) if hz]
    assert tones == sorted(tones)
    assert 10 < tones.count(LOW_HZ) < 60
    assert tones.count(HIGH_HZ) == pytest.approx(50, abs=5)
