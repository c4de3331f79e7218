"""A store of its own for every test, on each database that the settings may name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from casestore.db import Store
from tests.servers import PostgreSQL

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'svarklar.db'}"
    postgresql: PostgreSQL = request.getfixturevalue("postgresql")
    return postgresql.emptied_database()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.upgrade()
    yield store
    store.close()
