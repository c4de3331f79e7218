"""A caller: dials, listens until it is their turn, says the next thing or presses the next keys.

Ordinary ears only: it is the caller's turn when a voice was heard and has been silent for a while.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phone.call import PhoneCall
from phone.rtp import KEYS

_TURN_PAUSE_S = 0.9  # longer than the pauses inside a prompt
_TURN_TIMEOUT_S = 45.0
_LOOK_S = 0.05


@dataclass(frozen=True)
class Speech:
    """Something to say: signed 16-bit mono at the rate of the call's codec."""

    sound: bytes


@dataclass(frozen=True)
class Keys:
    """Keys to press. Raises ValueError on what is no key."""

    digits: str

    def __post_init__(self) -> None:
        if not set(self.digits) <= set(KEYS):
            raise ValueError(f"not keys of a telephone: {self.digits!r}")


Turn = Speech | Keys


async def converse(call: PhoneCall, turns: Sequence[Turn], barge_in: bool = False) -> None:
    """Take each turn when the far end falls silent, or over its voice; ends with the turns or the call."""
    talking = asyncio.create_task(_talk(call, turns, barge_in))
    ending = asyncio.create_task(call.ended.wait())
    try:
        await asyncio.wait((talking, ending), return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            talking.result()
    finally:
        for task in (talking, ending):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _talk(call: PhoneCall, turns: Sequence[Turn], barge_in: bool) -> None:
    for turn in turns:
        after_s = asyncio.get_running_loop().time()
        await _heard_voice(call, after_s) if barge_in else await _fell_silent(call, after_s)
        match turn:
            case Speech(sound):
                call.rtp.say(sound)
            case Keys(digits):
                call.rtp.press(digits)
        await call.rtp.said()


async def _fell_silent(call: PhoneCall, after_s: float) -> None:
    """Wait for a voice later than `after_s` and then for a pause."""
    now_s = asyncio.get_running_loop().time
    await _heard(call, lambda voice_s: voice_s > after_s and now_s() - voice_s > _TURN_PAUSE_S)


async def _heard_voice(call: PhoneCall, after_s: float) -> None:
    """Wait until the far end has begun to speak."""
    await _heard(call, lambda voice_s: voice_s > after_s)


async def _heard(call: PhoneCall, enough: Callable[[float], bool]) -> None:
    """Wait until the time of the last voice is enough; gives up after a while."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TURN_TIMEOUT_S):
            while True:
                if call.rtp.last_voice_s is not None and enough(call.rtp.last_voice_s):
                    return
                await asyncio.sleep(_LOOK_S)
