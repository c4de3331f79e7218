"""The bridge: the one owner of what calls and agents are.

    Asterisk ─┐
    dialogues ├─> inbox ─> facts written down ─> step ─> effects: publish, save, tell the queue, wake later
    pages    ─┘

One task takes what waits, in its order, as a group: it is written down first, then folded, then its effects
are carried out. What may take its time (the database, Asterisk's answers) runs beside it and comes back
through the same inbox. Whoever shows calls and agents asks with `SnapshotWanted`, and is answered on their
streams.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from cti.agent_events import AgentEvent, MemberSeen, PhoneChanged, PhonesListed, QueueKnown, WrapupOver
from cti.announcer import Announcer
from cti.asterisk.ami import Ami
from cti.asterisk.ami_events import AmiMessage, translate
from cti.bus import NOW, Bus, Position
from cti.bus.deduplicator import Deduplicator
from cti.bus.follow import FollowReport, follow, troubles_of
from cti.call_store import KeepsCalls, Recovered
from cti.effects import Effect, ForgetLater, Publish, Report, Save, TellQueue, WakeAfterWrapup
from cti.fact_writer import FactWriter, Positions
from cti.facts import is_fact, is_promise
from cti.inbox import Inbox
from cti.nodes import Nodes
from cti.owner import Entry, Forget, Owner
from cti.projection import CallProjection
from cti.questions import Timer
from cti.queue_members import QueueMembers
from cti.recall import Recall, Recalled
from cti.resync import DeadlinePassed, Listed, QueueListed, Seen
from cti.work import Work
from domain.agents import SnapshotWanted
from domain.calls import ENDED_KNOWN_S, Call
from domain.clock import now_ms
from domain.desks import DeskBook
from domain.event import MAIN_NODE, Event
from domain.streams import CASES, DIALOGUE, OFFERS, WISHES

log = structlog.get_logger()

FOLLOWED = (DIALOGUE, CASES, OFFERS, WISHES)

_INBOX = 10_000
_AT_ONCE = 100  # a group's folding holds up the event loop
_CONNECT_S, _DRAIN_S = 5.0, 5.0


@dataclass(frozen=True)
class _Heard:
    """An event, and up to where its stream was read with it."""

    event: Event
    stream: str
    position: Position


_Item = _Heard | AmiMessage | DeadlinePassed | AgentEvent | Forget | Recalled


class Bridge:
    """Owns the living calls and the agents' presence, from `start` to `close`.

    `recovered` is what lived when the program last ended. Asterisk may be away: calls go on by what the
    dialogues say; so may the database: facts and calls are written when it is back.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        ami: Ami,
        store: KeepsCalls,
        queue: str,
        wrapup_s: float,
        node: str = MAIN_NODE,
        others: Mapping[str, Ami] | None = None,
        desks: Callable[[], DeskBook] = DeskBook,
        recovered: Recovered | None = None,
        clock: Callable[[], int] = now_ms,
        timer: Timer | None = None,
        patience_s: float = 0.5,
        outbox: int = 10_000,
    ) -> None:
        """`others`: connections to further nodes. `queue` and `wrapup_s` hold where there are no desks.

        `patience_s`: how long an event may wait until it is written; `outbox`: how many for the bus.
        """
        self._bus, self._store = bus, store
        self._amis = {node: ami, **(others or {})}
        self._wrapup_ms = round(wrapup_s * 1000)
        self._desks = desks
        self._clock = clock
        self._timer = timer or (lambda s, then: asyncio.get_running_loop().call_later(s, then))
        self._recovered = recovered or Recovered()
        self._owner = Owner(self._recovered.calls, clock, self._wrapup_after)
        self._inbox: Inbox[_Item] = Inbox(_INBOX)
        self._facts = FactWriter(store.append, node=node, clock=clock, patience_s=patience_s)
        self._projection = CallProjection(store.save)
        self._recall = Recall(store.load, self._projection.unsaved, self._inbox.post)
        self._announcer = Announcer(bus, outbox, self._timer, self._tell_everything)
        self._nodes = Nodes(self._amis, self._timer, self._inbox.post)
        self._members = QueueMembers(self._nodes, queue, self._inbox.post)
        self._deduplicator = Deduplicator()
        self._reports = {stream: FollowReport() for stream in FOLLOWED}
        self._hearing, self._work, self._is_closed = Work(), Work(), False

    def state(self) -> dict[str, str]:
        """How its parts stand, for the health page: `ok`, or what is wrong."""
        troubles = troubles_of(self._reports)
        if gaps := sum(report.gaps_lately for report in self._reports.values()):
            troubles.append(f"events were missed {gaps} times")
        parts = (self._hearing.state, self._work.state, self._announcer.state, self._recall.state)
        return {
            "bridge": "; ".join([*(state for state in parts if state != "ok"), *troubles]) or "ok",
            "facts": self._facts.state,
            "calls": self._projection.state,
        }

    async def start(self) -> None:
        """Listen and work from now on; what is published from here on is heard."""
        self._take_up()
        self._work.start("facts", self._facts.run)
        self._work.start("calls", self._projection.run)
        self._work.start("late news", self._recall.run)
        self._work.start("queue members", self._members.run)
        self._work.start("bus", self._announcer.run)
        self._work.start("bridge", self._work_off)
        for stream in FOLLOWED:
            self._hearing.start(stream, partial(self._follow, stream))
        with contextlib.suppress(TimeoutError):  # a bus that is away shows in health
            async with asyncio.timeout(_CONNECT_S):
                for report in self._reports.values():
                    await report.connected.wait()
        self._tell_everything()  # pages that were there before us take this as the truth; the others ask
        # Last: Asterisk's list judges the calls that have been taken up.
        for node, ami in self._amis.items():
            self._hearing.start(f"asterisk {node}", partial(self._hear_asterisk, node, ami))

    def _take_up(self) -> None:
        """What lived when the program last ended, before anything new."""
        self._projection.put(self._recovered.calls, self._recovered.place)
        for call in self._recovered.calls:
            if call.stage == "ended":
                self._carry_out(ForgetLater(call.call_id))
        for event in self._recovered.facts:
            self._inbox.post(_Heard(event, event.stream, ""))

    def tell(self, news: AgentEvent) -> None:
        """What is known of an agent from elsewhere: which queues they serve."""
        self._inbox.post(news)

    async def close(self) -> None:
        """Stop, after what was heard is worked off and written (or 5 s have passed)."""
        if self._is_closed:
            return
        self._is_closed = True
        # Nothing new comes in from here on, so there is an end to what is worked off.
        await self._hearing.close()
        await self._nodes.close()
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._inbox.worked_off()
                await self._facts.drained()
                await self._projection.drained()
                await self._announcer.drained()
        except Exception as error:
            log.error("bridge_closed_early", error=repr(error), **self.state())
        await self._work.close()
        for part in (self._facts, self._projection, self._recall):
            part.close()

    # --- what comes in ------------------------------------------------------------------------

    async def _follow(self, stream: str) -> None:
        # A bus in memory has begun anew with us: what it gave before means nothing to it.
        after = self._recovered.positions.get(stream, NOW) if self._bus.outlives_us else NOW

        async def hear(event: Event, position: Position) -> None:
            if self._deduplicator.first_time(event):
                await self._inbox.put(_Heard(event, stream, position))

        report = self._reports[stream]
        # Where the follower has died and is begun again, it goes on from where it stood.
        after_gap = self._take_up_cases if stream == CASES else None
        await follow(
            self._bus, stream, hear, after=report.position or after, after_gap=after_gap, report=report
        )

    async def _take_up_cases(self) -> None:
        """What the bus has lost of cases stands in the log."""
        for event in await asyncio.to_thread(self._store.untold_cases):
            await self._inbox.put(_Heard(event, CASES, ""))

    async def _hear_asterisk(self, node: str, ami: Ami) -> None:
        async for message in ami.messages():
            await self._inbox.put(message if message.node == node else replace(message, node=node))
        await asyncio.Event().wait()  # the connection was closed for good: so are we, in a moment

    async def _work_off(self) -> None:
        while True:
            group = await self._inbox.take(_AT_ONCE)
            try:
                await self._take_in(group)
            finally:
                # Also what failed is done with: `close` waits for this count.
                self._inbox.done(len(group))
            await asyncio.sleep(0)  # where nothing was to be written, nothing has let others in between

    async def _take_in(self, group: Sequence[_Item]) -> None:
        """Written down, folded, carried out."""
        entries = [entry for item in group for entry in self._entries(item)]
        stated = [entry for entry in entries if isinstance(entry, Event) and is_fact(entry)]
        is_new = await self._facts.write(stated, self._read_up_to(group))
        # What the log has already was folded before, perhaps before the program was started anew.
        known = {id(event) for event, new in zip(stated, is_new, strict=True) if not new}
        effects = [effect for entry in entries if id(entry) not in known for effect in self._fold(entry)]
        # Calls are made of the facts above; what is said of agents follows from no fact, so it is one itself.
        promises = [e.event for e in effects if isinstance(e, Publish) and is_promise(e.event)]
        await self._facts.write(promises, {})
        self._projection.put([e.call for e in effects if isinstance(e, Save)], self._facts.position)
        for effect in effects:
            self._carry_out(effect)

    def _read_up_to(self, group: Sequence[_Item]) -> Positions:
        """How far each stream was read; worth keeping only where the bus outlives us."""
        if not self._bus.outlives_us:
            return {}
        return {item.stream: item.position for item in group if isinstance(item, _Heard) and item.position}

    def _entries(self, item: _Item) -> Iterable[Entry | Recalled]:
        try:
            match item:
                case _Heard():
                    return (item.event,)
                case DeadlinePassed():
                    return self._compare(item)
                case AmiMessage():
                    event = translate(item)
                    return *self._compare(item), *((event,) if event else ())
            return (item,)
        except Exception:
            # It costs itself only: the rest of the group is other people's calls.
            log.exception("not_understood", item=type(item).__name__)
            return ()

    def _compare(self, event: AmiMessage | DeadlinePassed) -> list[Entry]:
        """What Asterisk's lists say, after each login."""
        entries: list[Entry] = []
        for effect in self._nodes.compare(event, self._clock()):
            match effect:
                case Seen(member):
                    entries.append(MemberSeen(member, wrapup_ms=self._wrapup_ms))
                case QueueListed():
                    entries.append(QueueKnown())
                case Listed(entry) | (PhoneChanged() | PhonesListed() as entry):
                    entries.append(entry)
        return entries

    # --- what follows from it -----------------------------------------------------------------

    def _fold(self, entry: Entry | Recalled) -> Sequence[Effect]:
        try:
            if isinstance(entry, Recalled):
                return self._owner.fold_late(self._recall.take(entry.call_id), entry.call)
            if isinstance(entry, Event) and self._owner.has_forgotten(entry):
                self._recall.wait(entry)
                return ()
            return self._owner.fold(entry)
        except Exception:
            log.exception("not_folded", kind=type(entry).__name__)
            return ()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Publish(event):
                self._announcer.publish(event)
            case TellQueue():
                self._members.tell(effect)
            case WakeAfterWrapup(agent, since_ms, after_s):
                self._timer(after_s, lambda: self._inbox.post(WrapupOver(agent, since_ms)))
            case ForgetLater(call_id):
                self._timer(ENDED_KNOWN_S, lambda: self._inbox.post(Forget(call_id)))
            case Report(reason):
                log.warning("event_unexpected", reason=reason)

    def _wrapup_after(self, call: Call) -> int:
        return self._desks().wrapup_ms(call.desk, call.queue, self._wrapup_ms)

    def _tell_everything(self) -> None:
        self._inbox.post(_Heard(SnapshotWanted(at_ms=self._clock(), request_id=""), WISHES, ""))
