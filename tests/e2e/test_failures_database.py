"""The database is locked by somebody else: callers reach the queue, and their cases are there afterwards."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from callers import on_the_line
from desk_view import DeskView
from hurry import goes_on, say_now
from installation import Installation
from people import cases_of, new_contact, stored_call

from phone.agent import AgentPhone
from phone.caller import Keys, converse

pytestmark = pytest.mark.server

Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@contextmanager
def locked(system: Installation, how: str) -> Iterator[None]:
    """Nobody else writes while the block runs."""
    other = sqlite3.connect(system.settings.var / "svarklar.db", isolation_level=None)
    other.execute(f"BEGIN {how}")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
async def test_a_caller_reaches_the_queue_while_the_database_is_locked(
    how: str, system: Installation, desk: DeskView, eventually: Eventually
) -> None:
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        with locked(system, how):
            await say_now(system, caller)
            call = await desk.reaches(caller.call.call_id, "queued")
            assert cases_of(system, call["call_id"]) == []
        # The voice is kept once the case is written, and told of then.
        call = await desk.until(
            caller.call.call_id, lambda call: call["case"] and call["case"]["has_statement"]
        )

    (case,) = cases_of(system, call["call_id"])
    assert "printer" in case.statement
    assert call["case"]["number"] == case.number
    assert call["case"]["has_statement"]
    await eventually(lambda: stored_call(system, call["call_id"]).outcome == "abandoned_queue")
    assert "case_not_kept" in system.logged()
    assert "unsaved_case_written" in system.logged()


async def test_a_caller_who_calls_while_it_is_locked_reaches_an_agent(
    system: Installation, desk: DeskView, agent: AgentPhone, eventually: Eventually
) -> None:
    number = new_contact(system)
    with locked(system, "IMMEDIATE"):
        async with on_the_line(system, number=number) as caller:
            await desk.reaches(caller.call.call_id, "listening")
            caller.call.rtp.press("0")
            await converse(caller.call, [Keys("4")])
            call = await desk.reaches(caller.call.call_id, "connected")
            assert call["contact_name"] == "Test Person"
    await desk.reaches(caller.call.call_id, "registered")
    assert len(cases_of(system, call["call_id"])) == 1
    await eventually(lambda: stored_call(system, call["call_id"]).outcome == "answered")


async def test_a_case_that_is_registered_survives_a_lock_later_in_the_call(
    system: Installation, desk: DeskView, eventually: Eventually
) -> None:
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        await goes_on(desk, caller)
        with locked(system, "EXCLUSIVE"):
            await caller.call.hang_up()
            call = await desk.reaches(caller.call.call_id, "ended")
    assert len(cases_of(system, call["call_id"])) == 1
    await eventually(lambda: stored_call(system, call["call_id"]).outcome == "abandoned_queue")


def test_nothing_has_crashed(system: Installation) -> None:
    assert "Traceback" not in system.logged()
