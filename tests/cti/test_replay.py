"""Calls made anew from the facts are the living ones."""

import asyncio
from dataclasses import replace

import pytest
from ami_replay import TRANSCRIPTS, transcript
from bridge_rig import rigs
from call_events import DIALOGUE, after
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import Kept, new_store
from test_calls_any_order import ANY_EVENT

from casestore import calls, fact_log
from casestore.db import Store
from cti.bus.encoding import decode, encode
from cti.call_store import CallStore, keep_folded_up_to
from cti.effects import Save
from cti.fact_writer import FactWriter
from cti.folding import Folding
from cti.owner import Forget, Owner
from cti.replay import Difference, compare, replay
from domain.calls import Call, CallAnswered, CallEnded
from domain.case_events import CaseEvent
from domain.dialogue import LanguageChosen
from domain.event import CallEvent
from domain.facts import Fact


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


@pytest.fixture
def fresh(tmp_path):
    store = new_store(tmp_path / "fresh.db")
    yield store
    store.close()


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path)
    yield kept
    kept.close()


def rows(store):
    with store.reading() as tx:
        return {call.call_id: call for call in calls.recent(tx, 100_000)}


def written(kept, *events):
    writer = FactWriter(kept.append, node="main", clock=lambda: 7)
    kept.append([writer._fact(event) for event in events], {})


@pytest.mark.parametrize("name", sorted(file.stem for file in TRANSCRIPTS.glob("*.txt")))
async def test_a_recorded_call_is_the_same_row_by_row(build, fresh, name):
    rig = await build()
    recorded = transcript(name)
    ids = {line.split(": ")[1] for line in recorded.decode().splitlines() if line.startswith("Linkedid: ")}
    for call_id in ids:
        told = [replace(event, call_id=call_id) for event in DIALOGUE if event.stream != "asterisk"]
        told = [replace(e, event_id=f"{call_id}/case") if isinstance(e, CaseEvent) else e for e in told]
        written(rig.kept, *(event for event in told if isinstance(event, CaseEvent)))
        await rig.state(*told)
        await rig.call(call_id=call_id, dialogue="done")
    await rig.session.say(recorded, 500)
    await rig.bridge.close()
    report = await asyncio.to_thread(replay, rig.kept.store, fresh)
    assert (rows(fresh), report.calls, report.passed_over) == (rows(rig.kept.store), len(rows(fresh)), 0)
    assert compare(rig.kept.store, fresh) == []
    assert rows(fresh)


IDS = st.sampled_from(["1.1", "2.2"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(ANY_EVENT, IDS, st.one_of(st.none(), IDS)), max_size=40), st.integers(1, 7))
def test_whatever_happened_the_log_makes_the_same_calls(happened, page):
    owner, living = Owner((), lambda: 99), {}
    made = {}
    folding = Folding(lambda call_id: made.get(call_id))  # noqa: PLW0108
    for number, (any_event, call_id, forgotten) in enumerate(happened):
        event = any_event
        if isinstance(event, CallEvent | CaseEvent):
            event = replace(event, call_id=call_id)
        late = owner.has_forgotten(event)
        effects = owner.fold_late([event], living.get(call_id)) if late else owner.fold(event)
        living |= {effect.call.call_id: effect.call for effect in effects if isinstance(effect, Save)}
        folding.fold(decode(encode(event)))
        if number % page == 0:
            made |= {call.call_id: call for call in folding.take_changed()}
        if forgotten in living and living[forgotten].stage == "ended":
            owner.fold(Forget(forgotten))
    made |= {call.call_id: call for call in folding.take_changed()}
    assert made == living


def test_facts_that_this_version_cannot_read_are_passed_over_and_counted(kept, fresh):
    written(kept, CallAnswered(call_id="1.1", at_ms=1))
    bad = Fact(
        event_id="x", stream="dialogue", kind="CallTeleported", subject="1.1", at_ms=1, received_ms=1,
        node="main", body='CallTeleported {"at_ms":1}',
    )  # fmt: skip
    kept.append([bad], {})
    written(kept, LanguageChosen(call_id="1.1", at_ms=2, language="sv"))
    report = replay(kept.store, fresh)
    assert (report.facts, report.calls, report.passed_over) == (3, 1, 1)
    assert rows(fresh)["1.1"].language == "sv"


def test_late_news_reaches_a_call_that_was_let_go_long_before(kept, fresh, monkeypatch):
    monkeypatch.setattr("cti.folding._AT_ONCE", 2)
    written(kept, *[replace(event, event_id=f"{n}") for n, event in enumerate(DIALOGUE)])
    call_id = DIALOGUE[0].call_id
    written(kept, CallEnded(call_id=call_id, at_ms=900, cause=""))
    written(kept, *[CallAnswered(call_id=f"other {n}", at_ms=n + 1000) for n in range(6)])
    written(kept, LanguageChosen(call_id=call_id, at_ms=9_000, language="nb"))
    assert replay(kept.store, fresh).calls == 7
    call = rows(fresh)[call_id]
    assert (call.stage, call.language, call.transcript) == ("ended", "nb", "my printer is dead")


def test_it_says_how_far_it_is(kept, fresh, monkeypatch):
    monkeypatch.setattr("cti.folding._AT_ONCE", 2)
    written(kept, *[CallAnswered(call_id=str(n), at_ms=n) for n in range(5)])
    said = []
    replay(kept.store, fresh, lambda place, last: said.append((place, last)))
    assert said == [(2, 5), (4, 5), (5, 5)]


def test_it_refuses_a_database_that_has_calls(kept, fresh):
    with fresh.uow() as tx:
        calls.save(tx, [Call(call_id="1.1", marks={"answered": 1})])
    with pytest.raises(ValueError, match="calls already"):
        replay(kept.store, fresh)


class TestCompare:
    @pytest.fixture
    def alike(self, kept, fresh):
        """Three calls, in both databases."""
        written(kept, *[CallAnswered(call_id=str(n), at_ms=n + 1, number="+46") for n in range(3)])
        recovered = kept.recover([])
        kept.save(recovered.calls, recovered.place)
        replay(kept.store, fresh)
        assert compare(kept.store, fresh) == []
        return kept

    def test_a_call_that_differs_is_named_with_its_fields(self, alike, fresh):
        with fresh.uow() as tx:
            calls.save(tx, [replace(rows(fresh)["1"], number="+47", language="sv")])
        assert compare(alike.store, fresh) == [Difference(call_id="1", fields=("number", "language"))]

    def test_a_call_that_is_missing_in_one_is_named(self, alike, fresh):
        written(alike, CallAnswered(call_id="new", at_ms=9))
        alike.save([], 4)
        other = new_store(alike.folder / "other.db")
        replay(alike.store, other)
        assert compare(alike.store, other) == [Difference(call_id="new", missing_in="the living one")]
        other.close()

    def test_a_call_that_goes_on_meanwhile_is_not_judged(self, alike, fresh):
        written(alike, LanguageChosen(call_id="1", at_ms=9, language="sv"))
        recovered = alike.recover([])
        alike.save(recovered.calls, recovered.place)
        assert compare(alike.store, fresh) == []

    def test_a_call_whose_first_fact_has_expired_is_not_judged(self, alike, fresh, tmp_path):
        written(alike, LanguageChosen(call_id="1", at_ms=9, language="sv"))
        recovered = alike.recover([])
        alike.save(recovered.calls, recovered.place)
        with alike.store.uow() as tx:
            fact_log.expire(tx, "CallAnswered", 8)
        other = new_store(tmp_path / "other.db")
        replay(alike.store, other)
        assert (rows(other), compare(alike.store, other)) == ({}, [])
        other.close()


def test_on_postgresql_it_is_the_same(postgresql, tmp_path, fresh):
    store = Store(postgresql.emptied_database())
    store.upgrade()
    kept = CallStore(store, lambda: 1)
    written(kept, *DIALOGUE, CallEnded(call_id=DIALOGUE[0].call_id, at_ms=900, cause=""))
    written(kept, CallAnswered(call_id="2.2", at_ms=950))
    recovered = kept.recover(["dialogue"])
    kept.save(recovered.calls, recovered.place)
    assert [call.call_id for call in kept.recover(["dialogue"]).calls] == ["2.2"]
    assert replay(store, fresh).calls == 2
    assert (rows(fresh), compare(store, fresh)) == (rows(store), [])
    store.close()


def folded(store, call, **changes):
    with store.uow() as tx:
        calls.save(tx, [replace(call, **changes)])
        keep_folded_up_to(tx, 100, 1)


def test_calls_whose_words_have_gone_from_the_log_are_compared_without_them(kept, fresh):
    written(kept, *DIALOGUE)
    folded(kept.store, after(*DIALOGUE))
    with kept.store.uow() as tx:
        assert fact_log.erase_texts(tx, [DIALOGUE[0].call_id])
    replay(kept.store, fresh)
    (anew,) = rows(fresh).values()
    assert anew.transcript == ""
    assert compare(kept.store, fresh) == []
    folded(fresh, anew, language="nb")
    assert [difference.fields for difference in compare(kept.store, fresh)] == [("language",)]


def test_words_that_the_log_has_are_compared(kept, fresh):
    written(kept, *DIALOGUE)
    folded(kept.store, after(*DIALOGUE))
    folded(fresh, after(*DIALOGUE), transcript="")
    assert [difference.fields for difference in compare(kept.store, fresh)] == [("transcript",)]
