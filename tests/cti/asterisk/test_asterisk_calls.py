"""What the generated configuration does with real calls; the far ends are our own telephone."""

import asyncio
import contextlib
import re

import pytest
from aiohttp import WSMsgType, web
from raw_asterisk import Manager, gateway

from cti.asterisk.settings import Trunk
from phone.codecs import codec
from phone.user_agent import CallFailed, UserAgent
from svarklar.secrets import load_secrets

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("asterisk")]
HOSTILE_NAME = "Eve <sip:x> ${SHELL(id)}, $[1+1] ;[x] åäö"


@pytest.fixture
async def manager(asterisk, settings, secrets):
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


@contextlib.asynccontextmanager
async def desk_phone(settings, secrets, manager):
    """anna at her desk phone, ready for the queue; yields her incoming calls."""
    calls = asyncio.Queue()
    async with telephone(settings, "anna-phone", secrets.sip["anna-phone"], calls.put_nowait) as phone:
        await phone.register()
        manager.send(Action="QueueAdd", Queue="support", Interface="PJSIP/anna-phone", MemberName="anna")
        await manager.until(Event="QueueMemberAdded")
        yield calls


@pytest.mark.parametrize("name", ["pcmu", "pcma", "g722"])
async def test_a_caller_reaches_the_queue_and_its_music_with_no_server_of_ours_running(
    settings, manager, name
):
    async with telephone(settings) as phone:
        call = await phone.call("100", codec(name), "+46701740605")
        joined = await manager.until(Event="QueueCallerJoin")
        await _music(call)

    assert joined["Queue"] == "support"
    assert joined["CallerIDNum"] == "+46701740605"


async def _music(call):
    """Wait until the caller hears something; the telephone has no event for it."""
    while call.rtp.last_voice_s is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_a_hostile_name_is_carried_and_never_interpreted(settings, manager):
    async with telephone(settings) as phone:
        await phone.call("100", codec("pcmu"), "+46701740605", HOSTILE_NAME)
        joined = await manager.until(Event="QueueCallerJoin")

    assert joined["CallerIDName"] == HOSTILE_NAME


@pytest.mark.parametrize("number", ["101", "s", "h", "offer", "1000"])
async def test_any_other_number_is_refused(settings, number):
    async with telephone(settings) as phone:
        with pytest.raises(CallFailed, match="404"):
            await phone.call(number, codec("pcmu"), "+46701740605")


@pytest.mark.parametrize("name", ["anna-browser", "anna-phone", "webcaller"])
async def test_nobody_calls_in_the_name_of_an_endpoint_without_its_password(settings, name):
    async with telephone(settings, name, "wrong") as phone:
        with pytest.raises(CallFailed):
            await phone.call("100", codec("pcmu"), name)


async def test_a_desk_phone_with_a_wrong_password_is_refused(settings):
    async with telephone(settings, "anna-phone", "wrong") as phone:
        with pytest.raises(CallFailed):
            await phone.register()


async def test_a_trunk_calls_in_as_itself_by_its_address_alone(start_asterisk, new_settings):
    settings = new_settings(trunks=[Trunk(name="exchange", host="127.0.0.0/8")])
    secrets = load_secrets(settings, ())
    async with (
        start_asterisk(settings),
        Manager(settings, secrets.ami) as manager,
        telephone(settings) as phone,
    ):
        await phone.call("100", codec("pcma"), "+46701740605")
        joined = await manager.until(Event="QueueCallerJoin")

    assert joined["Channel"].startswith("PJSIP/trunk-exchange-")


async def test_a_whole_call_leaves_a_clean_log(settings, secrets, manager):
    async with (
        gateway(settings),
        desk_phone(settings, secrets, manager) as ringing,
        telephone(settings) as phone,
    ):
        call = await phone.call("100", codec("g722"), "+46701740605")
        await (await ringing.get()).answer()
        await manager.until(Event="AgentConnect")
        await call.hang_up()
        await manager.until(Event="AgentComplete")

    log = (settings.var / "asterisk-run/log/messages").read_text()
    assert not re.findall(r".*(?:WARNING|ERROR).*", log)


async def test_intake_reads_what_it_needs_to_know_of_the_call(settings):
    names = ("CHANNEL(linkedid)", "CHANNEL(pjsip,call-id)", "CHANNEL(audionativeformat)", "CALLERID(num)")
    async with (
        gateway(settings, *(f"GET VARIABLE {name}" for name in names)) as calls,
        telephone(settings) as phone,
    ):
        call = await phone.call("100", codec("g722"), "+46701740605")
        script, answers = await calls.get()

    linkedid, call_id, native, number = (answer.removeprefix("200 result=1 ") for answer in answers)
    assert script == "intake"
    assert re.fullmatch(r"\(main-[0-9]+\.[0-9]+\)", linkedid)  # the node comes first
    assert (call_id, native, number) == (f"({call.call_id})", "((g722))", "(+46701740605)")


async def test_the_audio_of_a_call_comes_to_the_media_address(settings):
    opened = asyncio.Queue()

    async def media(request):
        socket = web.WebSocketResponse(protocols=["media"])
        await socket.prepare(request)
        messages = [await socket.receive() for _ in range(2)]
        start = next(message.json() for message in messages if message.type == WSMsgType.TEXT)
        sound = next(message.data for message in messages if message.type == WSMsgType.BINARY)
        opened.put_nowait((request.query["call"], start["event"], len(sound)))
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/media", media)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.media_port).start()
    dial = 'EXEC Dial "WebSocket/media1/c(slin16)f(json)v(call=one-use),,g"'
    async with gateway(settings, dial) as calls, telephone(settings) as phone:
        await phone.call("100", codec("g722"), "+46701740605")

        assert await opened.get() == ("one-use", "MEDIA_START", 640)
        assert (await calls.get())[1] == ["200 result=0"]
    await runner.cleanup()


async def test_the_offer_gate_runs_before_the_invite_leaves_and_names_the_case(settings, secrets, manager):
    async with (
        desk_phone(settings, secrets, manager) as ringing,
        telephone(settings) as phone,
        gateway(settings, "SET VARIABLE SVARKLAR_CASE C-000042") as calls,
    ):
        await phone.call("100", codec("pcmu"), "+46701740605", "Maria Lind")
        scripts = [(await calls.get())[0] for _ in range(2)]
        call = await ringing.get()

    assert scripts == ["intake", "offer"]
    assert call.invite.header("x-case") == "C-000042"
    assert "Maria Lind" in call.invite.header("from")


async def test_nothing_but_a_case_number_gets_into_the_invite(settings, secrets, manager):
    async with (
        desk_phone(settings, secrets, manager) as ringing,
        telephone(settings) as phone,
        gateway(settings, 'SET VARIABLE SVARKLAR_CASE "C-1,x)${SHELL(id)} <y>"'),
    ):
        await phone.call("100", codec("pcmu"), "+46701740605")
        call = await ringing.get()

    assert call.invite.header("x-case") == "C-1SHELL"


async def test_without_a_gate_the_phone_rings_all_the_same_and_the_two_talk(settings, secrets, manager):
    async with desk_phone(settings, secrets, manager) as ringing, telephone(settings) as phone:
        call = await phone.call("100", codec("g722"), "+46701740605")
        at_desk = await ringing.get()
        await at_desk.answer()
        connected = await manager.until(Event="AgentConnect")
        await call.hang_up()
        await manager.until(Event="AgentComplete")

    assert at_desk.invite.header("x-case") == ""
    assert connected["MemberName"] == "anna"


async def test_who_holds_the_bridges_secret_runs_no_command_and_makes_no_call(manager):
    manager.send(Action="Command", Command="core show version", ActionID="command")
    assert (await manager.until(ActionID="command"))["Response"] == "Error"
    originate = {"Channel": "Local/100@callers", "Application": "Milliwatt"}
    manager.send(Action="Originate", ActionID="originate", **originate)
    assert (await manager.until(ActionID="originate"))["Response"] == "Error"


async def test_the_bridge_hears_the_events_of_a_call_and_no_others(settings, secrets, manager):
    async with desk_phone(settings, secrets, manager) as ringing, telephone(settings) as phone:
        call = await phone.call("100", codec("pcmu"), "+46701740605")
        at_desk = await ringing.get()
        await at_desk.answer()
        await manager.until(Event="AgentConnect")
        manager.send(Action="CoreShowChannels")
        await manager.until(Event="CoreShowChannelsComplete")
        manager.send(Action="QueueStatus", Queue="support")
        await manager.until(Event="QueueStatusComplete")
        await call.hang_up()
        await manager.until(Event="Hangup")

    heard = {packet["Event"] for packet in manager.events if "Event" in packet}
    assert heard >= {
        "QueueCallerJoin",
        "AgentCalled",
        "DialBegin",
        "DialEnd",
        "AgentConnect",
        "Hangup",
    }
    assert heard >= {"CoreShowChannel", "QueueParams", "QueueMember", "QueueMemberStatus"}
    assert not heard & {"Newchannel", "VarSet", "Newexten", "Newstate", "RTCPSent", "MusicOnHoldStart"}
