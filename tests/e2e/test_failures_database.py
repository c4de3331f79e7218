"""The database is locked by somebody else: callers reach the queue, and their cases are there afterwards."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from callers import on_the_line
from desk_view import DeskView
from hurry import goes_on, say_now
from people import cases_of, new_contact, stored_call
from whole_house import House

from phone.agent import Agent
from phone.caller import Keys, converse

pytestmark = pytest.mark.server

Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def house(brief_house: House) -> House:
    return brief_house


@contextmanager
def locked(house: House, how: str) -> Iterator[None]:
    """Nobody else writes while the block runs."""
    other = sqlite3.connect(house.settings.var / "svarklar.db", isolation_level=None)
    other.execute(f"BEGIN {how}")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
async def test_a_caller_reaches_the_queue_while_the_database_is_locked(
    how: str, house: House, desk: DeskView, eventually: Eventually
) -> None:
    async with on_the_line(house, number=new_contact(house)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        with locked(house, how):
            await say_now(house, caller)
            call = await desk.reaches(caller.call.call_id, "queued")
            assert cases_of(house, call["call_id"]) == []
        call = await desk.reaches(caller.call.call_id, "registered")

    (case,) = cases_of(house, call["call_id"])
    assert "printer" in case.statement
    assert call["case"]["number"] == case.number
    assert call["case"]["has_statement"]
    await eventually(lambda: stored_call(house, call["call_id"]).get("outcome") == "abandoned_queue")
    assert "case_not_kept" in house.logged()
    assert "unsaved_case_registered" in house.logged()


async def test_a_caller_who_calls_while_it_is_locked_reaches_an_agent(
    house: House, desk: DeskView, agent: Agent, eventually: Eventually
) -> None:
    number = new_contact(house)
    with locked(house, "IMMEDIATE"):
        async with on_the_line(house, number=number) as caller:
            await desk.reaches(caller.call.call_id, "listening")
            caller.call.rtp.press("0")
            await converse(caller.call, [Keys("4")])
            call = await desk.reaches(caller.call.call_id, "connected")
            assert call["contact_name"] == "Test Person"
    await desk.reaches(caller.call.call_id, "registered")
    assert len(cases_of(house, call["call_id"])) == 1
    await eventually(lambda: stored_call(house, call["call_id"]).get("outcome") == "answered")


async def test_a_case_that_is_registered_survives_a_lock_later_in_the_call(
    house: House, desk: DeskView, eventually: Eventually
) -> None:
    async with on_the_line(house, number=new_contact(house)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        await goes_on(desk, caller)
        with locked(house, "EXCLUSIVE"):
            await caller.call.hang_up()
            call = await desk.reaches(caller.call.call_id, "ended")
    assert len(cases_of(house, call["call_id"])) == 1
    await eventually(lambda: stored_call(house, call["call_id"]).get("outcome") == "abandoned_queue")


def test_nothing_has_crashed(house: House) -> None:
    assert "Traceback" not in house.logged()
