"""The bridge: what Asterisk, the dialogues and the pages say → one queue → step → the effects.

One task takes everything in its order and waits for nothing slower than the bus. What may take
its time (the database, Asterisk's answers) runs beside it and comes back through the same queue.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from cti.agents import Agents, Timer, WishAnswered, WrapupOver
from cti.asterisk.ami import Ami, AmiDown, AmiRefused
from cti.asterisk.ami_events import AmiMessage, resynced, translate
from cti.bus import Bus, Position
from cti.bus.deduplicator import Deduplicator
from cti.bus.follow import FollowReport, follow
from cti.calls import Publish, Report, Save, step
from cti.projection import Saver
from domain.events import (
    CALLS,
    DESK,
    REQUESTS,
    CallChanged,
    CallEvent,
    Event,
    PresenceChanged,
    PresenceRequested,
    now_ms,
)
from domain.records import Call

log = structlog.get_logger()

_INBOX = 10_000
_MOST_CALLS = 10_000
_FORGET_S = 60.0
_DRAIN_S = 5.0


@dataclass(frozen=True)
class _Forget:
    """An ended call was kept long enough."""

    call_id: str


class Bridge:
    """Keeps the living calls and the agents' presence, from `start` to `close`.

    `save` writes a call to the database: it runs in a thread and may raise. `calls` are those that
    lived when the program last ended. Asterisk may be away: calls go on by what the dialogues say.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        ami: Ami,
        save: Callable[[Call], None],
        queue: str,
        wrapup_s: float,
        calls: Iterable[Call] = (),
        clock: Callable[[], int] = now_ms,
        timer: Timer | None = None,
    ) -> None:
        self._bus = bus
        self._ami = ami
        self._queue = queue
        self._clock = clock
        self._timer = timer or (lambda s, then: asyncio.get_running_loop().call_later(s, then))
        self._calls = {call.call_id: call for call in calls}
        self._inbox: asyncio.Queue[Any] = asyncio.Queue(_INBOX)
        self._own: asyncio.Queue[Any] = asyncio.Queue()
        self._agents = Agents(
            ami=ami,
            queue=queue,
            wrapup_s=wrapup_s,
            clock=clock,
            timer=self._timer,
            post=self._own.put_nowait,
        )
        self._saver = Saver(save)
        self._deduplicator = Deduplicator()
        self._channels: list[AmiMessage] = []
        self._asked_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def calls(self) -> tuple[Call, ...]:
        """The calls that live, and those that ended within the last minute."""
        return tuple(self._calls.values())

    def presences(self) -> tuple[PresenceChanged, ...]:
        """What Asterisk's queue has agreed to, agent by agent."""
        return self._agents.agreed()

    async def start(self) -> None:
        """Listen and work from now on."""
        for call in self._calls.values():
            self._own.put_nowait(CallChanged(at_ms=self._clock(), call=call))
        for stream in (CALLS, REQUESTS):
            report = FollowReport()
            self._begin(follow(self._bus, stream, self._hear, report=report))
            await report.connected.wait()
        for source in (self._ami.messages(), _items(self._own)):
            self._begin(self._take_in(source))
        for work in (self._consume(), self._saver.run(), self._agents.run()):
            self._begin(work)

    async def close(self) -> None:
        """Stop, after what waits for the database was written (or 5 s have passed)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._saver.drained()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hear(self, event: Event, position: Position) -> None:
        if self._deduplicator.first_time(event):
            await self._inbox.put(event)

    async def _take_in(self, source: AsyncIterator[Any]) -> None:
        async for item in source:
            await self._inbox.put(item)

    async def _consume(self) -> None:
        while True:
            item = await self._inbox.get()
            try:
                await self._handle(item)
            except Exception:
                log.exception("bridge_failed", item=type(item).__name__)

    async def _handle(self, item: object) -> None:
        match item:
            case AmiMessage():
                await self._asterisk_says(item)
            case CallEvent():
                await self._fold(item, self._calls.get(item.call_id))
            case PresenceRequested():
                self._agents.request(item)
            case WishAnswered():
                await self._show(self._agents.wish_answered(item))
            case WrapupOver():
                self._agents.wrapup_over(item)
            case CallChanged():
                await self._show(item)
            case _Forget():
                self._calls.pop(item.call_id, None)

    async def _asterisk_says(self, message: AmiMessage) -> None:
        """After each login Asterisk is asked for its queue, then for its channels."""
        match message.event:
            case "FullyBooted":
                self._begin(self._ask({"Action": "QueueStatus", "Queue": self._queue}))
            case "QueueMember":
                await self._show(self._agents.adopt(message, self._is_talking))
            case "QueueStatusComplete":
                self._agents.want_all_again()
                self._channels, self._asked_ms = [], self._clock()
                self._begin(self._ask({"Action": "CoreShowChannels"}))
            case "CoreShowChannel":
                self._channels.append(message)
            case "CoreShowChannelsComplete":
                everything = resynced(self._channels, self._asked_ms)
                for call in self.calls():
                    await self._fold(everything, call)
            case _:
                event = translate(message)
                if event is not None:
                    await self._fold(event, self._calls.get(event.call_id))

    async def _ask(self, action: dict[str, str]) -> None:
        try:
            await self._ami.send(action)
        except (AmiDown, AmiRefused) as error:
            log.warning("asterisk_not_asked", action=action["Action"], error=str(error))

    async def _fold(self, event: Event, before: Call | None) -> None:
        after, effects = step(before, event, self._clock())
        if after is not None and after is not before:
            self._keep(after)
            self._tell_agents(before, after)
        for effect in effects:
            match effect:
                case Publish():
                    await self._bus.publish(effect.stream, effect.event)
                case Save():
                    self._saver.put(effect.call)
                case Report():
                    log.warning("event_unexpected", call=before and before.call_id, reason=effect.reason)

    def _keep(self, call: Call) -> None:
        if (
            call.stage == "ended"
            and call.call_id in self._calls
            and self._calls[call.call_id].stage != "ended"
        ):
            self._timer(_FORGET_S, lambda: self._own.put_nowait(_Forget(call.call_id)))
        self._calls[call.call_id] = call
        if len(self._calls) > _MOST_CALLS:
            oldest = next(iter(self._calls))
            log.error("too_many_calls", forgotten=oldest)
            del self._calls[oldest]

    def _tell_agents(self, before: Call | None, after: Call) -> None:
        if after.agent is None or (before is not None and before.stage == after.stage):
            return
        if after.stage == "connected":
            self._agents.talk_started(after.agent)
        elif after.stage == "ended":
            self._agents.talk_ended(after.agent)

    def _is_talking(self, agent: str) -> bool:
        return any(call.stage == "connected" and call.agent == agent for call in self._calls.values())

    async def _show(self, event: Event | None) -> None:
        if event is not None:
            await self._bus.publish(DESK, event)


async def _items(queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while True:
        yield await queue.get()
