"""Cases for fifty agents on one process: opened, listed, searched and edited among a hundred thousand.

Times are the server's own, from the request's head to its answer, with pages and load in the same process.
"""

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from rich.console import Console

from casestore import case_lists, users
from casestore.case_lists import CaseFilter
from casestore.db import Store
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from cti.bus.memory import MemoryBus
from domain.agents import AgentsSnapshot, SnapshotWanted
from domain.calls import CallsSnapshot
from domain.event import new_id
from domain.streams import WISHES
from screenpop.app import make_app
from screenpop.server.auth import SESSIONS
from screenpop.server.config import WebConfig
from tests.bench.case_stock import NOTED, NOTES, OPEN_OF_ONE, fill
from tests.bench.figures import Figure, percentile

CASES, PAGES, EDITS_A_SECOND, SECONDS = 100_000, 50, 20, 20
TITLE = f"{CASES} cases, {PAGES} pages, {EDITS_A_SECOND} edits a second, one process on SQLite"
_WATCHED = 50
_LISTS = (
    "scope=mine", "status=active", "status=any", "status=active&sort=priority", "status=any&sort=changed",
    "service=network&status=active", "status=any&sort=priority&service=email", "priority=1&status=any",
)  # fmt: skip
_SEARCHES = (
    "print", "password", "p", "maria lind", "berg outlook", "070-000 12 34", "C-4711", "04711",
    "nothing like it", "printer paper floor",
)  # fmt: skip
_QUIET_BYTES_A_SECOND = 10  # nothing of other people's cases


async def measure(folder: Path, console: Console, cases: int = CASES) -> list[Figure]:
    """The figures of one run."""
    sys.setswitchinterval(0.0005)  # as the server has it: no thread holds up the loop
    store = Store(f"sqlite:///{folder / 'svarklar.db'}")
    store.upgrade()
    agents = [f"agent{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(PAGES)]
    with console.status(f"{cases} cases"):
        await asyncio.to_thread(fill, store, cases, agents)
    with store.uow() as tx:
        for agent in agents:
            users.add(tx, username=agent, name=agent, role="agent", language="en", password_hash="x")
    bare = await asyncio.to_thread(_bare, store, agents[0])
    async with AsyncExitStack() as parts:
        load = await _Load.start(folder, store, agents, cases, parts)
        with console.status("pages work"):
            await load.run()
    store.close()
    return _figures(load, bare)


def _bare(store: Store, agent: str) -> dict[str, float]:
    """The same lists and searches without server, pages and load: ms, the median."""
    lists = [CaseFilter(agent=agent), CaseFilter(statuses=("open",)), CaseFilter(priority=1)]
    return {
        "list": _median_ms(store, lists),
        "search": _median_ms(store, [CaseFilter(text=q) for q in _SEARCHES]),
    }


def _median_ms(store: Store, wanted: list[CaseFilter]) -> float:
    took = []
    for _ in range(20):
        for each in wanted:
            began_s = time.perf_counter()
            with store.reading() as tx:
                case_lists.page(tx, each, "opened", "", 50)
            took.append((time.perf_counter() - began_s) * 1000)
    return percentile(took, 0.5)


class _Load:
    """Pages, each logged in, and what they ask; `took_ms` are the server's times by what was asked."""

    def __init__(self, server: TestServer, sessions: list[tuple[str, str]], cases: int) -> None:
        self._server, self._sessions, self._cases = server, sessions, cases
        self._dice = random.Random(1)
        self.took_ms: dict[str, list[float]] = defaultdict(list)
        self.bytes: dict[str, list[int]] = {"watching": [], "idle": []}
        self.failed = 0

    @classmethod
    async def start(
        cls, folder: Path, store: Store, agents: list[str], cases: int, parts: AsyncExitStack
    ) -> "_Load":
        """Server, owner of calls and casework run until the end of `parts`."""
        bus, ranking = MemoryBus(), Ranking(())
        service = CaseService(
            store, bus, Understanding(ranking), ranking, region="SE", statements=folder / "statements",
            outbox=folder / "outbox.db", old_spool=folder / "spool.jsonl",
        )  # fmt: skip
        await parts.enter_async_context(service)
        owner = asyncio.create_task(_own_calls(bus))
        parts.callback(owner.cancel)
        config = WebConfig(statements=folder, api_token="", sip_passwords={}, static=folder)
        app = make_app(config, store, bus, service)
        took_ms: dict[str, list[float]] = defaultdict(list)
        app.middlewares.insert(0, _timed(took_ms))
        server = TestServer(app)
        await server.start_server()
        parts.push_async_callback(server.close)
        with store.reading() as tx:
            known = [users.by_username(tx, agent) for agent in agents]
        sessions = [await app[SESSIONS].begin(user) for user in known if user]
        load = cls(server, sessions, cases)
        load.took_ms = took_ms
        return load

    async def run(self) -> None:
        """All at once, for some seconds."""
        async with aiohttp.ClientSession(self._server.make_url("/")) as client:
            self._client = client
            pages = [asyncio.create_task(self._page(number)) for number in range(PAGES)]
            await asyncio.sleep(1)
            kinds: list[tuple[str, int, Callable[[], Awaitable[None]]]] = [
                ("edit", EDITS_A_SECOND, self._edit), ("open", 20, self._open), ("noted", 2, self._noted),
                ("list", 20, self._list), ("search", 20, self._search),
            ]  # fmt: skip
            await asyncio.gather(*(self._steadily(*kind) for kind in kinds))
            for page in pages:
                page.cancel()

    async def _steadily(self, kind: str, a_second: int, ask: Callable[[], Awaitable[None]]) -> None:
        """Whether or not the last one is answered: people do not wait for each other."""
        asked = []
        for _ in range(a_second * SECONDS):
            asked.append(asyncio.create_task(ask()))
            await asyncio.sleep(1 / a_second)
        await asyncio.gather(*asked)

    async def _page(self, number: int) -> None:
        """Half of the pages show a list, the others nothing."""
        kind = "watching" if number % 2 else "idle"
        headers = self._headers(number) | {"Origin": str(self._server.make_url("/")).rstrip("/")}
        place = len(self.bytes[kind])
        self.bytes[kind].append(0)
        async with self._client.ws_connect("/live", headers=headers) as live:
            await live.receive()  # the snapshot, which every page gets
            if number % 2:
                watched = list({self._open_number() for _ in range(_WATCHED)})
                await live.send_json({"type": "watch", "cases": watched})
            async for message in live:
                self.bytes[kind][place] += len(message.data)

    async def _edit(self) -> None:
        body = {"change_id": new_id(), "title": f"Edited {self._dice.random()}"}
        await self._ask("POST", f"/api/cases/{self._open_number()}/classify", json=body)

    async def _open(self) -> None:
        await self._ask("GET", f"/api/cases/{self._number()}")

    async def _noted(self) -> None:
        await self._ask("GET", f"/api/cases/{NOTED}")

    async def _list(self) -> None:
        await self._ask("GET", f"/api/cases?{self._dice.choice(_LISTS)}")

    async def _search(self) -> None:
        await self._ask("GET", "/api/cases", params={"q": self._dice.choice(_SEARCHES), "status": "any"})

    async def _ask(self, method: str, path: str, **options: object) -> None:
        headers = self._headers(self._dice.randrange(PAGES))
        headers["Origin"] = str(self._server.make_url("/")).rstrip("/")
        async with self._client.request(method, path, headers=headers, **options) as response:  # type: ignore[arg-type]
            await response.read()
            self.failed += response.status != 200

    def _headers(self, page: int) -> dict[str, str]:
        token, csrf = self._sessions[page]
        return {"Cookie": f"svarklar_session={token}", "X-CSRF-Token": csrf}

    def _open_number(self) -> str:
        return f"C-{self._dice.randint(2, OPEN_OF_ONE):06d}"

    def _number(self) -> str:
        return f"C-{self._dice.randint(1, self._cases):06d}"


def _timed(took_ms: dict[str, list[float]]) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
        began_s = time.perf_counter()
        try:
            return await handler(request)
        finally:
            took_ms[_kind(request)].append((time.perf_counter() - began_s) * 1000)

    return timed


def _kind(request: web.Request) -> str:
    if request.method == "POST":
        return "edit"
    if request.path == "/api/cases":
        return "search" if request.query.get("q") else "list"
    return "noted" if request.path.endswith(NOTED) else "open" if "/cases/" in request.path else "other"


async def _own_calls(bus: MemoryBus) -> None:
    """Somebody owns calls and agents, of which there are none."""
    async for delivery in await bus.subscribe(WISHES):
        if isinstance(wish := delivery.event, SnapshotWanted):
            for answer in (
                CallsSnapshot(at_ms=1, request_id=wish.request_id, calls=()),
                AgentsSnapshot(at_ms=1, request_id=wish.request_id, agents=()),
            ):
                await bus.publish(answer.stream, answer)


def _figures(load: _Load, bare: dict[str, float]) -> list[Figure]:
    def figure(name: str, kind: str, goal_ms: int | None) -> Figure:
        took = load.took_ms[kind]
        p50_ms, p99_ms = percentile(took, 0.5), percentile(took, 0.99)
        goal, met = (f"p99 < {goal_ms} ms", p99_ms < goal_ms) if goal_ms else ("", None)
        return Figure(
            name=f"{name}, p50 / p99 of {len(took)}",
            value=f"{p50_ms:.1f} / {p99_ms:.1f} ms",
            goal=goal,
            met=met,
        )

    watching, idle = (percentile(load.bytes[kind], 0.5) / SECONDS for kind in ("watching", "idle"))
    list_ms, search_ms = (percentile(load.took_ms[kind], 0.5) for kind in ("list", "search"))
    return [
        figure("a case opens", "open", 50),
        figure(f"the case with {NOTES} notes opens", "noted", 50),
        figure("a list", "list", 100),
        figure("a search", "search", 100),
        figure("an edit is written", "edit", None),
        Figure(
            name="a list / a search beside the same queries alone on the database, p50",
            value=f"{list_ms:.1f} / {bare['list']:.1f} ms, {search_ms:.1f} / {bare['search']:.1f} ms",
        ),
        Figure(
            name=f"what a page gets that watches {_WATCHED} cases / that watches none",
            value=f"{watching:.0f} / {idle:.0f} bytes a second",
            goal="none: nothing of others' edits",
            met=idle < _QUIET_BYTES_A_SECOND * 10,
        ),
        Figure(name="requests that failed", value=f"{load.failed}", goal="0", met=load.failed == 0),
    ]
