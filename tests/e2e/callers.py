"""Callers who stay on the line: what they hear, which keys reach them, what the server knows of them."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
from installation import MARIA, Installation

from casestore.db import Store
from domain.clock import now_ms
from domain.languages import LANGUAGES
from ivr.texts import catalogue
from phone.call import PhoneCall
from phone.caller import converse
from phone.codecs import codec
from phone.timeline import report
from phone.user_agent import UserAgent
from svarklar import demo_people
from svarklar.cli.calling import Watch

PRINTER_KEYS = ("4", "4")  # the first ends the listening to words, the second is the printer of the menu
_TELEPHONE_EVENT = 101
_KEYS = "0123456789*#ABCD"
_BEEP_HZ, _BEEP_S = 440, 0.25


@dataclass
class Caller:
    """Somebody on the line; `keys` are those that the far end pressed."""

    call: PhoneCall
    watch: Watch
    keys: list[str] = field(default_factory=list)

    @property
    def seen(self) -> dict[str, Any]:
        """The call as the server tells it, a tenth of a second old at most."""
        return self.watch.seen

    @property
    def offers(self) -> list[dict[str, Any]]:
        """To whom the call was offered so far."""
        return self.seen.get("offers") or []

    def report(self) -> dict[str, Any]:
        """The timeline so far, as `svarklar call --json` prints it."""
        return report(self.seen, self.call.invited_ms)

    async def until(
        self, condition: Callable[[dict[str, Any]], Any], timeout_s: float = 40.0
    ) -> dict[str, Any]:
        """Wait until the server's view of the call fulfils this; the timeout only bounds a failure."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    if self.seen and condition(self.seen):
                        return self.seen
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never came; the call was last seen as {self.seen}") from None

    async def reaches(self, step: str) -> dict[str, Any]:
        """Wait for this step of the timeline."""
        return await self.until(lambda call: step in call["marks"])

    def hears(self, hz: float) -> bool:
        """Whether a tone of this pitch stands out in the last second."""
        rate_hz = self.call.rtp.codec.rate_hz
        sound = numpy.frombuffer(bytes(self.call.rtp.heard[-2 * rate_hz :]), "<i2").astype("float32")
        if sound.size < rate_hz:
            return False
        strength = numpy.abs(numpy.fft.rfft(sound * numpy.hanning(sound.size))) ** 2
        pitch = numpy.fft.rfftfreq(sound.size, 1 / rate_hz)
        near = strength[abs(pitch - hz) < 12].sum()
        return bool(near > 0.2 * strength.sum() and numpy.sqrt(numpy.mean(sound**2)) > 50)


@asynccontextmanager
async def on_the_line(
    system: Installation,
    *turns: str,
    number: str = MARIA,
    name: str = "",
    codec_name: str = "g722",
    to: str = "",
) -> AsyncIterator[Caller]:
    """Call, take these turns, then stay until the block ends; hangs up and waits for the server to see it."""
    said = await asyncio.to_thread(system.says, *turns, codec_name=codec_name)
    phone = UserAgent("caller", (system.settings.host, system.settings.sip_port))
    await phone.open()
    try:
        call = await phone.dial(to or system.settings.support_number, codec(codec_name), number, name)
        async with Watch(system.settings, system.secrets, call) as watch:
            caller = Caller(call, watch)
            _note_keys(call, caller.keys)
            await phone.answered(call)
            talking = asyncio.create_task(converse(call, said))
            try:
                yield caller
            finally:
                talking.cancel()
                await call.hang_up()
                await watch.ended()
    finally:
        await phone.close()


def begin_anew(system: Installation, *numbers: str) -> None:
    """Resolve the open cases of these callers: they are not asked about them."""
    store = Store(system.settings.database)
    try:
        with store.uow() as tx:
            for number in numbers:
                demo_people.close_cases(tx, number, now_ms=now_ms())
    finally:
        store.close()


def brief_prompts(folder: Path) -> Path:
    """A beep instead of every prompt that can be recorded: calls come to the point."""
    beep = tone(_BEEP_HZ, _BEEP_S)
    for language in LANGUAGES:
        for key in (*dict(catalogue(language).fixed_prompts()), "menu_choice"):
            write_wav(folder / language / f"{key}.wav", beep)
    return folder


def tone(hz: float, length_s: float, rate_hz: int = 16_000) -> "numpy.ndarray[Any, Any]":
    """A tone as 16-bit samples, a third of full scale."""
    times_s = numpy.arange(int(length_s * rate_hz)) / rate_hz
    return (10_000 * numpy.sin(2 * numpy.pi * hz * times_s)).astype("<i2")


def write_wav(path: Path, samples: "numpy.ndarray[Any, Any]", rate_hz: int = 16_000) -> Path:
    """Samples as a WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


def _note_keys(call: PhoneCall, keys: list[str]) -> None:
    """Hear the telephone events (RFC 4733) that the call's own ears leave out."""
    hear, heard = call.rtp.datagram_received, set()

    def datagram_received(data: bytes, addr: tuple[str, int]) -> None:
        timestamp = data[4:8]
        if len(data) >= 16 and data[1] & 0x7F == _TELEPHONE_EVENT and timestamp not in heard:
            heard.add(timestamp)
            keys.append(_KEYS[data[12]])
        hear(data, addr)

    call.rtp.datagram_received = datagram_received  # type: ignore[method-assign]
