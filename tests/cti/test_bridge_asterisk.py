"""The bridge and a real Asterisk: calls that no dialogue had, presence, and a restart in between."""

import asyncio
import contextlib

import pytest
from kept import Kept
from raw_asterisk import Manager

from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from domain.agents import PresenceChanged, PresenceRefused, PresenceRequested
from domain.calls import CallChanged
from domain.streams import AGENTS, CALLS
from phone.codecs import codec
from phone.user_agent import UserAgent
from tests.bus_events import events_of

pytestmark = pytest.mark.server


class Desk:
    """What pages get, and what they want."""

    def __init__(self, bus, calls, agents):
        self._bus = bus
        self._calls, self._agents = events_of(calls), events_of(agents)

    async def want(self, presence, **fields):
        wish = PresenceRequested(at_ms=1, agent="anna", presence=presence, phone="phone", **fields)
        await self._bus.publish(wish.stream, wish)

    async def presence(self):
        """The next presence that the queue has agreed to."""
        while not isinstance(event := await self.answer(), PresenceChanged):
            pass
        return event.agent

    async def answer(self):
        """What becomes of the next wish."""
        while not isinstance(event := await anext(self._agents), PresenceChanged | PresenceRefused):
            pass
        return event

    async def call(self, stage):
        while not isinstance(event := await anext(self._calls), CallChanged) or event.call.stage != stage:
            pass
        return event.call


@pytest.fixture
async def desk(settings, secrets, tmp_path):
    """A desk with a bridge behind it; Asterisk may come and go."""
    async with contextlib.AsyncExitStack() as stack:
        bus, ami = MemoryBus(), Ami(retry_s=0.05)
        desk = Desk(bus, await bus.subscribe(CALLS), await bus.subscribe(AGENTS))
        kept = Kept(tmp_path)
        stack.callback(kept.close)
        bridge = Bridge(bus=bus, ami=ami, store=kept, queue="support", wrapup_s=0.05)
        await bridge.start()
        stack.push_async_callback(ami.close)
        stack.push_async_callback(bridge.close)
        await ami.connect(settings.host, settings.ami_port, "svarklar", secrets.ami)
        yield desk


async def ready(desk):
    """Anna is ready, as soon as Asterisk is."""
    await desk.want("ready")
    return await desk.presence()


async def members(settings, secrets):
    """The queue's members as Asterisk lists them."""
    async with Manager(settings, secrets.ami) as manager:
        manager.send(Action="QueueStatus", Queue="support")
        await manager.until(Event="QueueStatusComplete")
    return [
        (event["Name"], event["Location"], event["Paused"], event.get("PausedReason", ""))
        for event in manager.events
        if event.get("Event") == "QueueMember"
    ]


async def test_a_call_is_followed_from_queue_to_wrapup(asterisk, desk, settings, secrets):
    server = (settings.host, settings.sip_port)
    async with contextlib.AsyncExitStack() as stack:
        ringing = asyncio.Queue()
        agent = UserAgent("anna-phone", server, secrets.sip["anna-phone"], ringing.put_nowait)
        caller = UserAgent("caller", server)
        for telephone in (agent, caller):
            await telephone.open()
            stack.push_async_callback(telephone.close)
        await agent.register()
        assert (await ready(desk)).presence == "ready"
        talk = await caller.call("100", codec("pcmu"), "+46701740605", "Åsa Öberg")
        call = await desk.call("ringing")
        assert (call.number, call.name, call.agent) == ("+46701740605", "Åsa Öberg", "anna")
        await (await ringing.get()).answer()
        await desk.call("connected")
        assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "1", "talking")]
        await talk.hang_up()
        assert (await desk.call("ended")).outcome == "answered"
        assert [(await desk.presence()).presence for _ in range(2)] == ["wrapup", "ready"]


async def test_every_presence_is_what_asterisk_has(asterisk, desk, settings, secrets):
    await ready(desk)
    assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "0", "")]
    await desk.want("break", reason="lunch")
    assert (await desk.presence()).reason == "lunch"
    assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "1", "lunch")]
    await desk.want("away")
    assert (await desk.presence()).presence == "away"
    assert await members(settings, secrets) == []


async def test_after_a_restart_asterisk_has_its_members_again(start_asterisk, settings, secrets, desk):
    async with start_asterisk(settings):
        await ready(desk)
        await desk.want("break", reason="lunch")
        await desk.presence()
    await desk.want("ready")
    assert (await desk.answer()).why == "asterisk_down"
    async with start_asterisk(settings):
        assert (await desk.presence()).presence == "ready"
        assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "0", "")]
