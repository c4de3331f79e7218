"""What every live page shows, and the numbered changes that lead there.

A page gets the snapshot, then each change once, in order; the cursor is the number of the last change.
Within one epoch a page that was away gets what it missed, from a ring of the latest changes; outside it
(a restart, an answer of the owner) a new snapshot. Frames are built once, for all pages. No I/O, no clock.

The case of a call is shown to everybody with the call, and its changes are numbered like the call's. Other
cases are held as well, for pages that watch them and for the next offer: their changes have no number, for a
page that comes back says anew what it watches.
"""

import secrets
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from cti.bus.deduplicator import Deduplicator
from domain.agents import AgentsSnapshot, AgentState, PresenceChanged
from domain.calls import ENDED_KNOWN_S, Call, CallChanged, CallsSnapshot
from domain.cases import CaseSummary
from domain.dialogue import PartialHeard
from domain.event import Event
from domain.users import Person
from screenpop.desk.caller_cards import CallerCards
from screenpop.desk.frames import (
    CallFrame,
    CaseFrame,
    Encoded,
    PartialFrame,
    PendingOffer,
    PeopleFrame,
    PresenceFrame,
    ResumedFrame,
    SnapshotFrame,
    encode,
)
from screenpop.desk.live_cases import LiveCases
from screenpop.server.encode import to_json

ENDED_KEPT_MS = int(ENDED_KNOWN_S * 1000)


@dataclass(frozen=True)
class _Held:
    """A call and its JSON; `ended_ms` is None while it lives. `listens_from_ms`: words so far that are older
    have been understood; None where the voice response listens no more.
    """

    call: Call
    json: Encoded[Call]
    ended_ms: int | None
    listens_from_ms: int | None


class LiveState:
    """Calls and agents as they are now, with the cases and callers that belong to them, and the latest `kept`
    changes.
    """

    def __init__(self, kept: int = 256) -> None:
        self._calls: dict[str, _Held] = {}
        self._agents: dict[str, AgentState] = {}
        self._people: tuple[Person, ...] = ()
        self._changes: deque[bytes] = deque(maxlen=kept)
        self.cases = LiveCases()
        self.cards = CallerCards()
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

    def apply(self, event: Event) -> tuple[bytes, ...]:
        """The frames for every page; none where the event changes nothing (not ours, or seen before)."""
        if not isinstance(event, CallChanged | PresenceChanged) or not self._deduplicator.first_time(event):
            return ()
        if isinstance(event, PresenceChanged):
            self._agents[event.agent.username] = event.agent
            return (self._number(PresenceFrame(cursor=self.cursor + 1, agent=event.agent)),)
        case, was_shown = event.call.case_number, self.is_of_call(event.call.case_number)
        held = self._calls[event.call.call_id] = _held(event.call, event.at_ms)
        self._forget_ended(event.at_ms)
        frame = self._number(CallFrame(cursor=self.cursor + 1, call=held.json))
        # Held for somebody who watches it, or for an offer: from now on everybody shows it.
        known = None if was_shown else self.cases.get(case)
        return (frame, self.case_frame(known)) if known else (frame,)

    def case_frame(self, case: Encoded[CaseSummary]) -> bytes:
        """The frame of a call's case, for every page."""
        return self._number(CaseFrame(cursor=self.cursor + 1, case=case))

    def _number(self, frame: CallFrame | CaseFrame | PresenceFrame | PeopleFrame) -> bytes:
        self.cursor = frame.cursor
        self._changes.append(encode(frame))
        return self._changes[-1]

    def is_of_call(self, number: str) -> bool:
        """Whether a call is about this case: then everybody shows it."""
        return bool(number) and any(held.call.case_number == number for held in self._calls.values())

    def is_shown_with_call(self, number: str) -> bool:
        """Whether a call is about this case, or it is similar to a call's."""
        return any(number in cases_of(held.call) for held in self._calls.values())

    def calls(self) -> tuple[Call, ...]:
        return tuple(held.call for held in self._calls.values())

    def call(self, call_id: str) -> Call | None:
        held = self._calls.get(call_id)
        return held.call if held else None

    def keep_only(self, watched: Collection[str]) -> None:
        """Let go of cases that no call is about or similar to, and that nobody watches."""
        needed = {number for call in self.calls() for number in cases_of(call)}
        self.cases.keep_only(needed.union(watched))
        self.cards.keep_only(self._calls.keys())

    def begin_with(self, people: tuple[Person, ...]) -> None:
        """Who there is at the start, before any page."""
        self._people = people

    def know_people(self, people: tuple[Person, ...]) -> bytes | None:
        """The frame for every page; None where nothing has changed."""
        if people == self._people:
            return None
        self._people = people
        return self._number(PeopleFrame(cursor=self.cursor + 1, people=people))

    def partial(self, event: PartialHeard) -> bytes | None:
        """The frame of the words so far; None where the caller has been understood meanwhile."""
        held = self._calls.get(event.call_id)
        if held is None or held.listens_from_ms is None or event.at_ms < held.listens_from_ms:
            return None
        return encode(PartialFrame(call_id=event.call_id, text=event.text))

    def call_of_phone(self, sip_call_id: str) -> tuple[Call, Encoded[Call]] | None:
        """The newest call with this Call-ID of the caller's phone, where it is on screen."""
        # A phone may use its Call-ID again.
        newest_first = reversed(self._calls.values())
        its_calls = (held for held in newest_first if held.call.sip_call_id == sip_call_id)
        return next(((held.call, held.json) for held in its_calls), None)

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
            cases=self.cases.among(call.case_number for call in self.calls()),
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


def cases_of(call: Call) -> tuple[str, ...]:
    """The case that the call is about, and those that are similar."""
    return tuple(number for number in (call.case_number, *call.similar) if number)


def _held(call: Call, at_ms: int) -> _Held:
    return _Held(
        call=call,
        json=Encoded(to_json(call)),
        ended_ms=call.marks.get("ended", at_ms) if call.stage == "ended" else None,
        listens_from_ms=call.marks.get("heard", 0) if call.stage == "ivr" else None,
    )
