"""Cases as they are kept: numbers, words in rows of their own, lists; what becomes of them is casework's."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import plan
from sqlalchemy import delete, literal_column, update

from casestore import cases, contacts
from casestore.case_fields import fitted
from casestore.db import Store
from casestore.tables import CaseTextRow
from domain.case_commands import Hold, Link, Solve
from domain.cases import Case, Said, Setting
from domain.dialogue import SpokenWord
from tests import case_work

HOSTILE = ["\x00", "\ud800", "'); DROP TABLE cases; --", "<script>", "a\r\nb", "å" * 10_000]
WORD = SpokenWord(text="vpn", start_s=0.2, end_s=0.5, confidence=0.9)
SAID = Said(
    statement_id="s1", text="the vpn is down", at_ms=900, call_id="1.1", confidence=0.9, words=(WORD,)
)


def registered(store: Store, **fields: object) -> Case:
    with store.uow() as tx:
        return case_work.registered(tx, at_ms=1_000, **fields)  # type: ignore[arg-type]


def read(store: Store, number: str) -> Case | None:
    with store.reading() as tx:
        return cases.get(tx, number)


def test_a_case_comes_back_as_it_was_registered(store: Store):
    case = registered(
        store,
        title="VPN down",
        impact="everyone",
        urgency="stopped",
        because={"impact": ("all", "us")},
        said=(SAID,),
        call_id="1700000000.1",
        desk="it",
    )
    assert read(store, case.number) == case
    assert (case.number, case.version, case.status, case.priority) == ("C-000001", 1, "open", 1)
    assert (case.said, case.opened_ms, case.call_id) == ((SAID,), 1_000, "1700000000.1")
    assert case.set_by["title"] == Setting(version=1, at_ms=1_000, by_person=False)


def test_a_case_is_written_over_what_was_known_of_it(store: Store):
    case = registered(store, said=(SAID,))
    after = replace(case, version=2, title="New", agent="anna", solution="restarted", said=())
    with store.uow() as tx:
        assert cases.locked(tx, case.number) == case
        cases.change(tx, after)
    assert read(store, case.number) == after


def test_a_case_whose_words_were_erased_is_a_case_still_and_takes_new_ones(store: Store):
    case = registered(store, said=(SAID,), service="network")
    with store.uow() as tx:
        tx.execute(delete(CaseTextRow))
    erased = read(store, case.number)
    assert erased
    assert (erased.title, erased.said, erased.service) == ("", (), "network")
    with store.uow() as tx:
        cases.change(tx, replace(cases.locked(tx, case.number), title="New"))
    assert read(store, case.number) == replace(erased, title="New")


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
        assert cases.by_numbers(tx, [number]) == ()
        with pytest.raises(LookupError):
            cases.locked(tx, number)


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_caller_says_is_registered(store: Store, text: str):
    case = registered(
        store,
        title=text,
        caller_number=text,
        contact_name=text,
        because={"service": (text,)},
        said=(replace(SAID, text=text, words=(replace(WORD, text=text),)),),
    )
    assert read(store, case.number) == case
    assert len(case.title) <= 200


def test_texts_are_cut_to_what_is_kept_and_reasons_of_nothing_are_none():
    assert fitted("title", "å" * 300) == "å" * 199 + "…"
    assert fitted("anything", "\x00") == "\N{REPLACEMENT CHARACTER}"
    assert fitted("because", {"colour": ("red",), "service": ("vpn",)}) == {"service": ("vpn",)}
    long = replace(SAID, text="å" * 30_000, words=(WORD,) * 6_000)
    assert (len(fitted("said", (long,))[0].text), len(fitted("said", long).words)) == (20_000, 5_000)


def test_open_cases_are_the_unresolved_ones_newest_first(store: Store):
    with store.uow() as tx:
        maria = contacts.add(tx, name="Maria Lind").id
        for at_ms, contact_id in enumerate([maria, maria, maria, None], 1):
            case_work.registered(tx, at_ms=at_ms, contact_id=contact_id)
        case_work.carried_out(tx, "C-000001", Solve(actor="anna", at_ms=9))
        case_work.carried_out(tx, "C-000002", Hold(actor="anna", at_ms=9))
        assert [case.number for case in cases.open_cases(tx)] == ["C-000004", "C-000003", "C-000002"]
        assert [case.number for case in cases.open_cases(tx, limit=1)] == ["C-000004"]
        assert [case.number for case in cases.open_of_contact(tx, maria)] == ["C-000003", "C-000002"]
        assert [case.number for case in cases.page(tx, "C-000002", 1)] == ["C-000003"]
        found = cases.by_numbers(tx, ["C-000001", "C-000003", "C-000404"])
        assert [case.number for case in found] == ["C-000003", "C-000001"]


def test_a_contact_with_a_thousand_open_cases_is_found_by_an_index_and_not_read_whole(store: Store):
    with store.uow() as tx:
        maria = contacts.add(tx, name="Maria Lind").id
        for at_ms in range(1_000):
            case = Case(number=cases.next_number(tx), version=1, contact_id=maria, opened_ms=at_ms)
            cases.add(tx, case)
    with store.reading() as tx:
        found = cases.open_of_contact(tx, maria)
        assert (len(found), found[0].opened_ms) == (100, 999)
        assert "SCAN cases" not in plan(tx, lambda: cases.open_of_contact(tx, maria))


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


@pytest.mark.parametrize("stored", ["{not json", "7", "null", '["a"]', '{"impact": 7}'])
def test_a_case_whose_json_is_none_costs_neither_itself_nor_others(store: Store, stored: str):
    whole = registered(store, because={"impact": ("all",)})
    broken = registered(store, said=(SAID,))
    if stored == "{not json" and str(store._engine.url).startswith("postgresql"):
        pytest.skip("PostgreSQL takes no broken JSON")
    with store.uow() as tx:
        this = update(CaseTextRow).where(CaseTextRow.case_number == broken.number)
        value = literal_column(f"'{stored}'")
        tx.execute(this.values(because=value, said=value))
    with store.reading() as tx:
        assert {case.number: (case.because, case.said) for case in cases.open_cases(tx)} == {
            whole.number: ({"impact": ("all",)}, ()),
            broken.number: ({}, ()),
        }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(texts=st.lists(st.text(), min_size=4, max_size=4))
def test_any_text_comes_back_as_it_was_fitted(store: Store, texts: list[str]):
    title, number, said, reason = texts
    case = registered(
        store,
        title=title,
        caller_number=number,
        said=(replace(SAID, text=said),),
        because={"service": (reason,)},
    )
    with store.uow() as tx:
        case = case_work.carried_out(tx, case.number, Link(actor="ivr", at_ms=2_000, call_id="1.2"))
    assert read(store, case.number) == case
