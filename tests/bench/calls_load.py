"""How many callers are heard at once with all of it on one machine: Asterisk, media, server and speech.

Each caller is a SIP call with RTP of its own, and talks without a pause; what the callers themselves cost is
paid by the same cores. The bare decoder has them to itself.
"""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from phone.codecs import codec
from phone.user_agent import UserAgent
from tests.bench.bare_decoders import Load, bare_decoders
from tests.bench.calls import add_callers, number, take_figures
from tests.bench.figures import Figure
from tests.bench.speech_load import LOST_MS, by_turns, compared
from tests.bench.spoken import talk
from tests.e2e.installation import Installation, running_installation
from tests.speech_samples import Sound, frames

TITLE = "Callers at once, through Asterisk"
_COUNTS = (24, 30, 36, 42, 48, 54, 60, 70, 80)
_SECONDS = 50.0
_APART_S, _GREETED_S, _MEASURED_S, _HUNG_UP_S = 0.25, 6.0, 6.0, 4.0
_UNLIMITED = 10_000


class Spoken:
    """PCMU that was encoded before; what is heard is not decoded: callers shall cost little."""

    payload_type, encoding = 0, "PCMU"
    rate_hz = 4000  # so that 20 ms of its "sound" are the 160 bytes of one packet

    def encode(self, sound: bytes) -> bytes:
        """It is a payload already."""
        return sound

    def decode(self, payload: bytes) -> bytes:
        """Nothing."""
        return b""


async def measure(folder: Path, console: Console) -> list[Figure]:
    """Callers in real time, more and more until recognition falls behind, ours and the bare one by turns."""
    sounds = [talk(seed, _SECONDS) for seed in range(8)]
    payloads = [_payload(sound) for sound in sounds]
    rtp_start = random.SystemRandom().randrange(20_000, 32_000, 100)
    unlimited: dict[str, Any] = {
        "streams_per_decoder": _UNLIMITED, "rtp_start": rtp_start, "rtp_end": rtp_start + 999,
    }  # fmt: skip
    with running_installation(folder, **unlimited) as system:
        add_callers(system, sum(_COUNTS), names=8)  # hearing is measured, not the speaking of new names
        async with bare_decoders(sounds) as bare:
            with console.status("callers at once") as status:

                async def ours(count: int) -> Load:
                    status.update(f"callers at once: {count}")
                    return await _step(system, payloads, count)

                carried, bare_carried = await by_turns(_COUNTS, ours, lambda count: bare(count, _MEASURED_S))
    return compared("Svarklar with Asterisk and the callers", carried, bare_carried)


async def _step(system: Installation, payloads: Sequence[bytes], count: int) -> Load:
    """So many callers; the worst lag once all are greeted: of the decoders, and of the loop before them."""
    first = sum(earlier for earlier in _COUNTS if earlier < count)
    phone = UserAgent("callers", (system.settings.host, system.settings.sip_port))
    await phone.open()
    try:
        calling = [
            asyncio.create_task(_caller(phone, system, first + index, index * _APART_S, payloads))
            for index in range(count)
        ]
        await asyncio.sleep(count * _APART_S + _GREETED_S)
        worst_ms = await _worst_lag_ms(system, count)
        for task in calling:
            task.cancel()
        await asyncio.gather(*calling, return_exceptions=True)
    finally:
        await asyncio.sleep(_HUNG_UP_S)
        await phone.close()
    return Load(lag_ms=worst_ms, cpu_s=0.0)


async def _caller(
    phone: UserAgent, system: Installation, index: int, after_s: float, payloads: Sequence[bytes]
) -> None:
    await asyncio.sleep(after_s)
    call = await phone.dial(system.settings.support_number, Spoken(), number(index))
    try:
        await phone.answered(call)
        call.rtp.say(payloads[index % len(payloads)])
        await call.ended.wait()
    finally:
        await call.hang_up()


async def _worst_lag_ms(system: Installation, count: int) -> int:
    worst_ms = 0.0
    await take_figures(system)  # those of the time before
    for _ in range(int(_MEASURED_S / 0.1)):
        await asyncio.sleep(0.1)
        figures = await take_figures(system)
        if figures["speech_streams"] < count:
            return LOST_MS
        worst_ms = max(worst_ms, figures["speech_lag_ms"] + figures["loop_longest_stall_ms"])
    return int(worst_ms)


def _payload(sound: Sound) -> bytes:
    law = codec("pcmu")
    return b"".join(law.encode(frame) for frame in frames(sound))
