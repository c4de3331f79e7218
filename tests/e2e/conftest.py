"""A whole Svarklar of its own for each test file: `svarklar up` on free ports, ended by its process id."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from browser import Visitor, chromium, humming, visitor
from callers import brief_prompts
from desk_view import DeskView
from playwright.async_api import Browser
from whole_house import House, running_house

from phone.agent import Agent


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def brief_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that beeps where it would talk for long."""
    folder = tmp_path_factory.mktemp("house")
    with running_house(folder, own_prompts=brief_prompts(folder / "beeps")) as house:
        yield house


@pytest.fixture
async def desk(house: House) -> AsyncIterator[DeskView]:
    """The desk as a supervisor watches it."""
    async with DeskView(house) as view:
        yield view


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A Chromium whose microphone hums."""
    async with chromium(humming(tmp_path_factory.mktemp("browser") / "microphone.wav")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def anna(browser: Browser, house: House) -> AsyncIterator[Visitor]:
    """Anna at the browser's phone, ready."""
    async with visitor(browser, house) as anna:
        await anna.log_in("anna")
        await anna.be_ready()
        yield anna


@pytest.fixture
async def agent(house: House) -> AsyncIterator[Agent]:
    """Bo at a desk phone, his desk open, ready."""
    bo = house.agent("bo")
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
