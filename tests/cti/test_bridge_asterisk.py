"""The bridge and a real Asterisk: calls that no dialogue had, presence, and a restart in between."""

import asyncio
import contextlib

import pytest
from kept import Kept
from raw_asterisk import Manager

from cti.agents import Serves
from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from domain.agents import PresenceChanged, PresenceRefused, PresenceRequested
from domain.calls import CallChanged
from domain.streams import AGENTS, CALLS
from phone.codecs import codec
from phone.user_agent import UserAgent
from svarklar.secrets import load_secrets
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

    async def becomes(self, presence, because=""):
        """Anna, once she is this."""
        while not isinstance(event := await self.answer(), PresenceChanged) or (
            (event.agent.presence, event.agent.away_because) != (presence, because)
        ):
            pass
        return event.agent

    async def presences(self, last):
        """What anna is, one after another, up to this one."""
        seen = [""]
        while seen[-1] != last:
            event = await self.answer()
            if isinstance(event, PresenceChanged) and event.agent.presence != seen[-1]:
                seen.append(event.agent.presence)
        return seen[1:]

    async def answer(self):
        """What becomes of the next wish."""
        while not isinstance(event := await anext(self._agents), PresenceChanged | PresenceRefused):
            pass
        return event

    async def call(self, stage):
        while not isinstance(event := await anext(self._calls), CallChanged) or event.call.stage != stage:
            pass
        return event.call


@contextlib.asynccontextmanager
async def bridged(settings, secrets, folder):
    """A desk with a bridge behind it; Asterisk may come and go."""
    async with contextlib.AsyncExitStack() as stack:
        bus, ami = MemoryBus(), Ami(retry_s=0.05)
        desk = Desk(bus, await bus.subscribe(CALLS), await bus.subscribe(AGENTS))
        kept = Kept(folder)
        stack.callback(kept.close)
        desk.bridge = Bridge(bus=bus, ami=ami, store=kept, queue="support", wrapup_s=0.05)
        await desk.bridge.start()
        stack.push_async_callback(ami.close)
        stack.push_async_callback(desk.bridge.close)
        await ami.connect(settings.host, settings.ami_port, "svarklar", secrets.ami)
        yield desk


@pytest.fixture
async def desk(settings, secrets, tmp_path):
    async with bridged(settings, secrets, tmp_path) as desk:
        yield desk


@contextlib.asynccontextmanager
async def desk_phone(settings, secrets):
    """Anna's desk phone, registered; yields the telephone and what calls it."""
    ringing = asyncio.Queue()
    server = (settings.host, settings.sip_port)
    telephone = UserAgent("anna-phone", server, secrets.sip["anna-phone"], ringing.put_nowait)
    await telephone.open()
    try:
        await telephone.register()
        yield telephone, ringing
    finally:
        await telephone.close()


@contextlib.asynccontextmanager
async def caller(settings):
    """Somebody who calls the desk, and waits in the queue."""
    telephone = UserAgent("caller", (settings.host, settings.sip_port))
    await telephone.open()
    try:
        yield await telephone.call("100", codec("pcmu"), "+46701740605", "Åsa Öberg")
    finally:
        await telephone.close()


async def members(settings, secrets, *more):
    """The queue's members as Asterisk lists them, each with what more of it is asked for."""
    async with Manager(settings, secrets.ami) as manager:
        manager.send(Action="QueueStatus", Queue="support")
        await manager.until(Event="QueueStatusComplete")
    return [
        (
            event["Name"], event["Location"], event["Paused"], event.get("PausedReason", ""),
            *(event[field] for field in more),
        )
        for event in manager.events
        if event.get("Event") == "QueueMember"
    ]  # fmt: skip


async def until_members(settings, secrets, wanted, *more):
    """Wait for what nobody is told of."""
    while await members(settings, secrets, *more) != wanted:
        pass


PAUSED = [("anna", "PJSIP/anna-phone", "1", "unreachable")]
FREE = [("anna", "PJSIP/anna-phone", "0", "")]


async def test_a_call_is_followed_from_queue_to_wrapup(asterisk, desk, settings, secrets):
    async with desk_phone(settings, secrets) as (_, ringing):
        await desk.want("ready")
        await desk.becomes("ready")
        async with caller(settings) as talk:
            call = await desk.call("ringing")
            assert (call.number, call.name, call.agent) == ("+46701740605", "Åsa Öberg", "anna")
            await (await ringing.get()).answer()
            await desk.call("connected")
            anna = await desk.becomes("talking")
            assert (anna.calls, anna.next) == ((call.call_id,), "ready")
            assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "1", "talking")]
            await talk.hang_up()
        assert (await desk.call("ended")).outcome == "answered"
        assert await desk.presences("ready") in (["wrapup", "ready"], ["talking", "wrapup", "ready"])


async def test_every_presence_is_what_asterisk_has(asterisk, desk, settings, secrets):
    async with desk_phone(settings, secrets):
        await desk.want("ready")
        assert (await desk.becomes("ready")).phones == {"browser": "unavailable", "phone": "idle"}
        assert await members(settings, secrets) == FREE
        await desk.want("break", reason="lunch")
        assert (await desk.becomes("break")).reason == "lunch"
        assert await members(settings, secrets) == [("anna", "PJSIP/anna-phone", "1", "lunch")]
        await desk.want("away")
        await desk.becomes("away")
        assert await members(settings, secrets) == []


async def test_who_wants_calls_is_ready_while_the_phone_is_registered_and_not_otherwise(
    asterisk, desk, settings, secrets
):
    # Asterisk has listed its telephones: nobody is at this one.
    assert (await desk.becomes("away")).since_ms == 0
    await desk.want("ready")
    anna = await desk.becomes("away", "unreachable")
    assert (anna.reachable, anna.next) == (False, "ready")
    async with desk_phone(settings, secrets) as (telephone, _):
        await desk.becomes("ready")
        assert await members(settings, secrets) == FREE
        await telephone.register(0)
        gone = await desk.becomes("away", "unreachable")
        assert gone.phones == {"browser": "unavailable", "phone": "unavailable"}
        await until_members(settings, secrets, PAUSED)
        await telephone.register()
        await desk.becomes("ready")


async def test_a_call_that_is_not_answered_takes_the_agent_out_until_they_want_the_next(
    start_asterisk, new_settings
):
    settings = new_settings(ring_s=1)
    secrets = load_secrets(settings, ("anna", "bo"))
    async with (
        start_asterisk(settings),
        bridged(settings, secrets, settings.var) as desk,
        desk_phone(settings, secrets) as (_, ringing),
        caller(settings),
    ):
        await desk.want("ready")
        await ringing.get()
        missed = await desk.becomes("away", "missed")
        assert missed.misses == 1
        assert await members(settings, secrets) == []
        assert ringing.empty()
        await desk.want("ready")
        await ringing.get()


async def test_who_declines_twice_in_a_row_is_out(asterisk, desk, settings, secrets):
    async with desk_phone(settings, secrets) as (_, ringing), caller(settings):
        await desk.want("ready")
        await (await ringing.get()).hang_up()
        await (await ringing.get()).hang_up()
        declined = await desk.becomes("away", "declined")
        assert (declined.refusals, declined.misses) == (2, 0)
        assert await members(settings, secrets) == []


async def test_an_agent_serves_each_of_their_queues_with_its_penalty(asterisk, desk, settings, secrets):
    async with desk_phone(settings, secrets):
        desk.bridge.tell(Serves("anna", {"support": 4}))
        await desk.want("ready")
        await desk.becomes("ready")
        assert await members(settings, secrets, "Penalty") == [("anna", "PJSIP/anna-phone", "0", "", "4")]
        desk.bridge.tell(Serves("anna", {"support": 2}))
        await until_members(settings, secrets, [("anna", "PJSIP/anna-phone", "0", "", "2")], "Penalty")
        desk.bridge.tell(Serves("anna", {}))
        await until_members(settings, secrets, [])


async def test_after_a_restart_asterisk_has_its_members_again(start_asterisk, settings, secrets, desk):
    async with start_asterisk(settings), desk_phone(settings, secrets):
        await desk.want("ready")
        await desk.becomes("ready")
        await desk.want("break", reason="lunch")
        await desk.becomes("break")
    await desk.want("ready")
    while not isinstance(answer := await desk.answer(), PresenceRefused):
        pass
    assert answer.why == "asterisk_down"
    async with start_asterisk(settings), desk_phone(settings, secrets):
        await desk.becomes("ready")
        assert await members(settings, secrets) == FREE
