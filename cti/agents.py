"""Who takes calls: `step(agent, event, now_ms) -> agent, effects`. Pure; never raises.

An agent wants something, Asterisk's queue agrees to it, and calls have them:

| what the agent wants      | member of the queue, at one of the agent's phones |
|---------------------------|---------------------------------------------------|
| ready                     | yes                                               |
| ready, and in a call      | yes, paused, so that wrap-up begins without a gap |
| break (reason), wrapup    | yes, paused                                       |
| away                      | no                                                |

Rules
1. A wish becomes the agent's presence when Asterisk's queue has agreed. Where it refuses, the wish is
   dropped; where Asterisk is not there, it is kept for its return. Either is stated.
2. An agent is free when the last of their calls has ended. A ready one then goes into wrap-up, which ends
   by itself, unless the agent chose something meanwhile: choosing wrap-up themselves makes it last.
3. Asking for what already is so changes nothing; the queue is told all the same.
4. A member of the queue whom we do not know was there before we were: we learn them from the queue.
"""

from dataclasses import dataclass, replace

from cti.asterisk.ami_events import TALKING, WRAPUP
from cti.effects import Effect, Publish, TellQueue, WakeAfterWrapup
from domain.agents import AgentState, Presence, PresenceChanged, PresenceRefused, PresenceRequested, Refusal
from domain.endpoints import PHONE_KINDS, interface


@dataclass(frozen=True)
class MemberSeen:
    """Asterisk's queue has this agent; `calls` are those that have them."""

    member: AgentState
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WishAnswered:
    """What Asterisk said to a wish; no refusal: it agreed."""

    wish: AgentState
    refusal: Refusal | None = None


@dataclass(frozen=True)
class TalkStarted:
    """The agent has answered this call."""

    agent: str
    call_id: str


@dataclass(frozen=True)
class TalkEnded:
    """This call of the agent is over."""

    agent: str
    call_id: str


@dataclass(frozen=True)
class WrapupOver:
    """The wrap-up that began at `since_ms` has lasted long enough."""

    agent: str
    since_ms: int


@dataclass(frozen=True)
class QueueKnown:
    """Asterisk is back, perhaps without its members."""


AgentEvent = PresenceRequested | MemberSeen | WishAnswered | TalkStarted | TalkEnded | WrapupOver | QueueKnown


@dataclass(frozen=True, kw_only=True)
class Agent:
    """What an agent wants, what the queue has agreed to, and which calls have them."""

    wanted: AgentState
    agreed: AgentState
    calls: frozenset[str] = frozenset()
    wrapup_ends: bool = False

    @property
    def name(self) -> str:
        return self.wanted.username


def step(  # noqa: PLR0911 - a branch an event
    agent: Agent | None, event: AgentEvent, now_ms: int
) -> tuple[Agent | None, tuple[Effect, ...]]:
    """The agent after the event, and what is to be done; None is an agent nobody has heard of."""
    match event:
        case PresenceRequested():
            asking = agent or stranger(event, frozenset(), now_ms)
            return _tell_queue(_request(asking, event, now_ms))
        case MemberSeen():
            return (agent, ()) if agent else _learn(event, now_ms)
    if agent is None:
        return None, ()
    match event:
        case WishAnswered():
            return _answer(agent, event, now_ms)
        case TalkStarted():
            return _tell_queue(replace(agent, calls=agent.calls | {event.call_id}))
        case TalkEnded() if event.call_id in agent.calls:
            return _end_talk(replace(agent, calls=agent.calls - {event.call_id}), now_ms)
        case WrapupOver() if _is_in_wrapup(agent, event):
            ready = _instead(agent.wanted, "ready", now_ms)
            return _tell_queue(replace(agent, wanted=ready, wrapup_ends=False))
        case QueueKnown():
            return _tell_queue(agent)
    return agent, ()


def queue_actions(told: TellQueue, queue: str) -> tuple[dict[str, str], ...]:
    """What to tell Asterisk, as often as one likes, so that the queue has this agent as wanted."""
    wanted = told.agent
    here = {"Queue": queue, "Interface": interface(wanted.username, wanted.phone)}
    # An agent takes calls at one phone; the other may still be a member from before they changed over.
    others = [kind for kind in PHONE_KINDS if kind != wanted.phone]
    leave = tuple(
        {"Action": "QueueRemove", "Queue": queue, "Interface": interface(wanted.username, kind)}
        for kind in others
    )
    if wanted.presence == "away":
        return *leave, {"Action": "QueueRemove", **here}
    free = wanted.presence == "ready" and not told.talking
    paused = "false" if free else "true"
    reason = "" if free else {"ready": TALKING, "wrapup": WRAPUP}.get(wanted.presence, wanted.reason)
    # QueueAdd changes nothing about a member that is there already, so the pause is always said as well.
    join = {"Action": "QueueAdd", **here, "MemberName": wanted.username, "Paused": paused}
    pause = {"Action": "QueuePause", **here, "Paused": paused, "Reason": reason}
    return join, pause, *leave


def stranger(request: PresenceRequested, calls: frozenset[str], now_ms: int) -> Agent:
    """The agent of whom nobody has heard before this wish: no member of the queue, yet perhaps in calls."""
    away = AgentState(username=request.agent, phone=request.phone, since_ms=now_ms)
    return Agent(wanted=away, agreed=away, calls=calls)


def is_same(one: AgentState, other: AgentState) -> bool:
    """Whether both state the same presence, whenever it began."""
    return replace(one, since_ms=0) == replace(other, since_ms=0)


def _tell_queue(agent: Agent) -> tuple[Agent, tuple[Effect, ...]]:
    return agent, (TellQueue(agent.wanted, talking=bool(agent.calls)),)


def _request(agent: Agent, request: PresenceRequested, now_ms: int) -> Agent:
    wish = AgentState(
        username=request.agent,
        presence=request.presence,
        reason=request.reason if request.presence == "break" else "",
        phone=request.phone,
        since_ms=now_ms,
    )
    # Asked for the same again: the time since when it is so stands.
    return replace(agent, wanted=agent.wanted if is_same(agent.wanted, wish) else wish, wrapup_ends=False)


def _learn(seen: MemberSeen, now_ms: int) -> tuple[Agent, tuple[Effect, ...]]:
    # The queue does not know whether a wrap-up ends by itself; one that never ended would be worse.
    member = replace(seen.member, since_ms=now_ms)
    agent = Agent(wanted=member, agreed=member, calls=seen.calls, wrapup_ends=member.presence == "wrapup")
    changed = Publish(PresenceChanged(at_ms=now_ms, agent=member))
    return agent, (changed, *_end_wrapup_later(agent))


def _answer(agent: Agent, answer: WishAnswered, now_ms: int) -> tuple[Agent, tuple[Effect, ...]]:
    wish = answer.wish
    if answer.refusal is None:
        news = () if is_same(wish, agent.agreed) else (Publish(PresenceChanged(at_ms=now_ms, agent=wish)),)
        return replace(agent, agreed=wish), news
    # Only what is still wanted is taken back: the agent may have chosen something else meanwhile.
    if answer.refusal == "refused" and is_same(agent.wanted, wish):
        agent = replace(agent, wanted=agent.agreed)
    return agent, (Publish(PresenceRefused(at_ms=now_ms, agent=agent.name, why=answer.refusal)),)


def _end_talk(agent: Agent, now_ms: int) -> tuple[Agent, tuple[Effect, ...]]:
    if agent.calls or agent.wanted.presence != "ready":
        return _tell_queue(agent)
    wrapup = replace(agent, wanted=_instead(agent.wanted, "wrapup", now_ms), wrapup_ends=True)
    agent, told = _tell_queue(wrapup)
    return agent, (*told, *_end_wrapup_later(agent))


def _end_wrapup_later(agent: Agent) -> tuple[Effect, ...]:
    return (WakeAfterWrapup(agent.name, agent.wanted.since_ms),) if agent.wrapup_ends else ()


def _is_in_wrapup(agent: Agent, over: WrapupOver) -> bool:
    # The timer of an earlier wrap-up is never stopped; `since_ms` tells it from this one's.
    return agent.wrapup_ends and (agent.wanted.presence, agent.wanted.since_ms) == ("wrapup", over.since_ms)


def _instead(wanted: AgentState, presence: Presence, now_ms: int) -> AgentState:
    return replace(wanted, presence=presence, reason="", since_ms=now_ms)
