"""The bridge and what it keeps: facts first, then what follows from them, whatever the database does."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest
from ami_replay import log_lines, packet
from bridge_rig import rigs
from call_events import CASE

from casestore.db import StoreBusy
from casestore.store_errors import StoreFull
from cti.bus.memory import MemoryBus
from cti.call_store import Recovered
from domain.calls import ENDED_KNOWN_S, CallAnswered
from domain.case_events import CaseChanged
from domain.dialogue import LanguageChosen, PartialHeard, StatementHeard
from domain.offers import OfferMade
from domain.streams import AGENTS, CALLS
from tests import case_work
from tests.bus_events import until
from tests.case_work import SUMMARY, told

LOCKED = StoreBusy("the database is locked by somebody else")
FULL = StoreFull("the database has no room left")


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


def answered(call_id="1.1"):
    return CallAnswered(call_id=call_id, at_ms=100, number="+46701740605")


def said(text, call_id="1.1"):
    return StatementHeard(call_id=call_id, at_ms=200, text=text, confidence=0.9)


def registered(call_id="1.1"):
    return told(call_id, 300)


class Watched(MemoryBus):
    """A bus that writes into the same list as the database what the bridge publishes."""

    def __init__(self):
        super().__init__()
        self.happened = []

    async def publish(self, stream, event):
        if stream in (CALLS, AGENTS):
            self.happened.append(f"bus {type(event).__name__}")
        return await super().publish(stream, event)


class TestOrder:
    async def test_what_is_published_is_in_the_log_before(self, build):
        bus = Watched()
        rig = await build(bus=bus)
        await rig.snapshot_of("")
        rig.kept.happened = bus.happened
        bus.happened.clear()
        await rig.state(answered())
        await rig.call()
        await rig.want("ready")
        await rig.presence()
        happened = [line for line in bus.happened if not line.startswith("call ")]
        assert happened == [
            "fact CallAnswered",
            "bus CallChanged",
            "fact PresenceRequested",
            "fact PresenceChanged",
            "bus PresenceChanged",
        ]

    async def test_the_database_is_never_used_on_the_event_loop(self, build):
        rig = await build()
        await rig.state(answered(), registered("of an earlier call"))
        await rig.call()
        await rig.hang_up("1.1")
        await rig.call(stage="ended")
        await rig.bridge.close()
        assert rig.kept.threads
        assert threading.current_thread().name not in rig.kept.threads

    async def test_a_fact_that_is_in_the_log_already_is_not_folded_again(self, build):
        rig = await build(connected=False)
        rig.bridge._deduplicator.first_time = lambda event: True  # as after a restart
        fact = answered()
        await rig.state(fact)
        await rig.call()
        with log_lines() as logs:
            await rig.state(fact, said("x"))
            await rig.call(transcript="x")
            assert logs.empty()
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]

    async def test_a_burst_is_written_in_a_few_transactions(self, build):
        rig = await build(connected=False)
        commits = []
        append = rig.bridge._facts._append
        rig.bridge._facts._append = lambda facts, at: commits.append(len(facts)) or append(facts, at)
        await asyncio.gather(*[rig.state(answered(f"1.{n}")) for n in range(200)])
        await rig.call(call_id="1.199")
        assert (sum(commits), len(rig.kept.kinds())) == (200, 200)
        assert len(commits) <= 20

    async def test_a_message_of_asterisk_that_makes_no_sense_costs_itself_only(self, build):
        rig = await build()
        await rig.state(answered())
        await rig.call()
        with log_lines():
            bad = packet(Event="QueueCallerJoin", Queue="support", Position="1" * 5000, Linkedid="1.1")
            await rig.session.say(bad)
            await rig.state(said("heard again"))
            await rig.call(transcript="heard again")

    async def test_words_that_are_not_final_are_no_facts(self, build):
        rig = await build(connected=False)
        await rig.state(answered(), PartialHeard(call_id="1.1", at_ms=150, text="my pr"), said("my printer"))
        await rig.call(transcript="my printer")
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]


class TestTroubledDatabase:
    async def test_one_that_somebody_else_has_locked_gets_everything_when_it_is_free(self, build):
        rig = await build(connected=False, patience_s=0.01)
        with (
            log_lines(),
            closing(sqlite3.connect(rig.kept.folder / "cases.db", isolation_level=None)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            await rig.state(answered(), said("my printer"))
            await rig.call(transcript="my printer")
            await until(lambda: str(LOCKED) in rig.bridge.state()["facts"])
            other.execute("ROLLBACK")
            await until(lambda: rig.bridge.state() == {"bridge": "ok", "facts": "ok", "calls": "ok"})
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]
        assert rig.kept.load("1.1").transcript == "my printer"

    async def test_one_that_hangs_holds_up_nobody(self, build):
        rig = await build(connected=False, patience_s=0.01)
        rig.kept.go.clear()
        with log_lines():
            await rig.state(answered(), said("my printer"))
            await rig.call(transcript="my printer")
            assert "do" in rig.bridge.state()["facts"]
            await rig.state(LanguageChosen(call_id="1.1", at_ms=300, language="sv"))
            await rig.call(language="sv")
            rig.kept.go.set()
            await until(lambda: rig.bridge.state() == {"bridge": "ok", "facts": "ok", "calls": "ok"})
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard", "LanguageChosen"]

    @pytest.mark.parametrize("trouble", [LOCKED, FULL], ids=["locked", "full"])
    async def test_one_that_fails_gets_everything_in_order_and_nothing_twice(self, build, trouble):
        rig = await build(connected=False, patience_s=0.01)
        rig.kept.trouble = trouble
        with log_lines():
            for number in range(5):
                await rig.state(answered(f"1.{number}"), said(str(number), f"1.{number}"))
                await rig.call(transcript=str(number))
            await until(lambda: str(trouble) in rig.bridge.state()["calls"])
            assert str(trouble) in rig.bridge.state()["facts"]
            rig.kept.trouble = None
            await rig.bridge.close()
        facts = rig.kept.facts()
        assert [(fact.kind, fact.subject) for fact in facts] == [
            (kind, f"1.{number}") for number in range(5) for kind in ("CallAnswered", "StatementHeard")
        ]
        assert [rig.kept.load(f"1.{number}").transcript for number in range(5)] == list("01234")

    async def test_late_news_waits_for_it_and_holds_up_nobody(self, build):
        rig = await build(patience_s=0.01)
        await rig.state(answered())
        await rig.call()
        await rig.hang_up("1.1")
        await rig.call(stage="ended")
        await until(lambda: "call 1.1 ended" in rig.kept.happened)
        assert rig.ring_timers(ENDED_KNOWN_S) == 1
        rig.kept.trouble = LOCKED
        with log_lines():
            await rig.state(said("late", "1.1"), registered())
            await until(lambda: "late news of 1 calls waits" in rig.bridge.state()["bridge"])
            await rig.state(answered("2.2"))
            await rig.call(call_id="2.2")
            rig.kept.trouble = None
            call = await rig.call(call_id="1.1", case_number=CASE)
        assert (call.transcript, call.outcome) == ("late", "abandoned_ivr")


class TestLateNews:
    @pytest.fixture
    async def rig(self, build):
        """A bridge that has forgotten a call."""
        rig = await build()
        await rig.state(answered())
        await rig.call()
        await rig.hang_up("1.1")
        await rig.call(stage="ended")
        await until(lambda: "call 1.1 ended" in rig.kept.happened)
        assert rig.ring_timers(ENDED_KNOWN_S) == 1
        assert (await rig.snapshot())[0] == ()
        return rig

    async def test_it_reaches_the_call_and_its_record_in_its_order(self, rig):
        await rig.state(said("first"), said("second"), registered(), said("third"))
        call = await rig.call(transcript="third")
        assert (call.stage, call.case_number) == ("ended", CASE)
        await rig.bridge.close()
        assert rig.kept.load("1.1") == call

    async def test_a_late_offer_does_not_bring_it_to_life(self, rig):
        await rig.state(OfferMade(call_id="1.1", at_ms=900, offer_id="1", agent="anna"), answered("2.2"))
        await rig.call(call_id="2.2")
        assert [call.call_id for call in (await rig.snapshot())[0]] == ["2.2"]
        assert rig.kept.load("1.1").outcome == "abandoned_ivr"

    async def test_a_state_that_the_database_has_not_got_yet_is_not_taken_from_there(self, build):
        rig = await build(patience_s=0.01)
        await rig.state(answered())
        await rig.call()
        await until(lambda: "call 1.1 ivr" in rig.kept.happened)
        with log_lines():
            rig.kept.trouble = LOCKED
            await rig.hang_up("1.1")
            await rig.call(stage="ended")
            assert rig.ring_timers(ENDED_KNOWN_S) == 1
            await rig.state(said("late"))
            assert (await rig.call(transcript="late")).stage == "ended"
            rig.kept.trouble = None
            await rig.bridge.close()


async def test_what_was_heard_and_not_said_is_said_before_anything_new(build):
    rig = await build(connected=False)
    await rig.state(answered())
    await rig.call()
    await rig.bridge.close()
    [living] = rig.kept.recover([]).calls
    again = await build(
        connected=False, kept=rig.kept, recovered=Recovered(calls=(living,), facts=(said("x"),), place=1)
    )
    assert (await again.snapshot_of(""))[0][0].transcript == "x"
    assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]


async def test_what_the_bus_has_lost_of_cases_is_taken_up_from_the_log(build):
    """Written down by their owner, and gone before it was heard: the stream holds one event only."""
    rig = await build(connected=False, bus=MemoryBus(1))
    await rig.state(answered())
    await rig.call()
    with rig.kept.store.uow() as tx:
        case = case_work.registered(tx, at_ms=300, call_id="1.1")
    changed = [CaseChanged(at_ms=n, case=SUMMARY) for n in range(50)]
    await rig.state(*changed)  # more than the bridge reads at once: a gap
    assert (await rig.call(case_number=case.number)).marks["registered"] == 300
