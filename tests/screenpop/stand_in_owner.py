"""Whoever owns calls and agents, as far as the desk can tell: it answers who asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from cti.bus import Bus, Position
from cti.bus.follow import FollowReport, follow
from domain.agents import AgentsSnapshot, AgentState, SnapshotWanted
from domain.calls import Call, CallsSnapshot
from domain.event import Event
from domain.streams import WISHES


class StandInOwner:
    """Answers with `calls` and `agents`, or not at all where it `is_silent`; `asked` has every question."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.calls: tuple[Call, ...] = ()
        self.agents: tuple[AgentState, ...] = ()
        self.is_silent = False
        self.asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(self, request_id: str = "") -> None:
        """Without a request id: it has begun anew, and says so to everybody."""
        await self.answer_calls(request_id)
        await self.answer_agents(request_id)

    async def answer_calls(self, request_id: str) -> None:
        await self._state(CallsSnapshot(at_ms=1, request_id=request_id, calls=self.calls))

    async def answer_agents(self, request_id: str) -> None:
        await self._state(AgentsSnapshot(at_ms=1, request_id=request_id, agents=self.agents))

    async def hear(self, event: Event, position: Position) -> None:
        if isinstance(event, SnapshotWanted):
            self.asked.put_nowait(event.request_id)
            if not self.is_silent:
                await self.answer(event.request_id)

    async def _state(self, event: Any) -> None:
        await self._bus.publish(event.stream, event)


@asynccontextmanager
async def owning(bus: Bus) -> AsyncIterator[StandInOwner]:
    """Within the block somebody owns calls and agents."""
    owner, report = StandInOwner(bus), FollowReport()
    task = asyncio.create_task(follow(bus, WISHES, owner.hear, report=report))
    await report.connected.wait()
    yield owner
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
