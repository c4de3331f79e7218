"""The bridge on real parts: calls, from what dialogues and Asterisk say."""

import asyncio

import pytest
from ami_replay import log_lines, packet, transcript
from bridge_rig import END_OF_QUEUE, rigs

from cti.bus.memory import MemoryBus
from cti.call_store import Recovered
from cti.inbox import Inbox
from domain.calls import ENDED_KNOWN_S, Call, CallAnswered
from domain.cases import CaseRegistered, CaseSummary
from domain.dialogue import LanguageChosen, StatementHeard
from domain.offers import OfferMade, OfferShown
from domain.streams import DIALOGUE
from tests.bus_events import UNREADABLE, publish_bytes

CASE = CaseSummary(
    number="C-000001", title="Printer", service="print", category="fault", impact="one", urgency="stopped",
    priority=2,
)  # fmt: skip


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


def answered(call_id="1.1", at_ms=100):
    return CallAnswered(call_id=call_id, at_ms=at_ms, sip_call_id="s", number="+46701740605")


def said(text, call_id="1.1"):
    return StatementHeard(call_id=call_id, at_ms=200, text=text, confidence=0.9)


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
        [call], _ = await rig.snapshot()
        assert (call.outcome, call.agent, call.number, call.name) == (
            "answered",
            "anna",
            "+46701740605",
            "Maria Lind",
        )

    async def test_what_the_dialogue_says_and_what_asterisk_says_become_one_call(self, build):
        rig = await build()
        call_id = ID["second_agent"]
        await rig.state(answered(call_id))
        await rig.call(stage="ivr")
        await rig.state(CaseRegistered(call_id=call_id, at_ms=200, case=CASE))
        await rig.call(case=CASE)
        await rig.session.say(transcript("second_agent"))
        call = await rig.call(stage="ended")
        assert (call.case, call.outcome, call.agent) == (CASE, "answered", "bo")
        assert [(offer.agent, offer.reason) for offer in call.offers] == [("anna", "NOANSWER"), ("bo", "")]
        assert {"answered", "registered", "queued", "ringing", "connected", "ended"} == set(call.marks)

    async def test_an_agent_who_answered_while_the_connection_was_lost_is_connected(self, build):
        rig = await build()
        call_id = ID["reconnect_before"]
        await rig.state(answered(call_id))
        await rig.call(stage="ivr")
        await rig.state(
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

    async def test_an_asterisk_that_does_not_answer_is_asked_again(self, build):
        rig = await build()
        await rig.state(answered())
        await rig.call(stage="ivr")
        assert rig.ring_timers(5.0) == 2  # for the telephones and for the queue
        await rig.asterisk.action("QueueStatus")
        await rig.session.say(END_OF_QUEUE)
        await rig.asterisk.action("CoreShowChannels")
        assert rig.ring_timers(5.0) == 3
        await rig.asterisk.action("QueueStatus")
        await rig.session.say(END_OF_QUEUE)
        await rig.asterisk.action("CoreShowChannels")
        await rig.session.say(packet(Event="CoreShowChannelsComplete"))
        assert (await rig.call(stage="ended")).outcome == "failed"

    async def test_without_asterisk_calls_go_on_by_what_the_dialogue_says(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), said("my printer"))
        assert (await rig.call(transcript="my printer")).number == "+46701740605"

    async def test_a_fact_that_is_stated_twice_happens_once(self, build):
        rig = await build(connected=False)
        fact = answered()
        with log_lines() as logs:
            await rig.state(fact, fact, said("x"))
            await rig.call(transcript="x")
            assert logs.empty()
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]

    async def test_two_calls_at_once_stay_two(self, build):
        rig = await build(connected=False)
        await rig.state(answered("1.1"), answered("2.2"))
        await rig.call(call_id="2.2")
        await rig.state(CaseRegistered(call_id="2.2", at_ms=200, case=CASE))
        await rig.call(call_id="2.2", case=CASE)
        calls, _ = await rig.snapshot()
        assert [(call.call_id, call.case) for call in calls] == [("1.1", None), ("2.2", CASE)]

    async def test_a_strange_fact_is_reported_and_nothing_stops(self, build):
        rig = await build(connected=False)
        with log_lines() as logs:
            await rig.state(said("x", call_id="9.9"), answered())
            await rig.call(stage="ivr")
            assert (await logs.get())["event"] == "event_unexpected"

    async def test_what_cannot_be_read_is_passed_over_and_counted(self, build):
        rig = await build(connected=False)
        await rig.state(answered())
        await rig.call()
        assert rig.bridge.state()["bridge"] == "ok"
        for data in UNREADABLE:
            await publish_bytes(rig.bus, data, DIALOGUE)
        await rig.state(said("heard again"))
        await rig.call(transcript="heard again")
        assert rig.bridge.state()["bridge"] == f"{len(UNREADABLE)} events were passed over"

    async def test_a_task_that_dies_shows_in_health_and_its_work_goes_on(self, build, monkeypatch):
        rig = await build(connected=False)
        take, died = Inbox.take, []

        async def dies_once(inbox, most):
            if inbox is rig.bridge._inbox and not died:
                died.append(True)
                raise RuntimeError("a bug")
            return await take(inbox, most)

        await rig.state(answered())
        await rig.call()
        monkeypatch.setattr(Inbox, "take", dies_once)
        await rig.state(said("one"), said("two"))
        await rig.call(transcript="two")
        assert rig.bridge.state()["bridge"] == "bridge: RuntimeError('a bug')"

    async def test_calls_that_lived_when_the_program_ended_are_known_again(self, build):
        lived = Call(call_id="1.1", stage="queued", marks={"answered": 1, "queued": 2})
        rig = await build(recovered=Recovered(calls=(lived,)))
        assert await rig.snapshot_of("") == ((lived,), ())
        await rig.hang_up("1.1")
        assert (await rig.call()).outcome == "abandoned_queue"

    async def test_an_ended_call_is_forgotten_after_a_minute(self, build):
        rig = await build()
        await rig.state(answered())
        await rig.call(stage="ivr")
        await rig.hang_up("1.1")
        await rig.call(stage="ended")
        calls, _ = await rig.snapshot()
        assert [call.call_id for call in calls] == ["1.1"]
        assert rig.ring_timers(ENDED_KNOWN_S) == 1
        await rig.state(answered("2.2"))
        await rig.call(call_id="2.2")
        calls, _ = await rig.snapshot()
        assert [call.call_id for call in calls] == ["2.2"]

    async def test_a_call_that_ended_while_we_did_not_run_is_forgotten_too(self, build):
        ended = Call(call_id="1.1", stage="ended", outcome="answered", marks={"answered": 1, "ended": 2})
        rig = await build(connected=False, recovered=Recovered(calls=(ended,), place=7))
        assert await rig.snapshot() == ((ended,), ())
        assert rig.ring_timers(ENDED_KNOWN_S) == 1
        assert await rig.snapshot() == ((), ())

    async def test_more_facts_at_once_than_the_bus_keeps_are_reported_and_the_next_are_heard(self, build):
        rig = await build(connected=False, bus=MemoryBus(capacity=5))
        await rig.state(answered())
        await rig.call()
        with log_lines() as logs:
            await rig.state(*[said(str(n)) for n in range(10)])
            assert (await logs.get())["event"] == "bus_gap"
        await rig.state(said("heard again"))
        await rig.call(transcript="heard again")
        assert rig.bridge.state()["bridge"] == "events were missed 1 times"


class TestSnapshot:
    async def test_it_is_answered_in_line_after_what_was_said_before(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), said("my printer"))
        await rig.call(transcript="my printer")
        await rig.state(LanguageChosen(call_id="1.1", at_ms=300, language="sv"))
        await rig.call(language="sv")
        [call], _ = await rig.snapshot()
        assert (call.transcript, call.language) == ("my printer", "sv")

    async def test_pages_that_were_there_before_the_bridge_are_told_unasked(self, build):
        rig = await build(connected=False)
        assert await rig.snapshot_of("") == ((), ())

    async def test_asking_is_no_fact(self, build):
        rig = await build(connected=False)
        await rig.snapshot()
        assert rig.kept.kinds() == []


async def test_closing_leaves_no_task_behind(build):
    before = asyncio.all_tasks()
    rig = await build()
    await rig.state(answered())
    await rig.call()
    await rig.bridge.close()
    await rig.bridge.close()
    left = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - before}
    assert left <= {"ReplayedAsterisk._serve"}


async def test_what_was_heard_before_closing_is_kept(build):
    rig = await build(connected=False)
    await rig.state(*[answered(f"1.{n}") for n in range(20)])
    await rig.call(call_id="1.0")
    await rig.bridge.close()
    assert len(rig.kept.kinds()) == len([line for line in rig.kept.happened if line.startswith("call ")])
