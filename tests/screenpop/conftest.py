"""A web server of its own for every test: real sockets, a real database, the real bus."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from desk_browser import API_TOKEN, PASSWORD, Browser, Enter, Serve
from stand_in_owner import StandInOwner, owning

from casestore.db import Store
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from cti.bus.memory import MemoryBus
from screenpop.app import make_app
from screenpop.desk.api import Figures, Health
from screenpop.server.config import WebConfig
from screenpop.server.passwords import hash_password
from svarklar import demo_people


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def store(tmp_path: Path, password_hash: str) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'svarklar.db'}")
    store.upgrade()
    with store.uow() as tx:
        names = ("anna", "bo", "sofia", "admin")
        demo_people.seed(tx, passwords=dict.fromkeys(names, password_hash), now_ms=1_000_000)
    yield store
    store.close()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def owner(bus: MemoryBus) -> AsyncIterator[StandInOwner]:
    """Owns calls and agents, of which there are none."""
    async with owning(bus) as owner:
        yield owner


@pytest.fixture
async def casework(tmp_path: Path, store: Store, bus: MemoryBus) -> AsyncIterator[CaseService]:
    """The owner of cases, as it runs; nobody asks it for solutions."""
    ranking = Ranking(())
    service = CaseService(
        store,
        bus,
        Understanding(ranking),
        ranking,
        region="SE",
        statements=tmp_path / "statements",
        outbox=tmp_path / "outbox.db",
        old_spool=tmp_path / "spool.jsonl",
    )
    async with service:
        yield service


@pytest.fixture
async def serve(
    tmp_path: Path, store: Store, bus: MemoryBus, owner: StandInOwner, casework: CaseService
) -> AsyncIterator[Serve]:
    """Starts a server; arguments change its configuration."""
    servers: list[TestServer] = []

    async def start(
        bus: MemoryBus = bus,
        store: Store = store,
        health: Health = dict,
        figures: Figures = dict,
        **changes: object,
    ) -> TestServer:
        endpoints = ("anna-browser", "anna-phone", "bo-browser", "bo-phone", "webcaller")
        usual: dict[str, object] = {
            "statements": tmp_path / "statements",
            "static": tmp_path / "static",
            "api_token": API_TOKEN,
            "sip_passwords": {endpoint: f"secret of {endpoint}" for endpoint in endpoints},
        }
        config = WebConfig(**{**usual, **changes})  # type: ignore[arg-type]
        server = TestServer(make_app(config, store, bus, casework, health=health, figures=figures))
        await server.start_server()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    return await serve()


@pytest.fixture
async def enter(server: TestServer) -> AsyncIterator[Enter]:
    """Opens a browser, logged in as this user if one is named."""
    browsers: list[Browser] = []

    async def open_browser(username: str = "", at: TestServer = server) -> Browser:
        browser = Browser(at.make_url("/"))
        browsers.append(browser)
        if username:
            assert (await browser.login(username)).status == 200
        return browser

    yield open_browser
    for browser in browsers:
        await browser.close()
