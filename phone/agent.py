"""An agent without hands: logs in at the desk, paints what it is offered, answers a desk phone.

It is an ordinary client of the desk's pages and of Asterisk: what it can do, an agent can do.
"""

import asyncio
import contextlib
from typing import Any

import aiohttp
import structlog

from phone.call import PhoneCall
from phone.user_agent import UserAgent

log = structlog.get_logger()

_ANSWER_S = 10


class DeskRefused(Exception):
    """The desk did not let the agent in."""


class AgentPhone:
    """One agent at a desk phone."""

    def __init__(
        self, username: str, password: str, web: str, sip: tuple[str, int], sip_password: str
    ) -> None:
        self.username = username
        self.paints = True  # False leaves it to a browser that is logged in beside
        self.calls: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._password = password
        self._web = web
        self._phone = UserAgent(f"{username}-phone", sip, sip_password, on_invite=self._ring)
        self._session: aiohttp.ClientSession | None = None
        self._presences: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def log_in(self) -> bool:
        """Open the desk; whether a colleague is ready for calls. Raises DeskRefused."""
        self._session = aiohttp.ClientSession(
            # The desk wants its own origin named; to aiohttp the cookies of an IP address are "unsafe".
            headers={"Origin": self._web},
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        )
        login = {"username": self.username, "password": self._password}
        async with self._session.post(f"{self._web}/api/login", json=login) as response:
            if response.status != 200:
                raise DeskRefused(f"login of {self.username}: {response.status}")
        self._live = await self._session.ws_connect(
            f"{self._web.replace('http', 'ws', 1)}/live", heartbeat=20
        )
        snapshot = await self._live.receive_json(timeout=_ANSWER_S)
        return any(
            agent["presence"] in ("ready", "talking") and agent["username"] != self.username
            for agent in snapshot["agents"]
        )

    async def be_ready(self) -> None:
        """Register the phone and take calls from now on. Raises CallFailed, TimeoutError."""
        await self._phone.open()
        await self._phone.register()
        self._begin(self._desk(self._live))
        await self._become("ready")

    async def close(self) -> None:
        """Go home: no calls any more, then log out."""
        if self._tasks:
            # A server that has gone already takes no wishes.
            with contextlib.suppress(TimeoutError, ConnectionError):
                await self._become("away")
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._session:
            await self._session.close()
        await self._phone.close()

    def _ring(self, call: PhoneCall) -> None:
        self._begin(self._take(call))

    async def _take(self, call: PhoneCall) -> None:
        await call.answer()
        self.calls.put_nowait(call)

    async def _become(self, presence: str) -> None:
        """Wish for a presence and wait until the desk says so. Raises TimeoutError."""
        wish = {"type": "presence", "presence": presence, "reason": "", "phone": "phone"}
        await self._live.send_json(wish)
        async with asyncio.timeout(_ANSWER_S):
            while await self._presences.get() != presence:
                pass

    async def _desk(self, live: aiohttp.ClientWebSocketResponse) -> None:
        async for message in live:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said: dict[str, Any] = message.json()
            if said["type"] == "presence" and said["agent"]["username"] == self.username:
                self._presences.put_nowait(said["agent"]["presence"])
            elif said["type"] == "offer" and self.paints:
                await live.send_json({"type": "painted", "offer_id": said["offer_id"]})
            elif said["type"] == "error":
                log.warning("desk_error", code=said.get("code"), message=said.get("message"))

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
