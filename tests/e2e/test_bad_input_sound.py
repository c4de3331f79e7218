"""Sound that is no answer: silence, noise, music, talk without end, keys in the middle of words.

They all call at once, for a caller who says nothing is waited for long. Each gets a case and the queue, and
of nothing they did are words made that nobody said.
"""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
import pytest_asyncio
from callers import Caller, on_the_line
from desk_view import CallJson, DeskView
from installation import PRINTER, Installation
from people import cases_of, new_contact
from speech_samples import join, noise, say

from phone.caller import Keys, converse

pytestmark = pytest.mark.server

RATE_HZ = 16_000
MOST_TALK_S = 60.0  # ivr.turn.Patience.statement_s


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


async def silent(_caller: Caller, _desk: DeskView) -> None:
    """Says nothing at all."""


async def noisy(caller: Caller, _desk: DeskView) -> None:
    """Stands beside a machine."""
    caller.call.rtp.say(noise(180, rms=1500, rate_hz=RATE_HZ).tobytes())


async def musical(caller: Caller, _desk: DeskView) -> None:
    """Has put us on hold: chords, half a second each."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    chords = ((262, 330, 392), (220, 262, 330), (349, 440, 523), (392, 494, 587))
    bar = join(*(sum(np.sin(2 * np.pi * hz * time_s) for hz in chord) * 3000 for chord in chords))
    caller.call.rtp.say(np.tile(bar, 90).astype("<i2").tobytes())


async def talkative(caller: Caller, _desk: DeskView) -> None:
    """Talks for three minutes without a breath."""
    sentence = await asyncio.to_thread(say, PRINTER, "rms", RATE_HZ)
    caller.call.rtp.say(np.tile(np.trim_zeros(sentence), 180 * RATE_HZ // len(sentence)).tobytes())


async def interrupting(caller: Caller, desk: DeskView) -> None:
    """Presses a key in the middle of a sentence, then chooses from the menu."""
    caller.call.rtp.say((await asyncio.to_thread(say, PRINTER, "rms", RATE_HZ)).tobytes()[: 3 * RATE_HZ * 2])
    caller.call.rtp.press("0")
    await desk.until(caller.call.call_id, lambda call: call["transcript"])
    await converse(caller.call, [Keys("4")])


CALLERS: dict[str, Callable[[Caller, DeskView], Awaitable[None]]] = {
    behave.__name__: behave for behave in (silent, noisy, musical, talkative, interrupting)
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(system: Installation) -> dict[str, CallJson]:
    """The calls of all of them, once they were in the queue and have left it."""

    async def call(behave: Callable[[Caller, DeskView], Awaitable[None]]) -> CallJson:
        async with on_the_line(system, number=new_contact(system)) as caller:
            await desk.reaches(caller.call.call_id, "listening")
            await behave(caller, desk)
            await desk.reaches(caller.call.call_id, "queued", timeout_s=150)
        return await desk.reaches(caller.call.call_id, "ended")

    async with DeskView(system) as desk:
        made = await asyncio.gather(*map(call, CALLERS.values()))
    return dict(zip(CALLERS, made, strict=True))


@pytest.mark.parametrize("caller", CALLERS)
def test_every_caller_gets_a_case_and_the_queue(
    caller: str, system: Installation, calls: dict[str, CallJson]
) -> None:
    assert calls[caller]["outcome"] == "abandoned_queue"
    (case,) = cases_of(system, calls[caller]["call_id"])
    assert case.number == calls[caller]["case"]["number"]


@pytest.mark.parametrize("caller", ["silent", "noisy", "musical"])
def test_nothing_is_decided_by_what_are_no_words(caller: str, calls: dict[str, CallJson]) -> None:
    case = calls[caller]["case"]
    # One person, hindered: assumed, and no more urgent than what somebody has said.
    assert (case["service"], case["priority"]) == ("", 4)
    assert set(case["assumed"]) >= {"impact", "urgency"}
    assert case["because"] == {}
    assert calls[caller]["suggestions"] == []


def test_of_endless_talk_a_minute_is_understood(system: Installation, calls: dict[str, CallJson]) -> None:
    call = calls["talkative"]
    assert "paper jam" in call["transcript"]
    assert call["case"]["has_statement"]
    marks = call["marks"]
    assert marks["registered"] - marks["listening"] < (MOST_TALK_S + 15) * 1000


def test_a_key_ends_the_sentence_and_its_words_are_kept(
    system: Installation, calls: dict[str, CallJson]
) -> None:
    call = calls["interrupting"]
    assert "printer" in call["transcript"]
    assert call["case"]["service"] == "printing"
    assert cases_of(system, call["call_id"])[0].statement == call["transcript"]


def test_nothing_has_crashed(system: Installation) -> None:
    assert "Traceback" not in system.logged()
