"""What every live page shows, and the numbered changes that lead there.

A page gets the snapshot, then each change once, in order; the cursor is the number of the last change.
Within one epoch a page that was away gets what it missed, from a ring of the latest changes; outside it
(a restart, an answer of the owner) a new snapshot. Frames are built once, for all pages. No I/O, no clock.
"""

import secrets
from collections import deque
from dataclasses import dataclass

from cti.bus.deduplicator import Deduplicator
from domain.agents import AgentsSnapshot, AgentState, PresenceChanged
from domain.calls import ENDED_KNOWN_S, Call, CallChanged, CallsSnapshot
from domain.dialogue import PartialHeard
from domain.event import Event
from domain.users import Person
from screenpop.desk.frames import (
    CallFrame,
    Encoded,
    PartialFrame,
    PendingOffer,
    PeopleFrame,
    PresenceFrame,
    ResumedFrame,
    SnapshotFrame,
    encode,
)
from screenpop.server.encode import to_json

ENDED_KEPT_MS = int(ENDED_KNOWN_S * 1000)


@dataclass(frozen=True)
class _Held:
    """A call's JSON; `ended_ms` is None while it lives. `listens_from_ms`: words so far that are older have
    been understood; None where the voice response listens no more.
    """

    sip_call_id: str
    json: Encoded[Call]
    ended_ms: int | None
    listens_from_ms: int | None


class LiveState:
    """Calls and agents as they are now, and the latest `kept` changes."""

    def __init__(self, kept: int = 256) -> None:
        self._calls: dict[str, _Held] = {}
        self._agents: dict[str, AgentState] = {}
        self._people: tuple[Person, ...] = ()
        self._changes: deque[bytes] = deque(maxlen=kept)
        self._deduplicator = Deduplicator()
        self.epoch = ""
        self.cursor = 0
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Changes may be missing: whoever comes back with an older epoch gets a snapshot."""
        self.epoch = secrets.token_hex(8)
        self._changes.clear()

    def replace(self, half: CallsSnapshot | AgentsSnapshot) -> None:
        """What the owner says is so, in place of what is known; pages learn of it in the next epoch."""
        if isinstance(half, CallsSnapshot):
            self._calls = {call.call_id: _held(call, half.at_ms) for call in half.calls}
        else:
            self._agents = {agent.username: agent for agent in half.agents}

    def apply(self, event: Event) -> bytes | None:
        """The frame for every page; None where the event changes nothing (not ours, or seen before)."""
        if not isinstance(event, CallChanged | PresenceChanged) or not self._deduplicator.first_time(event):
            return None
        self.cursor += 1
        if isinstance(event, CallChanged):
            held = self._calls[event.call.call_id] = _held(event.call, event.at_ms)
            self._forget_ended(event.at_ms)
            frame = encode(CallFrame(cursor=self.cursor, call=held.json))
        else:
            self._agents[event.agent.username] = event.agent
            frame = encode(PresenceFrame(cursor=self.cursor, agent=event.agent))
        self._changes.append(frame)
        return frame

    def begin_with(self, people: tuple[Person, ...]) -> None:
        """Who there is at the start, before any page."""
        self._people = people

    def know_people(self, people: tuple[Person, ...]) -> bytes | None:
        """The frame for every page; None where nothing has changed."""
        if people == self._people:
            return None
        self._people = people
        self.cursor += 1
        frame = encode(PeopleFrame(cursor=self.cursor, people=people))
        self._changes.append(frame)
        return frame

    def partial(self, event: PartialHeard) -> bytes | None:
        """The frame of the words so far; None where the caller has been understood meanwhile."""
        held = self._calls.get(event.call_id)
        if held is None or held.listens_from_ms is None or event.at_ms < held.listens_from_ms:
            return None
        return encode(PartialFrame(call_id=event.call_id, text=event.text))

    def call_json(self, sip_call_id: str) -> str | None:
        """The newest call with this Call-ID of the caller's phone, where it is on screen."""
        # A phone may use its Call-ID again.
        newest_first = reversed(self._calls.values())
        return next((held.json for held in newest_first if held.sip_call_id == sip_call_id), None)

    def agent(self, username: str) -> AgentState:
        """An agent as known; away until somebody says otherwise."""
        return self._agents.get(username) or AgentState(username=username)

    def agents(self) -> tuple[AgentState, ...]:
        return tuple(self._agents.values())

    def missed(self, epoch: str, after: int) -> tuple[bytes, ...] | None:
        """The changes after that cursor; None where only a snapshot will do."""
        count = self.cursor - after
        # A cursor ahead of ours is of another life of this server, whatever its epoch says.
        if epoch != self.epoch or not 0 <= count <= len(self._changes):
            return None
        return tuple(self._changes)[len(self._changes) - count :]

    def snapshot(self, username: str, offers: tuple[PendingOffer, ...], now_ms: int) -> bytes:
        """Everything, as the page of this user sees it."""
        self._forget_ended(now_ms)
        snapshot = SnapshotFrame(
            epoch=self.epoch,
            cursor=self.cursor,
            me=self.agent(username),
            people=self._people,
            agents=self.agents(),
            calls=tuple(held.json for held in self._calls.values()),
            offers=offers,
        )
        return encode(snapshot)

    def resumed(self, after: int, offers: tuple[PendingOffer, ...]) -> bytes:
        """What precedes the missed changes."""
        return encode(ResumedFrame(epoch=self.epoch, cursor=after, offers=offers))

    def _forget_ended(self, now_ms: int) -> None:
        self._calls = {
            call_id: held
            for call_id, held in self._calls.items()
            if held.ended_ms is None or held.ended_ms > now_ms - ENDED_KEPT_MS
        }


def _held(call: Call, at_ms: int) -> _Held:
    return _Held(
        sip_call_id=call.sip_call_id,
        json=Encoded(to_json(call)),
        ended_ms=call.marks.get("ended", at_ms) if call.stage == "ended" else None,
        listens_from_ms=call.marks.get("heard", 0) if call.stage == "ivr" else None,
    )
