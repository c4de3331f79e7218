"""The desk as a supervisor watches it: every call the moment it changes, over restarts of the server."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import aiohttp
from installation import Installation

CallJson = dict[str, Any]


class DeskView:
    """`async with DeskView(system) as desk`; calls are told apart by their SIP Call-ID.

    A call is seen with its `case`, which the desk tells of apart; None while there is none.
    """

    def __init__(self, system: Installation, username: str = "sofia") -> None:
        self._house, self._username = system, username
        self._calls: dict[str, CallJson] = {}
        self._cases: dict[str, dict[str, Any]] = {}
        self._partials: dict[str, str] = {}
        self._changed = asyncio.Condition()
        self.errors: list[str] = []
        self.presences: dict[str, str] = {}

    async def __aenter__(self) -> "DeskView":
        self._session = aiohttp.ClientSession(
            headers={"Origin": self._house.web}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        )
        login = {"username": self._username, "password": self._house.secrets.demo[self._username]}
        async with self._session.post(f"{self._house.web}/api/login", json=login) as response:
            assert response.status == 200, await response.text()
        self._open = asyncio.Event()
        self._following = asyncio.create_task(self._follow())
        await asyncio.wait_for(self._open.wait(), 15)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._following
        await self._session.close()

    async def until(
        self, sip_call_id: str, condition: Callable[[CallJson], Any], timeout_s: float = 60.0
    ) -> CallJson:
        """The call once it fulfils this; the timeout only bounds a failure."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(
                    lambda: sip_call_id in self._calls and condition(self._seen(sip_call_id))
                )
        except TimeoutError:
            seen = self._calls.get(sip_call_id)
            raise AssertionError(f"never came; the call was last seen as {seen}") from None
        return self._seen(sip_call_id)

    async def reaches(self, sip_call_id: str, step: str, timeout_s: float = 60.0) -> CallJson:
        """The call once this step of the timeline has happened, with its case, which is told after it."""
        return await self.until(
            sip_call_id,
            lambda call: step in call["marks"] and bool(call["case"]) == bool(call["case_number"]),
            timeout_s,
        )

    async def hears(self, sip_call_id: str, word: str) -> None:
        """Wait until the word is among those so far, while the caller still talks."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: word in self._partial(sip_call_id))

    async def becomes(self, agent: str, presence: str) -> None:
        """Wait until this agent is so."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self.presences.get(agent) == presence)

    async def caller(self, call_id: str) -> dict[str, Any]:
        """Who calls, with their cases and calls."""
        async with self._session.get(f"{self._house.web}/api/calls/{call_id}/caller") as response:
            assert response.status == 200, await response.text()
            card: dict[str, Any] = await response.json()
            return card

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self._session.ws_connect(f"{self._house.web}/live") as live:
                    async for message in live:
                        async with self._changed:
                            self._take(message.json())
                            self._changed.notify_all()
                        self._open.set()
            await asyncio.sleep(0.1)

    def _seen(self, sip_call_id: str) -> CallJson:
        call = self._calls[sip_call_id]
        return {**call, "case": self._cases.get(call["case_number"])}

    def _partial(self, sip_call_id: str) -> str:
        return self._partials.get(self._calls.get(sip_call_id, {}).get("call_id", ""), "")

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "partial":
            self._partials[frame["call_id"]] = frame["text"]
        for call in frame.get("calls", []) if frame["type"] == "snapshot" else [frame.get("call")]:
            if call:
                self._calls[call["sip_call_id"]] = call
        for case in frame.get("cases", []) if frame["type"] == "snapshot" else [frame.get("case")]:
            if case:
                self._cases[case["number"]] = case
        for agent in frame.get("agents", []) if frame["type"] == "snapshot" else [frame.get("agent")]:
            if agent:
                self.presences[agent["username"]] = agent["presence"]
