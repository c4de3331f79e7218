"""`svarklar serve` dies or hangs in the middle of a dialogue: nobody is lost, and it is back in seconds."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from callers import Caller, on_the_line
from desk_view import CallJson, DeskView
from hurry import hurrying, say_now
from installation import Installation
from people import cases_of, new_contact
from processes import children, lives, send, serve_of

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_callers_wait_in_the_queue_while_the_server_is_replaced(
    number: signal.Signals,
    system: Installation,
    desk: DeskView,
    eventually: Callable[..., Awaitable[Any]],
) -> None:
    first = serve_of(system)
    lost = [first, *children(first)]
    async with (
        on_the_line(system, number=new_contact(system)) as listening,
        hurrying(system, desk) as queued,
        on_the_line(system, number=new_contact(system)) as talking,
    ):
        await desk.reaches(queued.call.call_id, "queued")
        await desk.reaches(listening.call.call_id, "listening")
        registered = await _registered_by_voice(system, desk, talking)

        send(number, first)
        await eventually(lambda: serve_of(system) not in (0, first), timeout_s=40)
        calls = [
            await desk.until(caller.call.call_id, lambda call: call["stage"] == "queued")
            for caller in (listening, queued, talking)
        ]
        assert [caller.call.state for caller in (listening, queued, talking)] == ["connected"] * 3
        assert sorted(call["position"] for call in calls) == [1, 2, 3]
        assert {call["name"] for call in calls} == {""}

        bo = system.agent("bo")
        try:
            await bo.log_in()
            await bo.be_ready()
            await desk.reaches(queued.call.call_id, "connected")
            await asyncio.gather(queued.call.hang_up(), listening.call.hang_up())
            answered = await desk.reaches(talking.call.call_id, "connected", timeout_s=30)
            assert answered["case"]["number"] == registered["case"]["number"]
            await talking.call.hang_up()
            await _is_answered_prepared(system, desk)
        finally:
            await bo.close()
    assert len(cases_of(system, registered["call_id"])) == 1
    await eventually(lambda: not any(map(lives, lost)))


def test_the_log_says_why(system: Installation) -> None:
    reasons = [line for line in system.logged().splitlines() if "serve_restarted" in line]
    assert ["ended" in reasons[0], "hangs" in reasons[1]] == [True, True]
    assert "Traceback" not in system.logged()


async def _registered_by_voice(system: Installation, desk: DeskView, caller: Caller) -> CallJson:
    """The call of somebody whose case is registered while the dialogue goes on."""
    await desk.reaches(caller.call.call_id, "listening")
    await say_now(system, caller)
    return await desk.reaches(caller.call.call_id, "registered")


async def _is_answered_prepared(system: Installation, desk: DeskView) -> None:
    async with hurrying(system, desk) as caller:
        call = await desk.reaches(caller.call.call_id, "connected")
    (offer,) = call["offers"]
    assert offer["shown_ms"] <= offer["ringing_ms"]
    assert call["case"]["service"] == "printing"
