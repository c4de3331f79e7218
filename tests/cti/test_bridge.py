"""The bridge on real parts: the memory bus, a real AMI connection, and what a real Asterisk has said."""

import asyncio
import contextlib
import dataclasses
import threading

import pytest
from ami_replay import BOOTED, ReplayedAsterisk, log_lines, packet, transcript

from cti.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.events import (
    CALLS,
    DESK,
    REQUESTS,
    CallAnswered,
    CallChanged,
    CallEnded,
    CaseRegistered,
    OfferMade,
    OfferShown,
    PartialHeard,
    PresenceChanged,
    PresenceRequested,
    QueueJoined,
)
from cti.records import Call, CaseSummary

CASE = CaseSummary(
    number="C-000001", title="Printer", service="print", category="fault", impact="one", urgency="stopped",
    priority=2,
)  # fmt: skip


class House:
    """A bridge with its surroundings, and what comes out of it."""

    def __init__(self, asterisk, ami, **changes):
        self.asterisk = asterisk
        self.bus = changes.pop("bus", None) or MemoryBus()
        self.saved = []
        self.timers = []
        self.desk = self.bus.subscribe(DESK)
        self._shown = aiter(self.desk)
        options = {"save": self.saved.append, "queue": "support", "wrapup_s": 10.0, "timer": self._set_timer}
        self.bridge = Bridge(bus=self.bus, ami=ami, **{**options, **changes})

    def _set_timer(self, seconds, then):
        self.timers.append((seconds, then))

    def ring_timers(self, seconds):
        """What was to happen after so many seconds happens now."""
        due = [timer for timer in self.timers if timer[0] == seconds]
        self.timers = [timer for timer in self.timers if timer[0] != seconds]
        for _, then in due:
            then()
        return len(due)

    async def state(self, *events):
        for event in events:
            await self.bus.publish(CALLS, event)

    async def want(self, presence, agent="anna", **fields):
        await self.bus.publish(REQUESTS, PresenceRequested(at_ms=1, agent=agent, presence=presence, **fields))

    async def call(self, **wanted):
        """The next state of a call, as pages get it, where these fields are so."""
        while True:
            event = await anext(self._shown)
            if isinstance(event, CallChanged) and all(getattr(event.call, k) == v for k, v in wanted.items()):
                return event.call

    async def presence(self):
        """The next presence that pages get."""
        while not isinstance(event := await anext(self._shown), PresenceChanged):
            pass
        return event

    async def actions(self, count):
        """The next actions that Asterisk gets, in short."""
        fields = ("Action", "Interface", "Paused", "Reason")
        got = [await self.asterisk.actions.get() for _ in range(count)]
        return [" ".join(action[name] for name in fields if name in action) for action in got]


@pytest.fixture
async def asterisk():
    async with ReplayedAsterisk() as asterisk:
        yield asterisk


@pytest.fixture
async def build(asterisk):
    """Make a house; it is closed after the test. `connected` waits until Asterisk was asked for its queue."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(*, connected=True, **changes):
            ami = Ami(retry_s=0.01, ping_s=60)
            house = House(asterisk, ami, **changes)
            stack.push_async_callback(ami.close)
            house.bridge.start()
            stack.push_async_callback(house.bridge.close)
            if connected:
                await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
                house.session = await asterisk.login()
                await house.session.say(BOOTED)
                assert await house.actions(1) == ["QueueStatus"]
            return house

        yield make


def answered(call_id="1.1", at_ms=100):
    return CallAnswered(call_id=call_id, at_ms=at_ms, sip_call_id="s", number="+46701740605")


ID = {
    "second_agent": "1795343058.3",
    "reconnect_before": "1795343087.20",
}
ANNA_JOINS = ["QueueAdd PJSIP/anna-browser false", "QueuePause PJSIP/anna-browser false talking"]
ANNA_JOINS += ["QueueRemove PJSIP/anna-phone"]


def member(**fields):
    return packet(Event="QueueMember", Queue="support", **fields)


END_OF_QUEUE = packet(Event="QueueStatusComplete")


class TestCalls:
    async def test_a_recorded_call_goes_from_the_queue_to_its_end(self, build):
        house = await build()
        await house.session.say(transcript("answered"), 100)
        stages = [(await house.call()).stage for _ in range(4)]
        assert stages == ["queued", "ringing", "connected", "ended"]
        [call] = house.bridge.calls()
        assert (call.outcome, call.agent, call.number, call.name) == (
            "answered",
            "anna",
            "+46701740605",
            "Maria Lind",
        )

    async def test_what_the_dialogue_says_and_what_asterisk_says_become_one_call(self, build):
        house = await build()
        call_id = ID["second_agent"]
        await house.state(answered(call_id), CaseRegistered(call_id=call_id, at_ms=200, case=CASE))
        await house.call(case=CASE)
        await house.session.say(transcript("second_agent"))
        call = await house.call(stage="ended")
        assert (call.case, call.outcome, call.agent) == (CASE, "answered", "bo")
        assert [(offer.agent, offer.reason) for offer in call.offers] == [("anna", "NOANSWER"), ("bo", "")]
        assert {"answered", "registered", "queued", "ringing", "connected", "ended"} == set(call.marks)

    async def test_an_agent_who_answered_while_the_connection_was_lost_is_connected(self, build, asterisk):
        house = await build()
        call_id = ID["reconnect_before"]
        await house.state(
            answered(call_id),
            OfferMade(call_id=call_id, at_ms=150, offer_id="1", agent="anna"),
            OfferShown(call_id=call_id, at_ms=160, offer_id="1", agent="anna"),
        )
        await house.session.say(transcript("reconnect_before"), 1000)
        await house.call(stage="ringing")
        house.session.cut()
        again = await asterisk.login()
        await again.say(transcript("reconnect_after"), 1000)
        call = await house.call(stage="connected")
        assert call.agent == "anna"
        assert [offer.offer_id for offer in call.offers] == ["1"]
        assert (await house.call(stage="ended")).outcome == "answered"

    async def test_a_call_that_ended_while_the_connection_was_lost_has_ended(self, build):
        house = await build()
        await house.state(answered())
        await house.call(stage="ivr")
        await house.session.say(END_OF_QUEUE)
        await house.asterisk.action("CoreShowChannels")
        await house.session.say(packet(Event="CoreShowChannelsComplete"))
        assert (await house.call(stage="ended")).outcome == "failed"

    async def test_without_asterisk_calls_go_on_by_what_the_dialogue_says(self, build):
        house = await build(connected=False)
        await house.state(answered(), PartialHeard(call_id="1.1", at_ms=200, text="my printer"))
        assert (await house.call(partial="my printer")).number == "+46701740605"

    async def test_a_fact_that_is_stated_twice_happens_once(self, build):
        house = await build(connected=False)
        fact = answered()
        with log_lines() as logs:
            await house.state(fact, fact, PartialHeard(call_id="1.1", at_ms=200, text="x"))
            await house.call(partial="x")
            assert logs.empty()

    async def test_two_calls_at_once_stay_two(self, build):
        house = await build(connected=False)
        await house.state(
            answered("1.1"), answered("2.2"), CaseRegistered(call_id="2.2", at_ms=200, case=CASE)
        )
        await house.call(call_id="2.2", case=CASE)
        assert [(call.call_id, call.case) for call in house.bridge.calls()] == [("1.1", None), ("2.2", CASE)]

    async def test_a_strange_fact_is_reported_and_nothing_stops(self, build):
        house = await build(connected=False)
        with log_lines() as logs:
            await house.state(PartialHeard(call_id="9.9", at_ms=1, text="x"), answered())
            await house.call(stage="ivr")
            assert (await logs.get())["event"] == "event_unexpected"

    async def test_calls_that_lived_when_the_program_ended_are_known_again(self, build):
        lived = Call(call_id="1.1", stage="queued", marks={"answered": 1, "queued": 2})
        house = await build(connected=False, calls=[lived])
        assert await house.call() == lived
        await house.state(CallEnded(call_id="1.1", at_ms=9, cause=""))
        assert (await house.call()).outcome == "abandoned_queue"

    async def test_an_ended_call_is_forgotten_after_a_minute(self, build):
        house = await build(connected=False)
        await house.state(answered(), CallEnded(call_id="1.1", at_ms=200, cause=""))
        await house.call(stage="ended")
        assert [call.call_id for call in house.bridge.calls()] == ["1.1"]
        assert house.ring_timers(60.0) == 1
        await house.state(answered("2.2"))
        await house.call(call_id="2.2")
        assert [call.call_id for call in house.bridge.calls()] == ["2.2"]

    async def test_more_facts_at_once_than_the_bus_keeps_are_reported_and_the_next_are_heard(self, build):
        house = await build(connected=False, bus=MemoryBus(capacity=5))
        await house.state(answered())
        await house.call()
        with log_lines() as logs:
            await house.state(*[PartialHeard(call_id="1.1", at_ms=n, text=str(n)) for n in range(10)])
            assert (await logs.get())["event"] == "bridge_lagged"
        await house.state(PartialHeard(call_id="1.1", at_ms=99, text="heard again"))
        await house.call(partial="heard again")


class TestSaving:
    async def test_what_changes_is_saved_but_for_words_that_are_not_final(self, build):
        house = await build(connected=False)
        await house.state(answered(), PartialHeard(call_id="1.1", at_ms=2, text="x"))
        await house.call(partial="x")
        await house.bridge.close()
        assert [call.partial for call in house.saved] == [""]

    async def test_a_database_that_hangs_holds_up_nobody(self, build):
        go = threading.Event()
        house = await build(connected=False, save=lambda call: go.wait(10))
        try:
            await house.state(answered(), QueueJoined(call_id="1.1", at_ms=2, queue="support", position=1))
            await house.call(stage="queued")
            await house.state(CallEnded(call_id="1.1", at_ms=3, cause=""))
            await house.call(stage="ended")
        finally:
            go.set()

    async def test_a_database_that_fails_is_tried_again(self, build):
        fails, saved = [OSError("database is locked")] * 2, []

        def save(call):
            if fails:
                raise fails.pop()
            saved.append(call)

        house = await build(connected=False, save=save)
        await house.state(answered())
        await house.call()
        await house.bridge.close()
        assert [call.call_id for call in saved] == ["1.1"]


class TestPresence:
    async def test_an_agent_who_is_ready_is_in_the_queue_before_anybody_is_told(self, build):
        house = await build()
        await house.want("ready")
        assert await house.actions(3) == ANNA_JOINS
        presence = await house.presence()
        assert (presence.agent, presence.presence, presence.phone, presence.error) == (
            "anna",
            "ready",
            "browser",
            "",
        )
        assert house.bridge.presences() == (presence,)

    async def test_members_that_are_there_or_gone_already_are_no_error(self, build, asterisk):
        asterisk.answers["QueueAdd"] = "Unable to add interface: Already there"
        asterisk.answers["QueueRemove"] = "Unable to remove interface: Not there"
        house = await build()
        await house.want("ready")
        assert (await house.presence()).presence == "ready"

    async def test_what_asterisk_refuses_is_stated_with_an_error(self, build, asterisk):
        asterisk.answers["QueueAdd"] = "Unable to add interface to queue: No such queue"
        house = await build()
        await house.want("ready")
        presence = await house.presence()
        assert (presence.presence, presence.error) == ("away", "refused")

    async def test_a_reason_that_would_be_another_action_never_reaches_the_wire(self, build, asterisk):
        house = await build()
        await house.want("break", reason="lunch\r\nAction: Originate")
        presence = await house.presence()
        assert (presence.presence, presence.error) == ("away", "refused")
        await house.want("break", reason="lunch")
        assert (await house.presence()).reason == "lunch"
        sent = [asterisk.actions.get_nowait()["Action"] for _ in range(asterisk.actions.qsize())]
        assert "Originate" not in sent

    async def test_a_wish_that_finds_no_asterisk_is_fulfilled_when_it_is_back(self, build, asterisk):
        house = await build()
        house.session.cut()
        with log_lines() as logs:
            assert (await logs.get())["event"] == "asterisk_down"
            await house.want("ready")
            presence = await house.presence()
            assert (presence.presence, presence.error) == ("away", "asterisk_down")
            again = await asterisk.login()
            await again.say(BOOTED + END_OF_QUEUE)
        assert (await house.presence()).presence == "ready"

    async def test_an_asterisk_that_was_restarted_gets_its_members_again(self, build, asterisk):
        house = await build()
        await house.want("ready")
        await house.actions(3)
        await house.presence()
        house.session.cut()
        again = await asterisk.login()
        await again.say(BOOTED)
        assert await house.actions(1) == ["QueueStatus"]
        await again.say(END_OF_QUEUE)
        assert sorted(await house.actions(4)) == sorted([*ANNA_JOINS, "CoreShowChannels"])

    async def test_after_a_restart_of_ours_the_members_are_the_agents(self, build):
        house = await build()
        await house.session.say(
            member(Name="anna", Location="PJSIP/anna-phone", Paused="1", PausedReason="lunch")
            + member(Name="bo", Location="PJSIP/bo-browser", Paused="0", PausedReason="")
            + END_OF_QUEUE
        )
        found = [await house.presence() for _ in range(2)]
        assert [(p.agent, p.presence, p.reason, p.phone) for p in found] == [
            ("anna", "break", "lunch", "phone"),
            ("bo", "ready", "", "browser"),
        ]

    async def test_switching_the_phone_leaves_the_other(self, build):
        house = await build()
        await house.want("ready")
        await house.actions(3)
        await house.want("ready", phone="phone")
        assert await house.actions(3) == [
            "QueueAdd PJSIP/anna-phone false",
            "QueuePause PJSIP/anna-phone false talking",
            "QueueRemove PJSIP/anna-browser",
        ]

    async def talked(self, house):
        """Anna is ready, then has had a call."""
        await house.want("ready")
        assert (await house.presence()).presence == "ready"
        await house.actions(3)
        await house.session.say(transcript("answered"))

    async def test_during_a_call_the_queue_leaves_the_agent_alone_and_wrapup_follows(self, build):
        house = await build()
        await self.talked(house)
        assert (await house.presence()).presence == "wrapup"
        assert house.ring_timers(10.0) == 1
        assert (await house.presence()).presence == "ready"

    async def test_between_call_and_wrapup_the_agent_is_never_free(self, build):
        house = await build()
        await house.want("ready")
        await house.actions(3)
        talk, end, rest = transcript("answered").partition(b"Event: AgentComplete")
        await house.session.say(talk)
        assert "QueuePause PJSIP/anna-browser true talking" in await house.actions(4)
        await house.session.say(end + rest)
        assert "QueuePause PJSIP/anna-browser true wrapup" in await house.actions(3)

    async def test_a_break_chosen_during_wrapup_stays(self, build):
        house = await build()
        await self.talked(house)
        assert (await house.presence()).presence == "wrapup"
        await house.want("break", reason="lunch")
        assert (await house.presence()).presence == "break"
        house.ring_timers(10.0)
        await house.want("ready", agent="bo")
        assert (await house.presence()).agent == "bo"
        assert {p.agent: p.presence for p in house.bridge.presences()} == {"anna": "break", "bo": "ready"}

    async def test_a_wish_that_is_stated_twice_is_carried_out_once(self, build):
        house = await build()
        request = PresenceRequested(at_ms=1, agent="anna", presence="ready")
        for event in (request, dataclasses.replace(request)):
            await house.bus.publish(REQUESTS, event)
        await house.want("ready", agent="bo")
        assert [(await house.presence()).agent for _ in range(2)] == ["anna", "bo"]
        adds = [a for a in await house.actions(6) if a.startswith("QueueAdd")]
        assert adds == ["QueueAdd PJSIP/anna-browser false", "QueueAdd PJSIP/bo-browser false"]


async def test_closing_leaves_no_task_behind(build):
    house = await build()
    before = asyncio.all_tasks()
    await house.bridge.close()
    await house.bridge.close()
    assert not [task for task in before if "Bridge" in repr(task) and not task.done()]
