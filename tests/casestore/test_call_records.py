"""Calls: kept whole, found again."""

import pytest
from plans import plan

from casestore import calls
from casestore.db import Store


def test_a_call_comes_back_whole_and_the_last_word_counts(store: Store):
    call = {"call_id": "17.1", "sip_call_id": "abc@host", "marks": {"answered": 1_763_000_000_000}}
    ended = {**call, "case": {"number": "C-000001"}, "outcome": "answered", "offers": [{"agent": "anna"}]}
    for state in (call, ended):
        with store.uow() as tx:
            calls.save(tx, state)
    with store.uow() as tx:
        assert calls.get(tx, "17.1") == ended
        assert calls.by_sip_call_id(tx, "abc@host") == ended
        assert calls.recent(tx, 10) == (ended,)


def test_recent_calls_come_newest_first(store: Store):
    with store.uow() as tx:
        for second in (2, 1, 3):
            calls.save(tx, {"call_id": f"17.{second}", "marks": {"answered": second, "ended": second + 9}})
        assert [call["call_id"] for call in calls.recent(tx, 2)] == ["17.3", "17.2"]


def test_a_call_that_names_no_one_is_found_by_its_own_id_only(store: Store):
    with store.uow() as tx:
        calls.save(tx, {"call_id": "17.1", "sip_call_id": "", "case": None, "contact_id": None, "marks": {}})
        assert calls.by_sip_call_id(tx, "") is None
        assert calls.get(tx, "17.2") is None
        assert calls.get(tx, "17.1") is not None


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 10_000, "'; DROP TABLE calls; --"])
def test_hostile_ids_and_numbers_are_kept_and_found(store: Store, text: str):
    call = {"call_id": text, "sip_call_id": text, "number": text, "name": text, "marks": {}}
    with store.uow() as tx:
        calls.save(tx, call)
        calls.save(tx, call)
    with store.uow() as tx:
        assert calls.get(tx, text) == call
        assert calls.by_sip_call_id(tx, text) == call
        assert len(calls.recent(tx, 9)) == 1


def test_living_calls_are_found_without_looking_at_the_ended(store: Store):
    with store.uow() as tx:
        for second in range(2000):
            outcome = None if second % 500 == 0 else "answered"
            calls.save(tx, {"call_id": f"17.{second}", "marks": {"answered": second}, "outcome": outcome})
    with store.uow() as tx:
        assert [call["call_id"] for call in calls.unfinished(tx)] == ["17.0", "17.500", "17.1000", "17.1500"]
        assert "ix_calls_unfinished" in plan(tx, lambda: calls.unfinished(tx))
