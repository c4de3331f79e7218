"""The recogniser is gone in the middle of a sentence: by keys within two seconds, and the next call hears."""

import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from callers import on_the_line
from desk_view import CallJson, DeskView
from hurry import say_now
from installation import Installation
from people import cases_of, new_contact
from processes import hearers_of, lives, send

from domain.clock import now_ms

pytestmark = pytest.mark.server

WITHIN_S = 2.0


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_a_caller_goes_on_by_keys_when_the_recogniser_is_gone(
    number: signal.Signals,
    system: Installation,
    desk: DeskView,
    eventually: Callable[..., Awaitable[Any]],
) -> None:
    gone = hearers_of(system)
    assert gone
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        await say_now(system, caller)
        await desk.hears(caller.call.call_id, "printer")
        send(number, *gone)
        failed_ms = now_ms()
        failed_s = caller.call.rtp.last_voice_s or 0.0
        await eventually(lambda: (caller.call.rtp.last_voice_s or 0.0) > failed_s, timeout_s=20)
        by_keys_after_s = (now_ms() - failed_ms) / 1000
        caller.call.rtp.press("4")
        await desk.until(caller.call.call_id, lambda call: call["case"] and call["case"]["service"])
        caller.call.rtp.press("1")  # past the goodbye
        call = await desk.reaches(caller.call.call_id, "queued")

    assert by_keys_after_s < WITHIN_S
    (case,) = cases_of(system, call["call_id"])
    assert case.service == "printing"
    assert "printer" in case.statement
    assert "speech_process_lost" in system.logged()
    assert "printer" in (await _spoken_call(system, desk))["transcript"]
    await eventually(lambda: not any(map(lives, gone)))


def test_nothing_has_crashed(system: Installation) -> None:
    assert "Traceback" not in system.logged()


async def _spoken_call(system: Installation, desk: DeskView) -> CallJson:
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        await say_now(system, caller)
        return await desk.reaches(caller.call.call_id, "heard")
