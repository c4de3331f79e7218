"""Cases made anew from their facts are the living ones."""

from pathlib import Path

from sqlalchemy import delete, update

from casestore import fact_log
from casestore.db import Store
from casestore.tables import CaseRow, CaseTextRow
from casework.replay import CaseDifference, compare_cases
from domain.case_commands import Classify, Hear, Merge, Note, Reopen, Solve
from domain.cases import Said
from tests import case_work


def some_cases(store: Store) -> None:
    said = Said(statement_id="s", text="and it smells", at_ms=3)
    with store.uow() as tx:
        case_work.registered(tx, call_id="1.1", service="printing", said=(said,))
        case_work.registered(tx)
        case_work.carried_out(
            tx,
            "C-000001",
            Hear(actor="ivr", at_ms=4, said=said),
            Classify(actor="anna", at_ms=5, title="New", impact="everyone"),
            Note(actor="anna", at_ms=6, note_id="anna/1", text="x"),
            Solve(actor="anna", at_ms=7, solution="restarted"),
        )
        case_work.carried_out(tx, "C-000002", Merge(actor="bo", at_ms=8, into="C-000001"))


def test_they_are_the_same(any_store: Store, tmp_path: Path) -> None:
    some_cases(any_store)
    told: list[int] = []
    assert compare_cases(any_store, lambda place, _: told.append(place)) == []
    assert told == [2]


def test_one_that_differs_is_named_with_its_fields(any_store: Store) -> None:
    some_cases(any_store)
    with any_store.uow() as tx:
        tx.execute(update(CaseRow).where(CaseRow.number == "C-000001").values(priority=5, agent="eva"))
    assert compare_cases(any_store) == [CaseDifference("C-000001", ("priority", "agent"))]


def test_words_that_were_erased_are_no_difference(any_store: Store) -> None:
    some_cases(any_store)
    with any_store.uow() as tx:
        tx.execute(delete(CaseTextRow))
    assert compare_cases(any_store) == []
    with any_store.uow() as tx:
        fact_log.erase_texts(tx, ("C-000001", "C-000002"))
    assert compare_cases(any_store) == []
    with any_store.uow() as tx:
        case_work.carried_out(tx, "C-000001", Reopen(actor="anna", at_ms=9))
        case_work.carried_out(tx, "C-000001", Solve(actor="anna", at_ms=9, solution="restarted again"))
    assert compare_cases(any_store) == []
