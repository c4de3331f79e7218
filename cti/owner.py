"""The calls and agents as they are: what each event makes of them, and what is to be done. No I/O.

A call is forgotten a while after its end. Its late news (the case of a caller who hung up, written an hour
later) is folded into the call as the store has it; whoever drives the owner fetches it: see `has_forgotten`.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import structlog

from cti import agents, calls
from cti.agent_events import (
    WRAPUP_MS,
    AgentEvent,
    MemberSeen,
    PhoneChanged,
    PhonesListed,
    QueueKnown,
    Removed,
    RingDeclined,
    RingMissed,
    Serves,
    TalkEnded,
    TalkStarted,
    WishAnswered,
    WrapupOver,
)
from cti.agent_view import Agent
from cti.asterisk.ami_events import DECLINED
from cti.effects import Effect, ForgetLater, Publish, Report
from domain.agents import (
    AgentsSnapshot,
    AgentState,
    PhoneKind,
    PhoneState,
    PresenceRequested,
    SnapshotWanted,
    StaffChanged,
)
from domain.calls import Call, CallsSnapshot, Resynced
from domain.endpoints import PHONE_KINDS
from domain.event import CallEvent, Event
from domain.streams import CASES, DIALOGUE

log = structlog.get_logger()

_MOST_CALLS = 10_000  # far more than one Asterisk carries: ends that are never told must not fill the memory
_MOST_FORGOTTEN = 20_000


@dataclass(frozen=True)
class Forget:
    """An ended call was remembered long enough."""

    call_id: str


Entry = Event | AgentEvent | PhonesListed | Forget

WrapupLength = Callable[[Call], int]
"""How long the wrap-up after a call is, ms: its desk's; 0 for none."""


class Owner:
    """Answers for all living calls and all agents; whoever else knows of them has it from here."""

    def __init__(
        self,
        living: Iterable[Call],
        clock: Callable[[], int],
        wrapup_ms: WrapupLength = lambda _: WRAPUP_MS,
    ) -> None:
        self._calls = {call.call_id: call for call in living}
        self._agents: dict[str, Agent] = {}
        # None until somebody says who they are: everybody is believed.
        self._staff: frozenset[str] | None = None
        self._unlisted_phone: PhoneState = "unknown"
        self._forgotten: OrderedDict[str, None] = OrderedDict()
        self._clock = clock
        self._wrapup_ms = wrapup_ms

    def calls(self) -> tuple[Call, ...]:
        """The calls that live, and those that have ended a moment ago."""
        return tuple(self._calls.values())

    def agents(self) -> tuple[AgentState, ...]:
        """What everybody was told, agent by agent."""
        return tuple(agent.agreed for agent in self._agents.values())

    def calls_of(self, agent: str) -> frozenset[str]:
        """The calls that have this agent."""
        living = self._calls.values()
        return frozenset(c.call_id for c in living if c.stage == "connected" and c.agent == agent)

    def has_forgotten(self, entry: Entry) -> bool:
        """Whether the entry is late news of a call that is not here any more: the store has it."""
        if not isinstance(entry, CallEvent) or entry.call_id in self._calls:
            return False
        if entry.call_id in self._forgotten:
            return True
        # Not of this life of the program, or too long ago to be remembered: only these come so late.
        return entry.stream in (DIALOGUE, CASES) and not calls.begins_call(entry)

    def fold_late(self, news: Iterable[CallEvent], recalled: Call | None) -> Sequence[Effect]:
        """What follows from late news of one call, as the store has it; None: it does not know the call.

        News from before the beginning of a call is nothing, even where the call has begun meanwhile: what
        the log makes of it must be the same.
        """
        if recalled is None or recalled.call_id in self._calls:
            return [Report(f"{type(event).__name__} for no known call") for event in news]
        effects: list[Effect] = []
        for event in news:
            effects += self._step(self._calls.get(event.call_id, recalled), event)
        return effects

    def fold(self, entry: Entry) -> Sequence[Effect]:
        """What follows from the entry; it is not of a call that was forgotten."""
        match entry:
            case Resynced():
                return [effect for call in self.calls() for effect in self._step(call, entry)]
            case CallEvent():
                return self._step(self._calls.get(entry.call_id), entry)
            case SnapshotWanted():
                return self._snapshot(entry.request_id)
            case Forget():
                self._forget(entry.call_id)
                return ()
        return self._fold_agent_event(entry)

    def _fold_agent_event(self, entry: Entry) -> Sequence[Effect]:  # noqa: PLR0911 - a branch an event
        match entry:
            case QueueKnown():
                return [effect for name in tuple(self._agents) for effect in self._step_agent(name, entry)]
            case MemberSeen(member):
                seen = replace(entry, calls=self.calls_of(member.username))
                return self._step_agent(member.username, seen)
            case WishAnswered(wish):
                return self._step_agent(wish.username, entry)
            case PresenceRequested() | WrapupOver() | PhoneChanged() | Serves():
                return self._step_agent(entry.agent, entry)
            case PhonesListed(phones):
                return self._miss_phones(phones)
            case StaffChanged(agents=names):
                return self._let_go(frozenset(names))
        return ()

    def _miss_phones(self, listed: frozenset[tuple[str, PhoneKind]]) -> Sequence[Effect]:
        """A telephone that Asterisk does not list is none that calls could reach."""
        self._unlisted_phone = "unavailable"
        return [
            effect
            for name in tuple(self._agents)
            for kind in PHONE_KINDS
            if (name, kind) not in listed
            for effect in self._step_agent(name, PhoneChanged(name, kind, "unavailable"))
        ]

    def _let_go(self, staff: frozenset[str]) -> Sequence[Effect]:
        """Whoever is no agent any more."""
        self._staff = staff
        gone = [name for name in self._agents if name not in staff]
        return [effect for name in gone for effect in self._step_agent(name, Removed(name))]

    def _step(self, before: Call | None, event: Event) -> Sequence[Effect]:
        after, effects = calls.step(before, event, self._clock())
        if after is None or after is before:
            return effects
        was = self._calls.get(after.call_id)
        has_ended = after.stage == "ended" and (was is None or was.stage != "ended")
        forget = (ForgetLater(after.call_id),) if has_ended else ()
        self._calls[after.call_id] = after
        self._bound()
        return *effects, *forget, *self._tell_agents(before, after)

    def _forget(self, call_id: str) -> None:
        """Only that it was here is remembered: a late offer must not make it a call that lives."""
        if self._calls.pop(call_id, None) is None:
            return
        self._forgotten[call_id] = None
        if len(self._forgotten) > _MOST_FORGOTTEN:
            self._forgotten.popitem(last=False)

    def _bound(self) -> None:
        if len(self._calls) > _MOST_CALLS:
            oldest = next(iter(self._calls))
            log.error("too_many_calls", forgotten=oldest)
            del self._calls[oldest]

    def _tell_agents(self, before: Call | None, after: Call) -> Sequence[Effect]:
        """Who has answered, or is free again, or has let it ring."""
        effects: list[Effect] = []
        for event in _rings_ended(before, after):
            effects += self._step_agent(event.agent, event)
        was, now = _talking(before), _talking(after)
        if was == now:
            return effects
        if was:
            effects += self._step_agent(was, TalkEnded(was, after.call_id, self._wrapup_ms(after)))
        if now:
            effects += self._step_agent(now, TalkStarted(now, after.call_id))
        return effects

    def _step_agent(self, name: str, event: AgentEvent) -> Sequence[Effect]:
        known = self._agents.get(name)
        if known is None:
            if not agents.begins(event):
                return ()
            # A page may ask before the queue has been listed, while the agent is in a call that was taken up.
            known = agents.newcomer(name, self.calls_of(name), self._unlisted_phone)
            # The queue may still have somebody who was removed while Asterisk, or we, were not there.
            if self._staff is not None and name not in self._staff:
                event = Removed(name)
        agent, effects = agents.step(known, event, self._clock())
        if agent is not None:
            self._agents[name] = agent
        else:
            self._agents.pop(name, None)
        return effects

    def _snapshot(self, request_id: str) -> Sequence[Effect]:
        at_ms = self._clock()
        return (
            Publish(CallsSnapshot(at_ms=at_ms, request_id=request_id, calls=self.calls())),
            Publish(AgentsSnapshot(at_ms=at_ms, request_id=request_id, agents=self.agents())),
        )


def _talking(call: Call | None) -> str | None:
    return call.agent if call is not None and call.stage == "connected" else None


def _rings_ended(before: Call | None, after: Call) -> Iterable[RingMissed | RingDeclined]:
    """The phones that stopped ringing by this event although the caller is still there."""
    if before is None or after.stage == "ended":
        return
    were_open = {offer.offer_id for offer in before.offers if offer.ended_ms is None}
    for offer in after.offers:
        if offer.offer_id not in were_open or offer.ended_ms is None or offer.ringing_ms is None:
            continue
        if offer.reason == "NOANSWER":
            yield RingMissed(offer.agent)
        elif offer.reason == DECLINED:
            yield RingDeclined(offer.agent)
