"""One bridge and two real Asterisks: each node's calls are its own, and its list ends no other's."""

import contextlib

import pytest
from kept import Kept
from raw_asterisk import Manager

from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from domain.agents import PresenceChanged, PresenceRequested, SnapshotWanted
from domain.calls import CallChanged, CallsSnapshot
from domain.streams import AGENTS, CALLS
from phone.codecs import codec
from phone.user_agent import UserAgent
from svarklar.secrets import load_secrets
from tests.bus_events import events_of

pytestmark = pytest.mark.server


class Desk:
    """What pages see of both nodes."""

    def __init__(self, bus, calls, agents):
        self.bus = bus
        self._calls, self._agents = events_of(calls), events_of(agents)

    async def call(self, **wanted):
        """The next call that is so."""
        while True:
            event = await anext(self._calls)
            if isinstance(event, CallChanged) and all(getattr(event.call, k) == v for k, v in wanted.items()):
                return event.call

    async def calls(self):
        """Every call that is known, by node."""
        wanted = SnapshotWanted(at_ms=1, request_id="desk")
        await self.bus.publish(wanted.stream, wanted)
        while not isinstance(event := await anext(self._calls), CallsSnapshot) or event.request_id != "desk":
            pass
        return {call.node: call.stage for call in event.calls}

    async def ready(self):
        wish = PresenceRequested(at_ms=1, agent="anna", presence="ready", phone="phone")
        await self.bus.publish(wish.stream, wish)
        while not isinstance(event := await anext(self._agents), PresenceChanged) or (
            event.agent.presence != "ready"
        ):
            pass


@pytest.fixture
def north(new_settings):
    return new_settings(node="north")


@pytest.fixture
def south(new_settings):
    return new_settings(node="south")


@pytest.fixture
async def desk(north, south, tmp_path):
    """A bridge of both nodes; either may come and go."""
    async with contextlib.AsyncExitStack() as stack:
        bus = MemoryBus()
        desk = Desk(bus, await bus.subscribe(CALLS), await bus.subscribe(AGENTS))
        kept = Kept(tmp_path)
        stack.callback(kept.close)
        amis = {settings.node: Ami(settings.node, retry_s=0.05) for settings in (north, south)}
        bridge = Bridge(
            bus=bus,
            ami=amis["north"],
            others={"south": amis["south"]},
            node="north",
            store=kept,
            queue="support",
            wrapup_s=1,
        )
        await bridge.start()
        for settings in (north, south):
            ami = amis[settings.node]
            stack.push_async_callback(ami.close)
            secret = load_secrets(settings, ("anna", "bo")).ami
            await ami.connect(settings.host, settings.ami_port, "svarklar", secret)
        stack.push_async_callback(bridge.close)
        yield desk


@contextlib.asynccontextmanager
async def telephone(settings, username="caller", password=""):
    phone = UserAgent(username, (settings.host, settings.sip_port), password)
    await phone.open()
    try:
        yield phone
    finally:
        await phone.close()


async def call_in(phone):
    return await phone.call("100", codec("pcmu"), "+46701740605")


async def test_a_node_that_comes_back_without_its_calls_ends_them_and_no_others(
    start_asterisk, north, south, desk
):
    async with start_asterisk(south), telephone(south) as at_south:
        async with start_asterisk(north), telephone(north) as at_north:
            await call_in(at_south)
            await desk.call(node="south", stage="queued")
            await call_in(at_north)
            first = await desk.call(node="north", stage="queued")
            assert first.call_id.startswith("north-")
        async with start_asterisk(north):
            ended = await desk.call(node="north", stage="ended")
            assert ended.call_id == first.call_id
            assert await desk.calls() == {"north": "ended", "south": "queued"}


async def test_an_agent_takes_the_calls_of_the_node_where_the_phone_is(start_asterisk, north, south, desk):
    password = load_secrets(south, ("anna", "bo")).sip["anna-phone"]
    async with (
        start_asterisk(north),
        start_asterisk(south),
        telephone(south, "anna-phone", password) as anna,
        telephone(south) as caller,
    ):
        await anna.register()
        await desk.ready()
        await call_in(caller)
        ringing = await desk.call(node="south", stage="ringing")
        assert ringing.agent == "anna"
        for settings in (north, south):
            async with Manager(settings, load_secrets(settings, ()).ami) as manager:
                manager.send(Action="QueueStatus")
                await manager.until(Event="QueueStatusComplete")
            assert [event["Name"] for event in manager.events if event.get("Event") == "QueueMember"] == [
                "anna"
            ]
