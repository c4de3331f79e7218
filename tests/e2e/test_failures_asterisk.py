"""Asterisk dies with calls on it: back in seconds, what was registered stays, agents keep their place."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from callers import on_the_line
from desk_view import CallJson, DeskView
from hurry import hurrying, say_now
from installation import Installation
from people import cases_of, new_contact, stored_call
from processes import asterisk_of, lives, send

from phone.agent import AgentPhone

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


async def test_asterisk_is_replaced_and_the_next_call_is_answered_prepared(
    system: Installation, desk: DeskView, agent: AgentPhone, eventually: Callable[..., Awaitable[Any]]
) -> None:
    first = asterisk_of(system)
    async with (
        hurrying(system, desk) as talking,
        on_the_line(system, number=new_contact(system)) as speaking,
    ):
        await desk.reaches(talking.call.call_id, "connected")
        await desk.reaches(speaking.call.call_id, "listening")
        await say_now(system, speaking)
        await desk.hears(speaking.call.call_id, "printer")

        send(signal.SIGKILL, first)
        ended = await asyncio.gather(
            *(desk.reaches(caller.call.call_id, "ended", timeout_s=30) for caller in (talking, speaking))
        )
    assert [call["outcome"] for call in ended] == ["answered", "failed"]
    await eventually(lambda: len(cases_of(system, ended[1]["call_id"])) == 1)
    assert "printer" in cases_of(system, ended[1]["call_id"])[0].statement
    assert stored_call(system, ended[0]["call_id"]).case_number

    await eventually(lambda: asterisk_of(system) not in (0, first), timeout_s=30)
    await desk.becomes("bo", "ready")
    call = await _next_call(system, desk)
    (offer,) = call["offers"]
    assert (offer["agent"], offer["missed"]) == ("bo", None)
    assert offer["shown_ms"] <= offer["ringing_ms"]
    assert not lives(first)


def test_the_log_says_what_happened(system: Installation) -> None:
    log = system.logged()
    for event in ("asterisk_restarted", "asterisk_down", "asterisk_ready"):
        assert event in log
    assert "Traceback" not in log


async def _next_call(system: Installation, desk: DeskView) -> CallJson:
    """Bo's phone is still registered with Asterisk, which remembers its address; his place is given back."""
    async with hurrying(system, desk) as caller:
        return await desk.reaches(caller.call.call_id, "connected")
