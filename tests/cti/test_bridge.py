"""The bridge on real parts: calls, and what becomes of them in the database."""

import asyncio
import threading

import pytest
from ami_replay import log_lines, packet, transcript
from bridge_rig import END_OF_QUEUE, rigs

from cti.bus.memory import MemoryBus
from domain.events import (
    CallAnswered,
    CallEnded,
    CaseRegistered,
    OfferMade,
    OfferShown,
    PartialHeard,
    QueueJoined,
)
from domain.records import Call, CaseSummary

CASE = CaseSummary(
    number="C-000001", title="Printer", service="print", category="fault", impact="one", urgency="stopped",
    priority=2,
)  # fmt: skip


@pytest.fixture
async def build():
    async with rigs() as make:
        yield make


def answered(call_id="1.1", at_ms=100):
    return CallAnswered(call_id=call_id, at_ms=at_ms, sip_call_id="s", number="+46701740605")


ID = {
    "second_agent": "1795343058.3",
    "reconnect_before": "1795343087.20",
}


class TestCalls:
    async def test_a_recorded_call_goes_from_the_queue_to_its_end(self, build):
        rig = await build()
        await rig.session.say(transcript("answered"), 100)
        stages = [(await rig.call()).stage for _ in range(4)]
        assert stages == ["queued", "ringing", "connected", "ended"]
        [call] = rig.bridge.calls()
        assert (call.outcome, call.agent, call.number, call.name) == (
            "answered",
            "anna",
            "+46701740605",
            "Maria Lind",
        )

    async def test_what_the_dialogue_says_and_what_asterisk_says_become_one_call(self, build):
        rig = await build()
        call_id = ID["second_agent"]
        await rig.state(answered(call_id), CaseRegistered(call_id=call_id, at_ms=200, case=CASE))
        await rig.call(case=CASE)
        await rig.session.say(transcript("second_agent"))
        call = await rig.call(stage="ended")
        assert (call.case, call.outcome, call.agent) == (CASE, "answered", "bo")
        assert [(offer.agent, offer.reason) for offer in call.offers] == [("anna", "NOANSWER"), ("bo", "")]
        assert {"answered", "registered", "queued", "ringing", "connected", "ended"} == set(call.marks)

    async def test_an_agent_who_answered_while_the_connection_was_lost_is_connected(self, build):
        rig = await build()
        call_id = ID["reconnect_before"]
        await rig.state(
            answered(call_id),
            OfferMade(call_id=call_id, at_ms=150, offer_id="1", agent="anna"),
            OfferShown(call_id=call_id, at_ms=160, offer_id="1", agent="anna"),
        )
        await rig.session.say(transcript("reconnect_before"), 1000)
        await rig.call(stage="ringing")
        rig.session.cut()
        again = await rig.asterisk.login()
        await again.say(transcript("reconnect_after"), 1000)
        call = await rig.call(stage="connected")
        assert call.agent == "anna"
        assert [offer.offer_id for offer in call.offers] == ["1"]
        assert (await rig.call(stage="ended")).outcome == "answered"

    async def test_a_call_that_ended_while_the_connection_was_lost_has_ended(self, build):
        rig = await build()
        await rig.state(answered())
        await rig.call(stage="ivr")
        await rig.session.say(END_OF_QUEUE)
        await rig.asterisk.action("CoreShowChannels")
        await rig.session.say(packet(Event="CoreShowChannelsComplete"))
        assert (await rig.call(stage="ended")).outcome == "failed"

    async def test_without_asterisk_calls_go_on_by_what_the_dialogue_says(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), PartialHeard(call_id="1.1", at_ms=200, text="my printer"))
        assert (await rig.call(partial="my printer")).number == "+46701740605"

    async def test_a_fact_that_is_stated_twice_happens_once(self, build):
        rig = await build(connected=False)
        fact = answered()
        with log_lines() as logs:
            await rig.state(fact, fact, PartialHeard(call_id="1.1", at_ms=200, text="x"))
            await rig.call(partial="x")
            assert logs.empty()

    async def test_two_calls_at_once_stay_two(self, build):
        rig = await build(connected=False)
        await rig.state(answered("1.1"), answered("2.2"), CaseRegistered(call_id="2.2", at_ms=200, case=CASE))
        await rig.call(call_id="2.2", case=CASE)
        assert [(call.call_id, call.case) for call in rig.bridge.calls()] == [("1.1", None), ("2.2", CASE)]

    async def test_a_strange_fact_is_reported_and_nothing_stops(self, build):
        rig = await build(connected=False)
        with log_lines() as logs:
            await rig.state(PartialHeard(call_id="9.9", at_ms=1, text="x"), answered())
            await rig.call(stage="ivr")
            assert (await logs.get())["event"] == "event_unexpected"

    async def test_calls_that_lived_when_the_program_ended_are_known_again(self, build):
        lived = Call(call_id="1.1", stage="queued", marks={"answered": 1, "queued": 2})
        rig = await build(connected=False, calls=[lived])
        assert await rig.call() == lived
        await rig.state(CallEnded(call_id="1.1", at_ms=9, cause=""))
        assert (await rig.call()).outcome == "abandoned_queue"

    async def test_an_ended_call_is_forgotten_after_a_minute(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), CallEnded(call_id="1.1", at_ms=200, cause=""))
        await rig.call(stage="ended")
        assert [call.call_id for call in rig.bridge.calls()] == ["1.1"]
        assert rig.ring_timers(60.0) == 1
        await rig.state(answered("2.2"))
        await rig.call(call_id="2.2")
        assert [call.call_id for call in rig.bridge.calls()] == ["2.2"]

    async def test_more_facts_at_once_than_the_bus_keeps_are_reported_and_the_next_are_heard(self, build):
        rig = await build(connected=False, bus=MemoryBus(capacity=5))
        await rig.state(answered())
        await rig.call()
        with log_lines() as logs:
            await rig.state(*[PartialHeard(call_id="1.1", at_ms=n, text=str(n)) for n in range(10)])
            assert (await logs.get())["event"] == "bus_gap"
        await rig.state(PartialHeard(call_id="1.1", at_ms=99, text="heard again"))
        await rig.call(partial="heard again")


class TestSaving:
    async def test_what_changes_is_saved_but_for_words_that_are_not_final(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), PartialHeard(call_id="1.1", at_ms=2, text="x"))
        await rig.call(partial="x")
        await rig.bridge.close()
        assert [call.partial for call in rig.saved] == [""]

    async def test_a_database_that_hangs_holds_up_nobody(self, build):
        go = threading.Event()
        rig = await build(connected=False, save=lambda call: go.wait(10))
        try:
            await rig.state(answered(), QueueJoined(call_id="1.1", at_ms=2, queue="support", position=1))
            await rig.call(stage="queued")
            await rig.state(CallEnded(call_id="1.1", at_ms=3, cause=""))
            await rig.call(stage="ended")
        finally:
            go.set()

    async def test_a_database_that_fails_is_tried_again(self, build):
        fails, saved = [OSError("database is locked")] * 2, []

        def save(call):
            if fails:
                raise fails.pop()
            saved.append(call)

        rig = await build(connected=False, save=save)
        await rig.state(answered())
        await rig.call()
        await rig.bridge.close()
        assert [call.call_id for call in saved] == ["1.1"]


async def test_closing_leaves_no_task_behind(build):
    rig = await build()
    before = asyncio.all_tasks()
    await rig.bridge.close()
    await rig.bridge.close()
    assert not [task for task in before if "Bridge" in repr(task) and not task.done()]
