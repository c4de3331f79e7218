"""Calls that lived when the server last ended."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from casestore import calls, cases
from casestore.cases import NewCase
from casestore.db import Store
from casework.port import summary
from cti.recovery import unfinished
from domain.records import Call


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'cases.db'}")
    store.upgrade()
    yield store
    store.close()


def test_a_case_that_its_call_does_not_know_yet_is_put_to_it(store: Store) -> None:
    new = NewCase(title="Printer jams", statement="the printer jams", call_id="1700000000.1")
    with store.uow() as tx:
        calls.save(tx, asdict(Call(call_id="1700000000.1", marks={"answered": 1_000})))
        case = cases.register(tx, new, by="ivr", now_ms=2_000)
    with store.uow() as tx:
        (call,) = unfinished(tx, summary)
    assert call.case
    assert (call.case.number, call.transcript) == (case.number, "the printer jams")
    assert call.marks == {"answered": 1_000, "registered": 2_000}
    with store.reading() as tx:
        assert calls.get(tx, "1700000000.1")["case"]["number"] == case.number


def test_other_calls_are_as_they_were_saved(store: Store) -> None:
    living = Call(call_id="1700000000.1", stage="queued", marks={"answered": 1_000})
    with store.uow() as tx:
        calls.save(tx, asdict(living))
        calls.save(tx, asdict(Call(call_id="1700000000.2", stage="ended", outcome="answered")))
    with store.uow() as tx:
        assert unfinished(tx, summary) == [living]
