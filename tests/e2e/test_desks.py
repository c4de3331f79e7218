"""Two desks on two numbers: each has its queue, menu, articles and people; they change under calls."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from callers import on_the_line
from installation import HELENA, Installation
from people import cases_of, new_contact

from casestore import desks
from casestore.db import Store, Transaction
from domain.desks import Desk, OpeningHours
from phone.codecs import codec
from phone.user_agent import CallFailed, UserAgent

pytestmark = pytest.mark.server

IT, HR, LAB = "100", "101", "102"
FIRST_OF_THE_MENU = ("1", "1")  # the first key ends the listening to words


@contextmanager
def changing(system: Installation) -> Iterator[Transaction]:
    """What an admin does in the settings page."""
    store = Store(system.settings.database)
    try:
        with store.uow() as tx:
            yield tx
    finally:
        store.close()


def change(system: Installation, key: str, **fields: object) -> Desk:
    """Change a desk; as it was."""
    with changing(system) as tx:
        before = desks.get(tx, key)
        assert before
        changed = replace(before, managed_by="page", **fields)  # type: ignore[arg-type]
        desks.save(tx, changed, known_version=before.version)
        return before


@asynccontextmanager
async def at_work(system: Installation, *names: str) -> AsyncIterator[None]:
    """These agents at their desk phones, ready."""
    agents = [system.agent(name) for name in names]
    try:
        for agent in agents:
            await agent.log_in()
            await agent.be_ready()
        yield
    finally:
        for agent in agents:
            await agent.close()


async def reached(system: Installation, number: str, timeout_s: float = 20.0) -> None:
    """Wait until calls to this number are taken; the timeout only bounds a failure."""
    phone = UserAgent("caller", (system.settings.host, system.settings.sip_port))
    await phone.open()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    await (await phone.call(number, codec("pcmu"), HELENA)).hang_up()
                    return
                except CallFailed:
                    await asyncio.sleep(0.2)
    finally:
        await phone.close()


async def test_a_caller_of_hr_hears_its_menu_and_reaches_its_queue_people_and_articles(
    brief_house: Installation,
) -> None:
    system = brief_house
    async with (
        at_work(system, "bo", "sofia"),
        on_the_line(system, *FIRST_OF_THE_MENU, number=new_contact(system), to=HR) as caller,
    ):
        call = await caller.reaches("connected")
    assert (call["dialled"], call["desk"], call["queue"], call["why"]) == (HR, "hr", "hr", "open")
    assert (call["agent"], call["case"]["service"]) == ("sofia", "payroll")
    assert call["suggestions"][0]["article"] == "hr-salary"
    assert call["call_id"].startswith("main-")


async def test_a_caller_of_it_hears_the_other_menu_and_reaches_whoever_serves_it_first(
    brief_house: Installation,
) -> None:
    system = brief_house
    async with (
        at_work(system, "sofia", "bo"),
        on_the_line(system, *FIRST_OF_THE_MENU, number=new_contact(system), to=IT) as caller,
    ):
        call = await caller.reaches("connected")
    assert (call["desk"], call["queue"], call["agent"]) == ("it", "support", "bo")
    assert call["case"]["service"] == "account"
    assert not [found for found in call["suggestions"] if found["article"].startswith("hr-")]


async def test_one_agent_serves_both(brief_house: Installation) -> None:
    system = brief_house
    async with at_work(system, "anna"):
        for number, desk in ((IT, "it"), (HR, "hr")):
            async with on_the_line(
                system, *FIRST_OF_THE_MENU, number=new_contact(system), to=number
            ) as caller:
                call = await caller.reaches("connected")
            assert (call["agent"], call["desk"]) == ("anna", desk)


async def test_a_number_of_no_desk_is_refused(brief_house: Installation) -> None:
    with pytest.raises(CallFailed, match="404"):
        async with on_the_line(brief_house, to="4711"):
            pass


@asynccontextmanager
async def closed_today(system: Installation, **fields: object) -> AsyncIterator[None]:
    """HR is closed today, by a day of its own."""
    today = datetime.now(ZoneInfo("Europe/Stockholm")).date().isoformat()
    before = change(system, "hr", hours=OpeningHours(closed_days=(today,)), **fields)
    try:
        await asyncio.sleep(3)  # the server looks every two seconds
        yield
    finally:
        change(system, "hr", hours=before.hours, when_closed=before.when_closed)


async def test_a_closed_desk_says_so_and_lets_the_caller_go_without_a_case(brief_house: Installation) -> None:
    system = brief_house
    async with (
        closed_today(system, when_closed="announce"),
        on_the_line(system, number=new_contact(system), to=HR) as caller,
    ):
        call = await caller.reaches("ended")
    assert (call["why"], call["outcome"], call["case"]) == ("closed_day", "let_go", None)
    assert "queued" not in call["marks"]
    assert cases_of(system, call["call_id"]) == []


async def test_a_closed_desk_takes_a_case_and_lets_the_caller_go(brief_house: Installation) -> None:
    system = brief_house
    async with (
        closed_today(system, when_closed="case"),
        on_the_line(system, *FIRST_OF_THE_MENU, number=new_contact(system), to=HR) as caller,
    ):
        call = await caller.reaches("ended")
    assert (call["outcome"], call["case"]["service"]) == ("let_go", "payroll")
    assert "queued" not in call["marks"]


async def test_a_desk_that_is_made_takes_calls_while_another_caller_waits_on(
    brief_house: Installation,
) -> None:
    system = brief_house
    async with on_the_line(system, *FIRST_OF_THE_MENU, number=new_contact(system), to=IT) as waiting:
        await waiting.reaches("queued")
        with changing(system) as tx:
            lab = Desk(key="lab", name="Lab", numbers=(LAB,), queue="lab", menu={"1": "other"})
            desks.save(tx, lab, known_version=0)
        await reached(system, LAB)
        async with at_work(system, "bo"):
            assert (await waiting.reaches("connected"))["agent"] == "bo"


async def test_whoever_waits_at_a_desk_that_is_removed_is_answered(brief_house: Installation) -> None:
    system = brief_house
    async with on_the_line(system, *FIRST_OF_THE_MENU, number=new_contact(system), to=HR) as waiting:
        await waiting.reaches("queued")
        with changing(system) as tx:
            hr = desks.get(tx, "hr")
            assert hr
            desks.remove(tx, "hr", known_version=hr.version)
        try:
            await refused(system, HR)
            async with at_work(system, "sofia"):
                assert (await waiting.reaches("connected"))["agent"] == "sofia"
        finally:
            with changing(system) as tx:
                desks.save(tx, hr, known_version=0)


async def refused(system: Installation, number: str, timeout_s: float = 20.0) -> None:
    """Wait until calls to this number are refused."""
    phone = UserAgent("caller", (system.settings.host, system.settings.sip_port))
    await phone.open()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    await (await phone.call(number, codec("pcmu"), HELENA)).hang_up()
                except CallFailed:
                    return
                await asyncio.sleep(0.2)
    finally:
        await phone.close()


async def test_the_command_line_calls_any_desk(brief_house: Installation) -> None:
    number = new_contact(brief_house)
    report = await brief_house.call(*FIRST_OF_THE_MENU, number=number, to=HR, hangup_after_s=20.0)
    assert report["case"]["service"] == "payroll"
