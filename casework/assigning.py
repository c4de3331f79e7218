"""Whoever answers a call works on its case, where nobody does yet."""

from collections.abc import Awaitable, Callable

import structlog

from casework.port import CaseUnit, NotSaved, SavedCase
from cti.bus import Bus, Position
from cti.bus.follow import FollowReport, follow
from domain.agents import SnapshotWanted
from domain.calls import Call, CallChanged, CallsSnapshot
from domain.case_commands import Assign
from domain.clock import now_ms
from domain.event import Event, new_id
from domain.streams import CALLS

log = structlog.get_logger()

_REMEMBERED = 10_000

Save = Callable[[CaseUnit], Awaitable[SavedCase]]


class Assigning:
    """Follows the calls; `run` is to be running. `save` is the casework's: what it cannot write, it keeps."""

    def __init__(self, bus: Bus, save: Save) -> None:
        self._bus, self._save = bus, save
        self._done: dict[str, None] = {}
        self.report = FollowReport()

    async def run(self) -> None:
        """Until cancelled."""
        await follow(self._bus, CALLS, self._hear, after_gap=self._ask, report=self.report)

    async def _hear(self, event: Event, _: Position) -> None:
        match event:
            case CallChanged(call=call):
                await self._take_up(call)
            case CallsSnapshot(calls=calls):
                for call in calls:
                    await self._take_up(call)

    async def _ask(self) -> None:
        wanted = SnapshotWanted(at_ms=now_ms(), request_id=new_id())
        await self._bus.publish(wanted.stream, wanted)

    async def _take_up(self, call: Call) -> None:
        if call.stage != "connected" or not call.agent or not call.case_number:
            return
        # The same for whoever follows: several processes make it happen once.
        change_id = f"answered/{call.call_id}/{call.agent}/{call.case_number}"
        if change_id in self._done:
            return
        self._done[change_id] = None
        if len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]
        assign = Assign(
            change_id=change_id,
            actor="system",
            at_ms=call.marks.get("connected", 0),
            call_id=call.call_id,
            yields=True,
            agent=call.agent,
        )
        unit = CaseUnit(change_id=change_id, number=call.case_number, commands=(assign,))
        try:
            await self._save(unit)
        except NotSaved as error:
            log.warning("assigned_later", case=call.case_number, why=str(error))
