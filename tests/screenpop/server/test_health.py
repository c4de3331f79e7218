"""The health page answers, whatever waits for whom."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from desk_browser import Enter

from casestore.db import Store
from screenpop.server.health import DatabaseCheck

LONG_S = 60


class Stuck(Store):
    """A database that answers nobody before it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.looks = 0

    @contextmanager
    def reading(self) -> Iterator[Any]:
        self.looks += 1
        self.let_go.wait(LONG_S)
        yield Nothing()


class Nothing:
    """No calls."""

    def scalars(self, _query: object) -> tuple[()]:
        return ()


async def test_a_database_that_hangs_is_said_in_time_and_looked_at_once() -> None:
    store = Stuck()
    check = DatabaseCheck(store, deadline_s=0.01)
    try:
        assert [await check.state() for _ in range(3)] == ["no answer"] * 3
        assert store.looks == 1
    finally:
        store.let_go.set()
    patient = DatabaseCheck(store, deadline_s=LONG_S)
    assert await patient.state() == "ok"
    check.close()
    patient.close()


@pytest.fixture
async def no_thread_free() -> AsyncIterator[None]:
    """Slow work has every thread that anybody may use."""
    let_go = threading.Event()
    slow = [asyncio.ensure_future(asyncio.to_thread(let_go.wait, LONG_S)) for _ in range(100)]
    await asyncio.sleep(0)
    yield
    let_go.set()
    await asyncio.gather(*slow)


async def test_slow_work_elsewhere_holds_up_neither_health_nor_pages(
    enter: Enter, no_thread_free: None
) -> None:
    async with asyncio.timeout(10):
        browser = await enter("anna")
        assert (await (await browser.get("/healthz")).json())["parts"]["database"] == "ok"
        assert (await browser.get("/api/me")).status == 200
        assert (await (await browser.live()).next())["type"] == "snapshot"
