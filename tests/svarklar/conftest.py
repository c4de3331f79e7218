"""A store of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from casestore.db import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'svarklar.db'}")
    store.upgrade()
    yield store
    store.close()


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command that runs in the test's own process sends the log to a stream that ends with it."""
    yield
    structlog.reset_defaults()
