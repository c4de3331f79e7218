"""A store of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from casestore.db import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'svarklar.db'}")
    store.upgrade()
    yield store
    store.close()
