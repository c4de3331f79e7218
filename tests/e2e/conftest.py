"""A whole Svarklar of its own for each test file: `svarklar up` on free ports, ended by its process id."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from browser import Visitor, chromium, humming, visitor
from callers import brief_prompts
from desk_view import DeskView
from installation import Installation, running_installation
from playwright.async_api import Browser

from phone.agent import AgentPhone


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_installation(tmp_path_factory.mktemp("installation")) as system:
        yield system


@pytest.fixture(scope="module")
def brief_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A installation that beeps where it would talk for long."""
    folder = tmp_path_factory.mktemp("installation")
    with running_installation(folder, own_prompts=brief_prompts(folder / "beeps")) as system:
        yield system


@pytest.fixture
async def desk(system: Installation) -> AsyncIterator[DeskView]:
    """The desk as a supervisor watches it."""
    async with DeskView(system) as view:
        yield view


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A Chromium whose microphone hums."""
    async with chromium(humming(tmp_path_factory.mktemp("browser") / "microphone.wav")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def anna(browser: Browser, system: Installation) -> AsyncIterator[Visitor]:
    """Anna at the browser's phone, ready."""
    async with visitor(browser, system) as anna:
        await anna.log_in("anna")
        await anna.be_ready()
        yield anna


@pytest.fixture
async def agent(system: Installation) -> AsyncIterator[AgentPhone]:
    """Bo at a desk phone, his desk open, ready."""
    bo = system.agent("bo")
    try:
        await bo.log_in()
        await bo.be_ready()
        yield bo
    finally:
        await bo.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Awaitable[Any]]:
    """Wait for a condition; a timeout only bounds a failure."""

    async def wait(condition: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        async with asyncio.timeout(timeout_s):
            while True:
                value = condition()
                if value:
                    return value
                await asyncio.sleep(0.05)

    return wait
