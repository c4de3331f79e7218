"""What is known again when the program starts: calls, cases, positions; after any kind of end."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kept import Kept, new_store
from sqlalchemy import text

from casestore import calls
from cti.call_store import CallStore
from cti.fact_writer import FactWriter
from cti.folding import facts_after
from cti.replay import compare, replay
from domain.calls import Call, CallAnswered, CallEnded, QueueJoined, Resynced
from domain.case_commands import Link
from domain.case_events import CaseRegistered
from domain.cases import Case, Said
from domain.dialogue import LanguageChosen, StatementHeard
from domain.event import Event
from domain.facts import Fact
from domain.offers import RingEnded, RingStarted
from tests import case_work
from tests.checkout import ROOT

ID = "1700000000.1"
ANSWERED = CallAnswered(call_id=ID, at_ms=1_000, number="+46701740605")
QUEUED = QueueJoined(call_id=ID, at_ms=2_000, queue="support", position=1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.close()


def as_fact(event: Event) -> Fact:
    fact = FactWriter(lambda facts, at: (), node="main", clock=lambda: 7)._fact(event)
    assert fact
    return fact


def written(kept: Kept, *events: Event) -> None:
    kept.append([as_fact(event) for event in events], {})


def test_calls_whose_end_was_not_seen_are_as_they_were_saved(kept: Kept) -> None:
    living = Call(call_id=ID, stage="queued", marks={"answered": 1_000})
    ended = Call(call_id="1700000000.2", stage="ended", outcome="answered", marks={"ended": 5})
    kept.save([living, ended], 0)
    assert kept.recover([]).calls == (living,)


def test_what_stands_in_the_log_and_not_in_the_table_is_folded(kept: Kept) -> None:
    written(kept, ANSWERED)
    kept.save([Call(call_id=ID, number="+46701740605", marks={"answered": 1_000})], 1)
    written(kept, QUEUED, LanguageChosen(call_id=ID, at_ms=2_500, language="sv"))
    recovered = kept.recover([])
    [call] = recovered.calls
    assert (call.stage, call.language, call.number, recovered.place) == ("queued", "sv", "+46701740605", 3)


def test_a_call_that_was_never_saved_is_made_from_the_log(kept: Kept) -> None:
    written(kept, ANSWERED, QUEUED)
    [call] = kept.recover([]).calls
    assert (call.stage, call.marks) == ("queued", {"answered": 1_000, "queued": 2_000})


def test_a_call_that_ended_without_being_saved_is_recovered_to_be_saved(kept: Kept) -> None:
    written(kept, ANSWERED)
    kept.save(kept.recover([]).calls, 1)
    written(kept, CallEnded(call_id=ID, at_ms=3_000, cause=""))
    [call] = kept.recover([]).calls
    assert (call.stage, call.outcome) == ("ended", "abandoned_ivr")


def test_a_call_that_is_newer_in_the_table_than_the_position_is_not_folded_twice(kept: Kept) -> None:
    rings = RingStarted(call_id=ID, at_ms=3_000, agent="anna")
    stops = RingEnded(call_id=ID, at_ms=4_000, agent="anna", reason="NOANSWER")
    written(kept, ANSWERED, QUEUED)
    kept.save(kept.recover([]).calls, 2)
    written(kept, rings, stops)
    [newest] = kept.recover([]).calls
    kept.save([newest], 0)
    assert kept.recover([]).calls == (newest,)
    assert len(newest.offers) == 1


def test_late_news_of_an_ended_call_reaches_it_also_in_this_way(kept: Kept) -> None:
    ended = Call(call_id=ID, stage="ended", outcome="abandoned_ivr", marks={"answered": 1, "ended": 5})
    kept.save([ended], 0)
    written(kept, StatementHeard(call_id=ID, at_ms=9, text="late", confidence=1.0))
    [call] = kept.recover([]).calls
    assert (call.transcript, call.outcome) == ("late", "abandoned_ivr")


def test_what_asterisk_listed_just_before_is_folded_into_every_call_of_its_node(kept: Kept) -> None:
    kept.save(
        [Call(call_id=ID, marks={"answered": 1}), Call(call_id="n", node="north", marks={"answered": 1})], 0
    )
    written(kept, Resynced(at_ms=9, living=()))
    outcomes = {call.call_id: call.outcome for call in kept.recover([]).calls}
    assert outcomes == {ID: "failed", "n": None}


def of_another_version(kept: Kept, call_id: str) -> None:
    with kept.store.uow() as tx:
        tx.execute(
            text('UPDATE calls SET call = \'{"stage": "teleported"}\' WHERE call_id = :id'), {"id": call_id}
        )


def test_a_stored_call_of_another_version_costs_that_call_only(kept: Kept) -> None:
    other = Call(call_id="1700000000.2", stage="queued", marks={"queued": 1})
    kept.save([Call(call_id=ID, marks={"answered": 1}), other], 0)
    of_another_version(kept, ID)
    assert kept.recover([]).calls == (other,)


def test_a_stored_call_of_another_version_is_made_anew_where_its_facts_are_kept(kept: Kept) -> None:
    written(kept, ANSWERED, QUEUED)
    before = kept.recover([]).calls
    kept.save(before, 2)
    of_another_version(kept, ID)
    assert kept.recover([]).calls == before


def test_a_fact_of_another_version_is_passed_over(kept: Kept) -> None:
    written(kept, ANSWERED)
    kept.append([replace(as_fact(QUEUED), body="CallTeleported {}")], {})
    written(kept, LanguageChosen(call_id=ID, at_ms=2_500, language="sv"))
    [call] = kept.recover([]).calls
    assert (call.stage, call.language) == ("ivr", "sv")


def case_of(kept: Kept, call_id: str, at_ms: int = 2_000) -> Case:
    """A case that the call has registered, in the database and the log, and not told to anybody."""
    said = Said(statement_id="s", text="the printer jams", at_ms=at_ms, confidence=0.9)
    with kept.store.uow() as tx:
        return case_work.registered(tx, at_ms=at_ms, call_id=call_id, said=(said,))


def test_a_case_that_its_call_was_not_told_of_is_taken_up_from_the_log(kept: Kept) -> None:
    written(kept, ANSWERED)
    case = case_of(kept, ID)
    written(kept, QUEUED)
    kept.save(
        [Call(call_id=ID, marks={"answered": 1_000})], 3
    )  # folded up to there, and not told of the case
    recovered = kept.recover([])
    [call] = recovered.calls
    assert (call.case_number, call.marks["registered"]) == (case.number, 2_000)
    [statement] = recovered.facts
    assert isinstance(statement, StatementHeard)
    assert (statement.text, statement.call_id, statement.statement_id) == ("the printer jams", ID, "s")
    assert [fact.event_id for fact in kept.recover([]).facts] == [statement.event_id]


def test_a_call_that_has_ended_gets_its_case_also_in_this_way(kept: Kept) -> None:
    ended = Call(call_id=ID, stage="ended", outcome="abandoned_ivr", marks={"answered": 1, "ended": 5})
    kept.save([ended], 0)
    case = case_of(kept, ID, at_ms=9)
    [call] = kept.recover([]).calls
    assert (call.case_number, call.stage) == (case.number, "ended")


def test_the_case_that_was_linked_last_counts_and_what_calls_know_is_not_told_again(kept: Kept) -> None:
    written(kept, ANSWERED)
    own, other = case_of(kept, ID), case_of(kept, "")
    with kept.store.uow() as tx:
        case_work.carried_out(tx, other.number, Link(actor="anna", at_ms=3_000, call_id=ID))
    recovered = kept.recover([])
    [call] = (call for call in recovered.calls if call.call_id == ID)
    assert (call.case_number, call.marks["registered"]) == (other.number, 2_000)
    kept.save(recovered.calls, recovered.place)
    assert kept.untold_cases() == []
    assert own.number != other.number


def test_what_tells_of_a_call_that_has_not_begun_is_said_again_until_it_may_not_begin_any_more(
    kept: Kept,
) -> None:
    case = case_of(kept, ID)
    [early] = kept.recover([]).facts
    assert isinstance(early, CaseRegistered)
    assert (early.case_number, early.call_id) == (case.number, ID)
    kept.save([], 1)
    assert kept.recover([]).facts == (early,)


def test_a_call_of_another_version_keeps_its_case(kept: Kept) -> None:
    written(kept, ANSWERED)
    case = case_of(kept, ID)
    before = kept.recover([])
    kept.save(before.calls, before.place)
    of_another_version(kept, ID)
    [call] = kept.recover([]).calls
    assert (call.case_number, call.marks) == (case.number, {"answered": 1_000, "registered": 2_000})


def test_positions_of_a_bus_are_those_of_the_last_transaction(kept: Kept) -> None:
    kept.append([as_fact(ANSWERED)], {"dialogue": "7-1"})
    kept.append([], {"dialogue": "7-2", "offers": "9-1"})
    assert kept.recover(["dialogue", "offers", "wishes"]).positions == {"dialogue": "7-2", "offers": "9-1"}


def test_the_first_start_knows_nothing(kept: Kept) -> None:
    recovered = kept.recover(["dialogue"])
    assert (recovered.calls, recovered.facts, recovered.positions, recovered.place) == ((), (), {}, 0)


def killed_in_the_middle(folder: Path, seed: int, lines: int) -> None:
    """Run a bridge and kill it after it has said so many lines."""
    script = Path(__file__).with_name("killed_bridge.py")
    command = [sys.executable, str(script), str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE) as bridge:
        assert bridge.stdout
        for _ in range(lines):
            assert bridge.stdout.readline(), "the bridge ended by itself"
        bridge.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("seed", range(1, 5))
def test_killed_at_any_moment_it_knows_the_same_calls_as_the_whole_log(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for life in range(3):
        killed_in_the_middle(tmp_path, seed * 10 + life, lines=chance.randrange(1, 60))
    store, fresh = new_store(tmp_path / "cases.db"), new_store(tmp_path / "fresh.db")
    kept = CallStore(store, lambda: 1)
    recovered = kept.recover([])
    kept.save(recovered.calls, recovered.place)
    report = replay(store, fresh)
    with store.reading() as one, fresh.reading() as other:
        assert {call.call_id: call for call in calls.recent(one, 100_000)} == {
            call.call_id: call for call in calls.recent(other, 100_000)
        }
    assert compare(store, fresh) == []
    assert (report.passed_over, report.facts) == (0, sum(len(page) for page in facts_after(store, 0)))
    assert report.calls > 0
    store.close()
    fresh.close()
