"""Lists of cases: narrowed, ordered, page by page, without a gap and without one twice."""

import random
from dataclasses import replace
from typing import get_args

import pytest

from casestore import case_lists, cases, contacts
from casestore.case_lists import CaseFilter, Sort
from casestore.db import Store
from domain.cases import OPEN_STATUSES, Case, CaseSummary, Setting

SORTS = get_args(Sort)


def written(store: Store, **fields: object) -> Case:
    with store.uow() as tx:
        case = Case(number=cases.next_number(tx), **fields)  # type: ignore[arg-type]
        cases.add(tx, case)
        return case


def numbers(store: Store, sort: Sort = "opened", **wanted: object) -> list[int]:
    with store.reading() as tx:
        page = case_lists.page(tx, CaseFilter(**wanted), sort, "", 50)  # type: ignore[arg-type]
    assert page.next is None
    return [int(case.number[2:]) for case in page.cases]


@pytest.fixture
def five(store: Store) -> Store:
    usual = {"title": "Printer", "service": "printing", "agent": "anna", "desk": "it"}
    written(store, **usual, priority=3, changed_ms=50)
    written(store, **usual | {"agent": "bo"}, priority=1, changed_ms=10)
    written(
        store, **usual | {"service": "network", "title": "VPN"}, priority=3, changed_ms=40, status="pending"
    )
    written(store, **usual | {"desk": "hr"}, priority=5, changed_ms=30, status="closed")
    written(store, **usual | {"agent": ""}, priority=1, changed_ms=20)
    return store


def test_a_list_is_narrowed_by_each_and_by_all_at_once(five: Store):
    assert numbers(five) == [5, 4, 3, 2, 1]
    assert numbers(five, statuses=OPEN_STATUSES) == [5, 3, 2, 1]
    assert numbers(five, agent="anna") == [4, 3, 1]
    assert numbers(five, service="network") == [3]
    assert numbers(five, desk="hr") == [4]
    assert numbers(five, priority=1) == [5, 2]
    assert numbers(five, text="print", agent="anna", statuses=("open",)) == [1]
    assert numbers(five, text="nothing of this") == []


def test_by_priority_the_most_pressing_comes_first_and_the_newest_of_these(five: Store):
    assert numbers(five, "priority") == [5, 2, 3, 1, 4]


def test_by_change_the_last_changed_comes_first(five: Store):
    assert numbers(five, "changed") == [1, 3, 4, 5, 2]
    assert numbers(five, "changed", text="printer") == [1, 4, 5, 2]


def test_a_case_that_changes_goes_to_another_list(five: Store):
    with five.uow() as tx:
        case = cases.locked(tx, "C-000005")
        cases.change(tx, replace(case, status="resolved", agent="anna", priority=4, changed_ms=99))
    assert numbers(five, statuses=OPEN_STATUSES) == [3, 2, 1]
    assert numbers(five, agent="anna") == [5, 4, 3, 1]
    assert numbers(five, "priority") == [2, 3, 1, 5, 4]
    assert numbers(five, "changed")[0] == 5


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_pages_together_are_the_whole_list(store: Store, sort: Sort, size: int):
    dice = random.Random(size)
    for _ in range(20):
        written(store, title="Printer", priority=dice.randint(1, 3), changed_ms=dice.randint(1, 4))
    seen: list[CaseSummary] = []
    after: str | None = ""
    while after is not None:
        with store.reading() as tx:
            page = case_lists.page(tx, CaseFilter(text="printer"), sort, after, size)
        assert len(page.cases) <= size
        seen += page.cases
        after = page.next
    order = {
        "opened": lambda case: case.number,
        "priority": lambda case: (-case.priority, case.number),
        "changed": lambda case: (case.changed_ms, case.number),
    }[sort]
    assert len(seen) == 20
    assert seen == sorted(seen, key=order, reverse=True)


@pytest.mark.parametrize(("sort", "after"), [("priority", "12"), ("changed", "12"), ("opened", "1.12")])
def test_a_place_of_another_order_is_none(five: Store, sort: Sort, after: str):
    with five.reading() as tx, pytest.raises(ValueError, match="invalid literal"):
        case_lists.page(tx, CaseFilter(), sort, after, 5)


def test_a_persons_numbers_find_their_cases(store: Store):
    with store.uow() as tx:
        maria = contacts.add(
            tx, name="Maria", employee_number="A4711", extension="4230", numbers=("+46701740605",)
        )
    written(store, title="Printer", contact_id=maria.id)
    written(store, title="Printer 4712")
    for looked_for in ("a4711", "A4711 printer", "4230", "070-174 06 05", "+46701740605", "0046701740605"):
        assert numbers(store, text=looked_for) == [1], looked_for
    assert numbers(store, text="4712") == [2]


def test_a_line_shows_what_the_whole_case_says(store: Store):
    case = written(
        store, title="Printer", because={"service": ("printer",)}, agent="anna", version=3,
        contact_name="Maria", set_by={"impact": Setting(2, 5, True)}, opened_ms=4, changed_ms=5,
    )  # fmt: skip
    with store.reading() as tx:
        whole = cases.get(tx, case.number)
        assert whole
        assert case_lists.summaries(tx, [case.number, "C-999999", case.number]) == (
            case_lists.summary_of(tx, whole),
        )
        (line,) = case_lists.summaries(tx, [case.number])
    assert (line.title, line.contact_name, line.version) == ("Printer", "Maria", 3)
    assert line.because == {"service": ("printer",)}
    assert "impact" not in line.assumed
    assert "urgency" in line.assumed
    assert not line.has_statement


def test_of_a_person_with_a_thousand_open_cases_some_are_shown_and_all_are_counted(store: Store):
    with store.uow() as tx:
        person = contacts.add(tx, name="Busy")
        for _ in range(30):
            cases.add(tx, Case(number=cases.next_number(tx), contact_id=person.id))
        cases.add(tx, Case(number=cases.next_number(tx), contact_id=person.id, status="closed"))
    with store.reading() as tx:
        shown = case_lists.of_contact(tx, person.id, OPEN_STATUSES, 20)
        assert [case.number for case in shown[:2]] == ["C-000030", "C-000029"]
        assert len(shown) == 20
        assert case_lists.count_of_contact(tx, person.id, OPEN_STATUSES) == 30
