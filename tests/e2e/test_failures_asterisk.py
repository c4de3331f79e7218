"""Asterisk dies with calls on it: back in seconds, what was registered stays, agents keep their place."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from callers import on_the_line
from desk_view import CallJson, DeskView
from hurry import hurrying, say_now
from people import cases_of, new_contact, stored_call
from processes import asterisk_of, lives, send
from whole_house import House

from phone.agent import Agent

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def house(brief_house: House) -> House:
    return brief_house


async def test_asterisk_is_replaced_and_the_next_call_is_answered_prepared(
    house: House, desk: DeskView, agent: Agent, eventually: Callable[..., Awaitable[Any]]
) -> None:
    first = asterisk_of(house)
    async with (
        hurrying(house, desk) as talking,
        on_the_line(house, number=new_contact(house)) as speaking,
    ):
        await desk.reaches(talking.call.call_id, "connected")
        await desk.reaches(speaking.call.call_id, "listening")
        await say_now(house, speaking)
        await desk.until(speaking.call.call_id, lambda call: "printer" in call["partial"])

        send(signal.SIGKILL, first)
        ended = await asyncio.gather(
            *(desk.reaches(caller.call.call_id, "ended", timeout_s=30) for caller in (talking, speaking))
        )
    assert [call["outcome"] for call in ended] == ["answered", "failed"]
    await eventually(lambda: len(cases_of(house, ended[1]["call_id"])) == 1)
    assert "printer" in cases_of(house, ended[1]["call_id"])[0].statement
    assert stored_call(house, ended[0]["call_id"])["case"]["number"]

    await eventually(lambda: asterisk_of(house) not in (0, first), timeout_s=30)
    await desk.becomes("bo", "ready")
    call = await _next_call(house, desk)
    (offer,) = call["offers"]
    assert (offer["agent"], offer["missed"]) == ("bo", None)
    assert offer["shown_ms"] < offer["ringing_ms"]
    assert not lives(first)


def test_the_log_says_what_happened(house: House) -> None:
    log = house.logged()
    for event in ("asterisk_restarted", "asterisk_down", "asterisk_ready"):
        assert event in log
    assert "Traceback" not in log


async def _next_call(house: House, desk: DeskView) -> CallJson:
    """Bo's phone is still registered with Asterisk, which remembers its address; his place is given back."""
    async with hurrying(house, desk) as caller:
        return await desk.reaches(caller.call.call_id, "connected")
