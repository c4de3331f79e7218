"""Calls: kept whole, found again."""

from dataclasses import replace

import pytest
from plans import plan
from sqlalchemy import literal_column, update

from casestore import calls
from casestore.db import Store
from casestore.tables import CallRow
from domain.calls import Call
from domain.offers import Offer

CASE = "C-000001"


def test_a_call_comes_back_whole_and_the_last_word_counts(store: Store):
    call = Call(call_id="17.1", sip_call_id="abc@host", marks={"answered": 1_763_000_000_000})
    offers = (Offer(offer_id="o1", agent="anna", offered_ms=1_763_000_000_500),)
    ended = replace(call, case_number=CASE, stage="ended", outcome="answered", offers=offers)
    for state in (call, ended):
        with store.uow() as tx:
            calls.save(tx, [state])
    with store.uow() as tx:
        assert calls.get(tx, "17.1") == ended
        assert calls.by_sip_call_id(tx, "abc@host") == ended
        assert calls.recent(tx, 10) == (ended,)


def test_many_calls_are_written_at_once(store: Store):
    many = [Call(call_id=f"17.{second}", marks={"answered": second}) for second in range(300)]
    with store.uow() as tx:
        calls.save(tx, many)
        calls.save(tx, [])
    with store.reading() as tx:
        assert calls.recent(tx, 1000) == tuple(reversed(many))


def test_recent_calls_come_newest_first(store: Store):
    with store.uow() as tx:
        for second in (2, 1, 3):
            calls.save(tx, [Call(call_id=f"17.{second}", marks={"answered": second, "ended": second + 9})])
        assert [call.call_id for call in calls.recent(tx, 2)] == ["17.3", "17.2"]


def test_a_call_that_names_no_one_is_found_by_its_own_id_only(store: Store):
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1")])
        assert calls.by_sip_call_id(tx, "") is None
        assert calls.get(tx, "17.2") is None
        assert calls.get(tx, "17.1") is not None


@pytest.mark.parametrize("text", ["\x00", "x" * 10_000, "'; DROP TABLE calls; --"])
def test_hostile_ids_and_numbers_are_kept_and_found(store: Store, text: str):
    call = Call(call_id=text, sip_call_id=text, number=text, name=text)
    with store.uow() as tx:
        calls.save(tx, [call])
        calls.save(tx, [call])
    with store.uow() as tx:
        assert calls.get(tx, text) == call
        assert calls.by_sip_call_id(tx, text) == call
        assert len(calls.recent(tx, 9)) == 1


def test_living_calls_are_found_without_looking_at_the_ended(store: Store):
    with store.uow() as tx:
        for second in range(2000):
            outcome = None if second % 500 == 0 else "answered"
            calls.save(tx, [Call(call_id=f"17.{second}", marks={"answered": second}, outcome=outcome)])
    with store.uow() as tx:
        living = calls.unfinished(tx).calls
        assert [call.call_id for call in living] == ["17.0", "17.500", "17.1000", "17.1500"]
        assert "ix_calls_unfinished" in plan(tx, lambda: calls.unfinished(tx))


def test_a_call_of_another_version_costs_itself_only(store: Store):
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1", marks={"answered": 1}), Call(call_id="17.2")])
        tx.execute(update(CallRow).where(CallRow.call_id == "17.2").values(call={"stage": "on_the_moon"}))
    with store.reading() as tx:
        found = calls.unfinished(tx)
        assert [call.call_id for call in found.calls] == ["17.1"]
        assert found.unreadable == ("17.2",)
        assert calls.get(tx, "17.2") is None
        assert [call.call_id for call in calls.recent(tx, 9)] == ["17.1"]


def test_what_an_older_version_kept_beside_is_ignored(store: Store):
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1")])
        tx.execute(update(CallRow).values(call={"call_id": "17.1", "partial": "my prin"}))
    with store.reading() as tx:
        assert calls.get(tx, "17.1") == Call(call_id="17.1")


@pytest.mark.parametrize("broken", ['{"stage": "levitating"}', "[]", "{no json"])
def test_what_is_no_call_at_all_costs_itself_only(store: Store, broken: str):
    if broken == "{no json" and str(store._engine.url).startswith("postgresql"):
        pytest.skip("PostgreSQL takes no broken JSON")
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1"), Call(call_id="17.2")])
        first = update(CallRow).where(CallRow.call_id == "17.1")
        tx.execute(first.values(call=literal_column(f"'{broken}'")))
    with store.reading() as tx:
        assert [call.call_id for call in calls.recent(tx, 9)] == ["17.2"]
        assert calls.unfinished(tx).unreadable == ("17.1",)
