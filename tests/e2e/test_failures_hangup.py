"""A caller may hang up at any moment: what they said is kept, the queue and the agent are free again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from callers import Caller, on_the_line
from desk_view import DeskView
from hesitant import Hesitant, hesitant_agent
from hurry import hurrying
from installation import PRINTER, Installation
from people import cases_of, new_contact

from phone.agent import AgentPhone

pytestmark = pytest.mark.server

ALONE = ("answered", "listening", "speech_end", "heard", "registered", "queued")
WITH_WORDS = ALONE[2:]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest.fixture
async def hesitant(system: Installation) -> AsyncIterator[Hesitant]:
    async with hesitant_agent(system) as bo:
        yield bo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def left(system: Installation) -> dict[str, dict[str, Any]]:
    """The calls of callers who all hung up before there was an agent, by the step they left at."""

    async def hang_up_at(step: str) -> dict[str, Any]:
        async with on_the_line(system, PRINTER, "yes", number=new_contact(system)) as caller:
            await desk.reaches(caller.call.call_id, step)
        return await _over(desk, caller)

    async with DeskView(system) as desk:
        calls = await asyncio.gather(*(hang_up_at(step) for step in ALONE))
    return dict(zip(ALONE, calls, strict=True))


@pytest.mark.parametrize("step", ALONE)
def test_a_call_ends_where_the_caller_hangs_up(step: str, left: dict[str, dict[str, Any]]) -> None:
    assert step in left[step]["marks"]
    assert "ended" in left[step]["marks"]
    assert left[step]["outcome"] == ("abandoned_queue" if step == "queued" else "abandoned_ivr")


@pytest.mark.parametrize("step", WITH_WORDS)
def test_what_was_said_before_the_hangup_is_a_case(
    step: str, system: Installation, left: dict[str, dict[str, Any]]
) -> None:
    (case,) = cases_of(system, left[step]["call_id"])
    assert "printer" in case.statement
    assert left[step]["case"]["number"] == case.number


def test_no_case_is_made_of_a_caller_who_said_nothing(
    system: Installation, left: dict[str, dict[str, Any]]
) -> None:
    assert cases_of(system, left["answered"]["call_id"]) == []
    assert cases_of(system, left["listening"]["call_id"]) == []


async def test_an_agent_is_free_again_when_a_caller_leaves_before_the_ring(
    system: Installation, desk: DeskView, hesitant: Hesitant
) -> None:
    call = await _leave_at("offered", system, desk)
    assert call["outcome"] == "abandoned_queue"
    assert len(cases_of(system, call["call_id"])) == 1
    await _is_rung_for_the_next(system, desk, hesitant)


async def test_an_agent_is_free_again_when_a_caller_leaves_during_the_ring(
    system: Installation, desk: DeskView, hesitant: Hesitant
) -> None:
    call = await _leave_at("ringing", system, desk)
    assert call["outcome"] == "abandoned_queue"
    assert len(cases_of(system, call["call_id"])) == 1
    await _is_rung_for_the_next(system, desk, hesitant)


async def test_an_agent_is_free_again_when_a_caller_leaves_the_talk(
    system: Installation, desk: DeskView, agent: AgentPhone
) -> None:
    call = await _leave_at("connected", system, desk)
    assert call["outcome"] == "answered"
    assert len(cases_of(system, call["call_id"])) == 1
    await desk.becomes("bo", "ready")
    assert (await _leave_at("connected", system, desk))["offers"][0]["agent"] == "bo"


async def _leave_at(step: str, system: Installation, desk: DeskView) -> dict[str, Any]:
    """The call of a hurried caller after its end, who left at this step."""
    async with hurrying(system, desk) as caller:
        await desk.reaches(caller.call.call_id, step)
    return await _over(desk, caller)


async def _over(desk: DeskView, caller: Caller) -> dict[str, Any]:
    """The call after its end and that of its dialogue."""
    return await desk.until(caller.call.call_id, lambda call: call["stage"] == "ended" and call["dialogue"])


async def _is_rung_for_the_next(system: Installation, desk: DeskView, agent: Hesitant) -> None:
    async with hurrying(system, desk) as caller:
        call = await desk.reaches(caller.call.call_id, "ringing")
        assert call["position"] == 1
        async with asyncio.timeout(20):
            while (await agent.calls.get()).state != "ringing":
                pass  # the phone of the call that was given up
