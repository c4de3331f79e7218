"""A person's browser, as far as the server can tell: cookies, CSRF token, live connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from yarl import URL

API_TOKEN = "api token of the test"
PASSWORD = "correct horse battery staple"


class Live:
    """A page's live connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = await asyncio.wait_for(self.socket.receive_json(), 10)
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        while (frame := await self.next())["type"] != kind:
            pass
        return frame

    async def say(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def closed(self) -> int | None:
        """The close code, once the server has closed."""
        async with asyncio.timeout(10):
            async for _ in self.socket:
                pass
        return self.socket.close_code


class Browser:
    """One browser of one user."""

    def __init__(self, root: URL) -> None:
        self.root = root
        self.origin = str(root.origin())
        self.csrf = ""
        self.session = aiohttp.ClientSession(root, cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._lives: list[Live] = []

    async def login(self, username: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        response = await self.post("/api/login", json={"username": username, "password": password})
        if response.status == 200:
            self.csrf = (await response.json())["csrf"]
        return response

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        response = await self.session.get(path, **options)
        await response.read()
        return response

    async def post(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.change("POST", path, **options)

    async def change(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        headers = {"Origin": self.origin, "X-CSRF-Token": self.csrf} | options.pop("headers", {})
        response = await self.session.request(method, path, headers=headers, **options)
        await response.read()
        return response

    async def live(self, **query: Any) -> Live:
        socket = await self.session.ws_connect("/live", params=query, origin=self.origin)
        self._lives.append(Live(socket))
        return self._lives[-1]

    async def close(self) -> None:
        await asyncio.gather(*(live.socket.close() for live in self._lives))
        await self.session.close()


Serve = Callable[..., Awaitable[TestServer]]
Enter = Callable[..., Awaitable[Browser]]
