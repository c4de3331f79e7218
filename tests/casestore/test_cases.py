"""Cases: numbers, amendments, history."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casestore import cases, contacts
from casestore.case_fields import IMPACTS, PRIORITIES, STATUSES, URGENCIES
from casestore.cases import NewCase
from casestore.db import Store
from domain.views import CaseView

HOSTILE = ["\x00", "\ud800", "'); DROP TABLE cases; --", "<script>", "a\r\nb", "å" * 10_000]


def registered(store: Store, **fields: object) -> CaseView:
    with store.uow() as tx:
        new = NewCase(**{"title": "Printer", **fields})  # type: ignore[arg-type]
        return cases.register(tx, new, by="ivr", now_ms=1_000)


def test_a_case_comes_back_as_it_was_registered(store: Store):
    new = NewCase(
        title="VPN down",
        statement="the vpn is down for all of us",
        impact="everyone",
        urgency="stopped",
        priority=1,
        because={"impact": ("all", "us")},
        words=({"text": "vpn", "start_s": 0.2, "end_s": 0.5, "confidence": 0.9},),
        call_id="1700000000.1",
    )
    with store.uow() as tx:
        view = cases.register(tx, new, by="ivr", now_ms=1_763_000_000_000)
    with store.uow() as tx:
        assert cases.get(tx, view.number) == view
    assert {**asdict(view), **asdict(new)} == asdict(view)
    assert (view.number, view.status, view.opened_ms) == ("C-000001", "open", 1_763_000_000_000)


def test_the_contact_brings_its_name_and_an_unknown_contact_is_refused(store: Store):
    with store.uow() as tx:
        maria = contacts.add(tx, name="Maria Lind")
    assert registered(store, contact_id=maria.id).contact_name == "Maria Lind"
    with pytest.raises(ValueError, match="no contact 999"):
        registered(store, contact_id=999)


def test_an_amendment_is_one_line_of_history_with_old_and_new_values(store: Store):
    number = registered(store).number
    with store.uow() as tx:
        changes = {"title": "Printer", "impact": "several", "priority": 2}
        view = cases.amend(tx, number, changes, by="anna", what="asked again", now_ms=2_000)
    assert (view.impact, view.priority, view.changed_ms) == ("several", 2, 2_000)
    with store.uow() as tx:
        line = cases.history(tx, number)[1]
    assert (line.by, line.what, line.at_ms) == ("anna", "asked again", 2_000)
    assert line.changes == {"impact": {"old": "one", "new": "several"}, "priority": {"old": 3, "new": 2}}


def test_an_amendment_that_changes_nothing_writes_nothing(store: Store):
    before = registered(store)
    with store.uow() as tx:
        assert cases.amend(tx, before.number, {"title": "Printer"}, by="anna", what="x", now_ms=9) == before
        assert len(cases.history(tx, before.number)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "C-000009"},
        {"opened_ms": 1},
        {"colour": "red"},
        {"impact": "huge"},
        {"urgency": ""},
        {"status": "gone"},
        {"priority": 6},
        {"priority": "1"},
        {"priority": True},
        {"title": None},
        {"contact_id": "1"},
        {"contact_id": 404},
    ],
)
def test_an_amendment_refuses_what_a_case_cannot_hold(store: Store, changes: dict[str, object]):
    before = registered(store)
    with pytest.raises(ValueError, match=r"must be|no field|no contact"), store.uow() as tx:
        cases.amend(tx, before.number, {"title": "New", **changes}, by="anna", what="x", now_ms=2)
    with store.uow() as tx:
        assert cases.get(tx, before.number) == before


def test_the_case_of_a_call_is_found_and_a_call_without_an_id_has_none(store: Store):
    registered(store)
    mine = registered(store, call_id="1700000000.1")
    with store.uow() as tx:
        assert cases.of_call(tx, "1700000000.1") == mine
        assert cases.of_call(tx, "1700000000.2") is None
        assert cases.of_call(tx, "") is None


@pytest.mark.parametrize("number", ["C-000404", "", "C-1", "'", "\ud800", "C-" + "1" * 10_000])
def test_there_is_no_case_of_an_unknown_or_malformed_number(store: Store, number: str):
    with store.uow() as tx:
        assert cases.get(tx, number) is None
        assert cases.history(tx, number) == ()
        with pytest.raises(LookupError):
            cases.note(tx, number, by="anna", what="x", now_ms=1)


def test_a_note_adds_to_the_history_only(store: Store):
    number = registered(store).number
    with store.uow() as tx:
        cases.note(tx, number, by="anna", what="called back", now_ms=5)
        assert [line.what for line in cases.history(tx, number)] == ["registered", "called back"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_caller_says_is_registered(store: Store, text: str):
    view = registered(
        store,
        title=text,
        statement=text,
        caller_number=text,
        contact_name=text,
        because={text: (text,)},
        words=({"text": text},),
    )
    with store.uow() as tx:
        assert cases.get(tx, view.number) == view
    assert len(view.title) <= 200


def test_open_cases_are_the_unresolved_ones_newest_first(store: Store):
    with store.uow() as tx:
        maria = contacts.add(tx, name="Maria Lind").id
        for now_ms, contact_id in enumerate([maria, maria, maria, None], 1):
            cases.register(tx, NewCase(title="T", contact_id=contact_id), by="ivr", now_ms=now_ms)
        cases.amend(tx, "C-000001", {"status": "resolved"}, by="anna", what="solved", now_ms=9)
        cases.amend(tx, "C-000002", {"status": "pending"}, by="anna", what="waits", now_ms=9)
        assert [case.number for case in cases.open_cases(tx)] == ["C-000004", "C-000003", "C-000002"]
        assert [case.number for case in cases.open_cases(tx, limit=1)] == ["C-000004"]
        assert [case.number for case in cases.open_of_contact(tx, maria)] == ["C-000003", "C-000002"]


def test_threads_that_register_at_once_get_consecutive_numbers_and_lose_none(store: Store):
    start = threading.Barrier(8)

    def register_five(worker: int) -> list[str]:
        start.wait()
        return [registered(store, title=f"{worker}/{turn}").number for turn in range(5)]

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for five in pool.map(register_five, range(8)) for number in five]
    assert sorted(numbers) == [f"C-{count:06d}" for count in range(1, 41)]
    with store.uow() as tx:
        assert len(cases.open_cases(tx)) == 40


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(),
        "statement": st.text(alphabet=st.characters()),
        "status": st.sampled_from(STATUSES),
        "impact": st.sampled_from(IMPACTS),
        "urgency": st.sampled_from(URGENCIES),
        "priority": st.sampled_from(PRIORITIES),
        "because": st.dictionaries(st.text(max_size=5), st.tuples(st.text(max_size=5))),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(amendments=st.lists(CHANGES, max_size=5))
def test_the_history_replayed_is_the_case_as_it_is_now(store: Store, amendments: list[dict[str, object]]):
    number = registered(store).number
    with store.uow() as tx:
        for changes in amendments:
            cases.amend(tx, number, changes, by="anna", what="edited", now_ms=2)
        state: dict[str, object] = {}
        for line in cases.history(tx, number):
            for field, change in line.changes.items():
                assert state.get(field) == change["old"]
                state[field] = change["new"]
        view = asdict(cases.get(tx, number))  # type: ignore[arg-type]
    view["because"] = {judged: list(words) for judged, words in view["because"].items()}
    view["words"] = list(view["words"])
    assert state == {field: view[field] for field in state}
    assert view.keys() - state.keys() == {"number", "opened_ms", "changed_ms"}
