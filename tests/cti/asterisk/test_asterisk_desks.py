"""Desks in a real Asterisk: each number has its queue, and they change under callers who lose nothing."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from raw_asterisk import Manager, gateway

from cti.asterisk.install.configuration import write_routes
from domain.desks import Desk, DeskBook
from phone.codecs import codec
from phone.user_agent import CallFailed, UserAgent

pytestmark = pytest.mark.server

IT = Desk(key="it", name="IT", numbers=("100",))
HR = Desk(key="hr", name="Personnel", numbers=("101", "+4687101"), queue="hr", ring_s=7)
BOTH = DeskBook(desks=(IT, HR))


@pytest.fixture
async def manager(asterisk, settings, secrets):
    write_routes(settings, BOTH)
    await asterisk.reload_routes()
    async with Manager(settings, secrets.ami) as session:
        yield session


@contextlib.asynccontextmanager
async def telephone(settings, username="caller", password="", on_invite=None):
    phone = UserAgent(username, (settings.host, settings.sip_port), password, on_invite)
    await phone.open()
    try:
        yield phone
    finally:
        await phone.close()


async def dial(phone, number):
    return await phone.call(number, codec("pcmu"), "+46701740605")


async def change(asterisk, settings, book):
    assert write_routes(settings, book)
    await asterisk.reload_routes()


async def timeouts(manager):
    """How long phones ring, by queue, as Asterisk has it."""
    manager.send(Action="QueueStatus", ActionID="all")
    await manager.until(Event="QueueStatusComplete")
    return [event["Queue"] for event in manager.events if event.get("Event") == "QueueParams"]


@pytest.mark.parametrize(("number", "queue"), [("100", "support"), ("101", "hr"), ("+4687101", "hr")])
async def test_each_number_has_its_own_queue_also_while_no_server_runs(settings, manager, number, queue):
    async with telephone(settings) as phone:
        await dial(phone, number)
        assert (await manager.until(Event="QueueCallerJoin"))["Queue"] == queue


async def test_the_intake_is_told_the_number_and_the_node(settings, manager):
    asked = ("${SVARKLAR_DIALLED}", "${SVARKLAR_QUEUE}")
    async with (
        gateway(settings, *(f'GET FULL VARIABLE "{name}"' for name in asked)) as calls,
        telephone(settings) as phone,
    ):
        await dial(phone, "101")
        assert (await calls.get())[1] == ["200 result=1 (101)", "200 result=1 (hr)"]


async def test_the_intake_may_choose_another_queue(settings, manager):
    async with gateway(settings, "SET VARIABLE SVARKLAR_QUEUE support"), telephone(settings) as phone:
        await dial(phone, "101")
        assert (await manager.until(Event="QueueCallerJoin"))["Queue"] == "support"


async def test_a_queue_that_is_not_there_is_the_default_one(settings, manager):
    async with gateway(settings, "SET VARIABLE SVARKLAR_QUEUE nowhere"), telephone(settings) as phone:
        await dial(phone, "101")
        assert (await manager.until(Event="QueueCallerJoin"))["Queue"] == "support"


async def test_whom_the_intake_has_told_that_nobody_answers_is_let_go(settings, manager):
    async with gateway(settings, "SET VARIABLE SVARKLAR_LET_GO yes"), telephone(settings) as phone:
        call = await dial(phone, "101")
        await call.ended.wait()
        await manager.until(Event="Hangup")
    assert not [event for event in manager.events if event.get("Event") == "QueueCallerJoin"]


async def test_desks_change_while_callers_wait_and_nobody_is_lost(asterisk, settings, secrets, manager):
    ringing = asyncio.Queue()
    async with (
        telephone(settings) as phone,
        telephone(settings) as other,
        telephone(settings, "anna-phone", secrets.sip["anna-phone"], ringing.put_nowait) as anna,
    ):
        await anna.register()
        waiting = await dial(phone, "100")
        await manager.until(Event="QueueCallerJoin")
        lab = Desk(key="lab", name="Lab", numbers=("102",), queue="lab")
        await change(asterisk, settings, DeskBook(desks=(replace(IT, ring_s=9), lab)))
        await dial(other, "102")
        assert (await manager.until(Event="QueueCallerJoin"))["Queue"] == "lab"
        with pytest.raises(CallFailed, match="404"):
            await dial(other, "101")
        manager.send(Action="QueueAdd", Queue="support", Interface="PJSIP/anna-phone", MemberName="anna")
        await (await ringing.get()).answer()
        connected = await manager.until(Event="AgentConnect")
        assert (connected["Queue"], waiting.state) == ("support", "connected")


async def test_who_waits_at_a_desk_that_is_removed_is_still_answered(asterisk, settings, secrets, manager):
    ringing = asyncio.Queue()
    async with (
        telephone(settings) as phone,
        telephone(settings, "anna-phone", secrets.sip["anna-phone"], ringing.put_nowait) as anna,
    ):
        await anna.register()
        await dial(phone, "101")
        await manager.until(Event="QueueCallerJoin")
        await change(asterisk, settings, DeskBook(desks=(IT,), retired=("hr",)))
        assert set(await timeouts(manager)) == {"support", "hr"}
        manager.send(Action="QueueAdd", Queue="hr", Interface="PJSIP/anna-phone", MemberName="anna")
        await (await ringing.get()).answer()
        assert (await manager.until(Event="AgentConnect"))["Queue"] == "hr"


async def test_who_talks_with_the_intake_of_a_desk_that_is_removed_goes_on_to_its_queue(
    asterisk, settings, manager
):
    talking, removed = asyncio.Event(), asyncio.Event()

    async def intake(reader, writer):
        await reader.readuntil(b"\n\n")
        talking.set()
        await removed.wait()
        writer.close()

    server = await asyncio.start_server(intake, settings.host, settings.agi_port)
    async with server, telephone(settings) as phone:
        await dial(phone, "101")
        await talking.wait()
        await change(asterisk, settings, DeskBook(desks=(IT,), retired=("hr",)))
        removed.set()
        assert (await manager.until(Event="QueueCallerJoin"))["Queue"] == "hr"


async def test_the_log_stays_clean_when_desks_change(asterisk, settings, manager):
    await change(asterisk, settings, DeskBook(desks=(IT,), retired=("hr",)))
    log = (settings.var / "asterisk-run/log/messages").read_text()
    assert "WARNING" not in log
    assert "ERROR" not in log


def test_the_same_desks_are_no_change(settings, secrets, asterisk):
    write_routes(settings, BOTH)
    assert not write_routes(settings, BOTH)
