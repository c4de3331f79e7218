"""A database of its own for every test, on each kind that the settings may name; the casework on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from casestore.db import Store
from tests.servers import PostgreSQL


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Of either kind."""
    url = f"sqlite:///{tmp_path / 'svarklar.db'}"
    if request.param == "postgresql":
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        url = postgresql.emptied_database()
    store = Store(url, busy_timeout_ms=60_000)
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """One that soon says that it is locked."""
    store = Store(f"sqlite:///{tmp_path / 'test.db'}", busy_timeout_ms=50)
    store.upgrade()
    yield store
    store.close()
