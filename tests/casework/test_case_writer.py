"""A change is written once, on either database, however many write it at the same moment."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from casestore import cases
from casestore.db import Store
from casework.case_writer import CaseWriter
from casework.port import CaseChange
from domain.cases import CaseEdit
from tests.servers import PostgreSQL


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'svarklar.db'}"
    if request.param == "postgresql":
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        url = postgresql.emptied_database()
    store = Store(url, busy_timeout_ms=60_000)
    store.upgrade()
    yield store
    store.close()


@pytest.mark.parametrize("number", ["", "C-000001"], ids=["registered", "amended"])
def test_the_first_write_and_the_spools_at_the_same_moment(store: Store, tmp_path: Path, number: str) -> None:
    writer = CaseWriter(store, tmp_path)
    if number:
        writer.write(CaseChange(call_id="17.0", fields=CaseEdit(title="Printer")), 1)
    fields = CaseEdit(title="Printer jams", call_id="17.1")
    change = CaseChange(call_id="17.1", number=number, fields=fields, what="heard")
    together = threading.Barrier(2)

    def write(late: bool) -> str:
        together.wait()
        try:
            return writer.write(change, 2_000, late=late).case.number
        except IntegrityError:  # the other was first: the spool tries again
            return writer.write(change, 2_000, late=late).case.number

    with ThreadPoolExecutor(2) as threads:
        numbers = list(threads.map(write, [False, True]))
    assert numbers == ["C-000001", "C-000001"]
    with store.reading() as tx:
        assert len(cases.open_cases(tx)) == 1
        assert [line.what for line in cases.history(tx, "C-000001")] == ["registered", "heard"]
