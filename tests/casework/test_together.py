"""Several at one case at the same moment, on either database: nothing is lost and nothing comes twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from casestore import cases
from casestore.db import Store
from casework import case_facts
from casework.case import Conflict, apply
from casework.case_writer import CaseWriter
from casework.port import CaseUnit
from casework.replay import compare_cases, made_anew
from domain.case_commands import CaseCommand, Classify, Hear, Link, Note, Register
from domain.case_events import CaseNoted
from domain.cases import Case, NewCase, Said
from tests import case_work

NUMBER = "C-000001"


def writer(store: Store, folder: Path) -> CaseWriter:
    return CaseWriter(store, folder, lambda _: None)


def together(works: list[Callable[[], None]]) -> None:
    """All at once, each in a thread of its own."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        start.wait()
        work()

    with ThreadPoolExecutor(len(works)) as threads:
        list(threads.map(begin, works))


def test_two_agents_and_the_voice_response_edit_one_case(any_store: Store, tmp_path: Path) -> None:
    with any_store.uow() as tx:
        case_work.registered(tx, call_id="1.1")
    conflicts: list[str] = []

    def agent(name: str) -> None:
        mine, seen = writer(any_store, tmp_path), 1
        for turn in range(10):
            note = Note(actor=name, at_ms=turn, note_id=f"{name}/{turn}", text=f"{name} {turn}")
            edit = Classify(actor=name, at_ms=turn, version=seen, title=f"{name} {turn}")
            mine.write(lambda changes, note=note: changes.carry_out(NUMBER, note))  # type: ignore[misc]
            try:
                case, _ = mine.write(lambda changes, edit=edit: changes.carry_out(NUMBER, edit))  # type: ignore[misc]
                seen = case.version
            except Conflict as conflict:
                conflicts.append(name)
                seen = conflict.current.version

    def caller() -> None:
        mine = writer(any_store, tmp_path)
        for turn in range(10):
            said = Said(statement_id=f"s{turn}", text=f"words {turn}", at_ms=turn)
            hear = Hear(actor="ivr", at_ms=turn, yields=True, said=said)
            mine.save(CaseUnit(number=NUMBER, commands=(hear,)))

    together([lambda: agent("anna"), lambda: agent("bo"), caller])
    with any_store.reading() as tx:
        history = case_work.history(tx, NUMBER)
        case = cases.get(tx, NUMBER)
        made = made_anew(tx, NUMBER)
    assert case == made
    assert len(case.said) == 10
    assert {entry.note for entry in history if entry.kind == "noted"} == {
        f"{name} {turn}" for name in ("anna", "bo") for turn in range(10)
    }
    edits = [entry for entry in history if entry.kind == "classified"]
    assert len(edits) + len(conflicts) == 20
    assert case.version == len(history) == 1 + 20 + 10 + len(edits)


@pytest.mark.parametrize("number", ["", NUMBER], ids=["registered", "amended"])
def test_the_same_unit_from_the_dialogue_and_the_outbox(
    any_store: Store, tmp_path: Path, number: str
) -> None:
    said = Said(statement_id="s", text="the printer jams", at_ms=1)
    command: CaseCommand = Register(actor="ivr", at_ms=1, call_id="1.1", new=NewCase(title="T", said=(said,)))
    if number:
        with any_store.uow() as tx:
            case_work.registered(tx)
        command = Hear(actor="ivr", at_ms=1, yields=True, said=said)
    unit = CaseUnit(number=number, commands=(command,))
    together([lambda: _saved(any_store, tmp_path, unit)] * 4)
    with any_store.reading() as tx:
        assert [case.said for case in cases.open_cases(tx)] == [(said,)]
        assert case_work.kinds(tx, NUMBER) == (["registered", "heard"] if number else ["registered"])


def _saved(store: Store, folder: Path, unit: CaseUnit) -> None:
    writer(store, folder).save(unit)


def test_two_links_that_cross_do_not_wait_for_each_other(any_store: Store, tmp_path: Path) -> None:
    with any_store.uow() as tx:
        for call_id in ("1.1", "2.2"):
            case_work.registered(tx, call_id=call_id)

    def link(call_id: str, to: str) -> None:
        wanted = Link(actor="anna", at_ms=5, call_id=call_id)
        try:
            writer(any_store, tmp_path).write(lambda changes: changes.link_call(call_id, to, wanted))
        except Exception as error:
            refused.append(type(error).__name__)

    refused: list[str] = []
    together([lambda: link("1.1", "C-000002"), lambda: link("2.2", "C-000001")])
    with any_store.reading() as tx:
        statuses = sorted(case.status for case in cases.page(tx))
    # Whoever comes second finds the case merged, and is told.
    assert (statuses, refused) == (["merged", "open"], ["NotAllowed"])


def test_a_case_with_ten_thousand_notes_opens_with_the_newest(any_store: Store) -> None:
    with any_store.uow() as tx:
        case_work.registered(tx)
        notes = [Note(actor="anna", at_ms=n, note_id=f"anna/{n}", text=f"note {n}") for n in range(10_000)]
        case = case_work.carried_out(tx, NUMBER, *notes[:200])
    with any_store.uow() as tx:
        events = [_noted(case, note, at) for at, note in enumerate(notes[200:], case.version + 1)]
        case_facts.append(tx, events, 1)
        cases.change(tx, _after(cases.locked(tx, NUMBER), events))
    with any_store.reading() as tx:
        newest = case_facts.history(tx, NUMBER, limit=50)
        older = case_facts.history(tx, NUMBER, before=newest[-1].seq, limit=50)
    assert [entry.note for entry in (*newest, *older)] == [f"note {n}" for n in range(9_999, 9_899, -1)]
    assert compare_cases(any_store) == []


def _noted(case: Case, note: Note, version: int) -> CaseNoted:
    return CaseNoted(
        at_ms=note.at_ms,
        event_id=note.change_id,
        case_number=case.number,
        version=version,
        actor=note.actor,
        note_id=note.note_id,
        note=note.text,
    )


def _after(case: Case, events: list[CaseNoted]) -> Case:
    for event in events:
        case = apply(case, event)
    return case
