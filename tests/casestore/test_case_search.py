"""Cases are found by words, names and numbers, the same on each database, and leave lists as they change."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from casestore import case_search, cases, contacts
from casestore.case_words import Term, asked
from casestore.db import Store, Transaction
from domain.cases import Case, Said


def written(store: Store, title: str = "A case", said: str = "", **fields: object) -> str:
    with store.uow() as tx:
        number = cases.next_number(tx)
        words = (Said(statement_id="s1", text=said, at_ms=1),) if said else ()
        cases.add(tx, Case(number=number, title=title, said=words, **fields))  # type: ignore[arg-type]
    return number


def found(store: Store, looked_for: str) -> list[int]:
    with store.reading() as tx:
        return list(case_search.newest(tx, asked(looked_for), 50))


def test_a_case_is_found_by_what_was_said_and_who_it_is(store: Store):
    written(store, "Printer", "the toner is empty", contact_name="Åsa Öberg", caller_number="+46701740605")
    written(store, "Network", "nothing loads", contact_name="Bo Lind")
    for looked_for in ("print", "TONER", "oberg", "åsa öb", "070-174 06 05", "c-1", "1", "printer empty"):
        assert found(store, looked_for) == [1], looked_for
    assert found(store, "lind") == found(store, "C-000002") == [2]
    assert found(store, "") == [2, 1]
    assert found(store, "printer lind") == found(store, "rinter") == found(store, "C-3") == []


def test_a_change_is_found_at_once_and_what_it_replaces_no_more(store: Store):
    number = written(store, "Printer")
    with store.uow() as tx:
        cases.change(tx, replace(cases.locked(tx, number), title="Scanner", solution="new cable", version=2))
    assert found(store, "scanner cable") == [1]
    assert found(store, "printer") == []


def test_what_is_rolled_back_is_not_found(store: Store):
    with pytest.raises(LookupError), store.uow() as tx:
        _written_and_failed(tx)
    assert found(store, "printer") == []


def _written_and_failed(tx: Transaction) -> None:
    cases.add(tx, Case(number=cases.next_number(tx), title="Printer"))
    raise LookupError


def test_pages_go_on_where_the_one_before_ended(store: Store):
    for _ in range(7):
        written(store, "Printer")
    written(store, "Scanner")
    with store.reading() as tx:
        first = case_search.newest(tx, asked("printer"), 3)
        assert first == (7, 6, 5)
        assert case_search.newest(tx, asked("printer"), 9, before=first[-1]) == (4, 3, 2, 1)


@pytest.mark.parametrize(
    "hostile",
    [
        "'", '"', "''); DROP TABLE cases; --", "a AND b OR NOT (c", "col:x", "printer*", "^a", "-a",
        "NEAR(a b)",
        "\x00", "\ud800", "a & b | !c:*", "\\", "%", "_", "=s=open", "💥 ☎", "ß ﬁ İ", "𝔓𝔯𝔦𝔫𝔱", "ꭰꭱ ⳁ ꟍ",
    ],
)  # fmt: skip
def test_whatever_is_typed_is_words_and_nothing_else(store: Store, hostile: str):
    written(store, f"Title {hostile}", said=hostile)
    found(store, hostile)
    assert found(store, "title") == [1]


def test_a_long_case_is_found_by_its_words(store: Store):
    written(store, "Long", said=" ".join(f"word{number}" for number in range(1500)))
    assert found(store, "word1499") == [1]


def test_after_people_were_erased_nothing_of_them_is_left_in_the_index(store: Store, database_url: str):
    number = written(store, "Secret", contact_name="Unmistakable Person")
    with store.uow() as tx:
        known = cases.locked(tx, number)
        cases.change(tx, replace(known, title="", contact_name=""))
        case_search.tidy(tx)
    assert found(store, "unmistakable") == []
    assert found(store, "C-1") == [1]
    with store.reading() as tx:
        if tx.get_bind().dialect.name == "sqlite":
            for table in ("case_search_data", "case_search_content"):
                rows = tx.execute(text(f"SELECT * FROM {table}")).all()
                assert "unmistakable" not in str(rows)
        else:
            assert "unmistakable" not in str(tx.execute(text("SELECT words FROM case_search")).all())


def test_a_person_is_a_term_among_others(store: Store):
    with store.uow() as tx:
        anna = contacts.add(tx, name="Anna", employee_number="4711", numbers=("+46701740605",))
    written(store, "Printer", contact_id=anna.id)
    written(store, "Printer")
    with store.reading() as tx:
        assert case_search.newest(tx, [Term(words=(f"=c={anna.id}",)), *asked("print")], 9) == (1,)
