"""Writes facts down before they are folded: in groups, beside the event loop, whatever the database does.

A commit takes milliseconds; what is stated meanwhile goes into the next one together (group commit). A
database that does not answer within `patience_s` holds nobody up: the facts wait here, in their order, are
written as soon as it does, and until then `state` says so. A fact that cannot be written costs itself only.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from cti.bus import Position
from cti.bus.encoding import BadEvent
from cti.bus.pause import GrowingPause
from cti.facts import fact_of
from cti.sifting import is_the_databases, one_by_one
from domain.event import Event
from domain.facts import Fact

log = structlog.get_logger()

_MOST_WAITING = 100_000
_AT_ONCE = 2_000  # after a long wait too, a transaction is to be short: others want to write

Positions = Mapping[str, Position]
"""By stream: up to where the bus has been read for these facts."""
Place = int | None
"""Of a fact in the log; None for one that is there already."""
Append = Callable[[Sequence[Fact], Positions], Sequence[Place]]
"""Writes facts and positions in one transaction; gives each fact's place."""

_NOWHERE = 0  # the place of a fact that could not be written: it is new all the same


@dataclass
class _Group:
    """What one `write` has brought; `was_tried`: a commit seemed to fail, and may have happened."""

    facts: list[Fact]
    positions: Positions
    was_tried: bool = False
    written: asyncio.Future[Sequence[Place]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class FactWriter:
    """The one writer of the log; `run` is to be running beside whoever writes."""

    def __init__(
        self, append: Append, *, node: str, clock: Callable[[], int], patience_s: float = 0.5
    ) -> None:
        self._append = append
        self._node = node
        self._clock = clock
        self._patience_s = patience_s
        self._waiting: deque[_Group] = deque()
        self._facts_waiting = 0
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._problem = ""
        # One thread: facts stand in the log in the order in which they were stated.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="facts")
        self.position = 0
        """The place of the newest fact that was written; 0 before the first."""
        self.lost = 0
        """How many facts could not be written and never will be."""

    @property
    def state(self) -> str:
        """`ok`, or why facts are not on the disk."""
        troubles = [f"{self._facts_waiting} facts wait: {self._problem}"] if self._problem else []
        if self.lost:
            troubles.append(f"{self.lost} facts could not be written down")
        return "; ".join(troubles) or "ok"

    async def write(self, events: Sequence[Event], positions: Positions) -> tuple[bool, ...]:
        """Have the events written down; for each, whether it is new. Durable when this returns.

        But where the database has failed or takes longer than `patience_s`: then all count as new, and are
        durable later. An event that is no fact as it stands counts as new and is lost.
        """
        facts = [self._fact(event) for event in events]
        good = [fact for fact in facts if fact]
        if not good and not positions:
            return (True,) * len(events)
        places = iter(await self._places(self._put(good, positions)))
        return tuple(fact is None or next(places) is not None for fact in facts)

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        pause, loop = GrowingPause(), asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            groups = self._next_groups()
            facts = [fact for group in groups for fact in group.facts]
            positions = {stream: at for group in groups for stream, at in group.positions.items()}
            try:
                places = await loop.run_in_executor(self._thread, self._append_or_sift, facts, positions)
            except Exception as error:
                for group in groups:
                    group.was_tried = True
                self._has_failed(str(error) or repr(error))
                await pause.wait()
                continue
            pause.succeeded()
            self._has_written(groups, places)

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        await self._idle.wait()

    def close(self) -> None:
        """Let go of the thread; a commit under way ends by itself."""
        self._thread.shutdown(wait=False)

    def _put(self, facts: list[Fact], positions: Positions) -> _Group:
        group = _Group(facts, positions)
        self._waiting.append(group)
        self._facts_waiting += len(facts)
        self._idle.clear()
        self._filled.set()
        while self._facts_waiting > _MOST_WAITING:
            oldest = self._take_oldest()
            self._lose(len(oldest.facts), reason="too many wait")
        return group

    async def _places(self, group: _Group) -> Sequence[Place]:
        """As soon as they are known; where that takes too long, each fact counts as new."""
        if not self._problem:
            try:
                async with asyncio.timeout(self._patience_s):
                    # What runs out is our patience; the facts are still to be written.
                    return await asyncio.shield(group.written)
            except TimeoutError:
                self._has_failed(self._problem or "the database does not answer")
        return (_NOWHERE,) * len(group.facts)

    def _next_groups(self) -> list[_Group]:
        groups: list[_Group] = []
        facts = 0
        for group in self._waiting:
            facts += len(group.facts)
            if groups and facts > _AT_ONCE:
                break
            groups.append(group)
        return groups

    def _append_or_sift(self, facts: Sequence[Fact], positions: Positions) -> Sequence[Place]:
        """In the thread."""
        try:
            return self._append(facts, positions)
        except Exception as error:
            if is_the_databases(error):
                raise
            places, bad = one_by_one(facts, lambda fact: self._append(fact, {})[0])
            # The positions all the same: what cannot be written would be read again at every start.
            self._append((), positions)
            self._lose(len(bad), reason=repr(error), kinds=sorted({fact.kind for fact in bad}))
            return [places.get(index, _NOWHERE) for index in range(len(facts))]

    def _has_written(self, groups: Sequence[_Group], places: Sequence[Place]) -> None:
        self.position = max((place for place in places if place), default=self.position)
        start = 0
        for group in groups:
            own = places[start : start + len(group.facts)]
            start += len(group.facts)
            if not group.written.done():
                # What is there already may have come there by our own commit that seemed to fail.
                group.written.set_result((_NOWHERE,) * len(own) if group.was_tried else own)
            # It may have been given up meanwhile because too many waited.
            if self._waiting and self._waiting[0] is group:
                self._take_oldest()
        if not self._waiting:
            self._filled.clear()
            self._idle.set()
            if self._problem:
                log.info("facts_written_at_last")
            self._problem = ""

    def _take_oldest(self) -> _Group:
        group = self._waiting.popleft()
        self._facts_waiting -= len(group.facts)
        return group

    def _has_failed(self, why: str) -> None:
        if not self._problem:
            log.error("facts_not_written_yet", why=why)
        self._problem = why

    def _lose(self, facts: int, **why: object) -> None:
        self.lost += facts
        log.error("facts_lost", facts=facts, **why)

    def _fact(self, event: Event) -> Fact | None:
        """None for an event that could not be read again."""
        try:
            return fact_of(event, node=self._node, received_ms=self._clock())
        except BadEvent as error:
            self._lose(1, reason=str(error), event_id=event.event_id)
            return None
