"""A store of its own for every test, in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from casestore.db import Store


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'svarklar.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.upgrade()
    yield store
    store.close()
