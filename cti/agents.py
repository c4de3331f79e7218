"""Who takes calls: `step(agent, event, now_ms) -> agent, effects`. Pure; never raises.

An agent chooses something, calls have them, and Asterisk knows their telephones. What they are follows:

| calls | wrap-up | chosen              | phone       | what they are                  | `next`     |
|-------|---------|---------------------|-------------|--------------------------------|------------|
| some  |         | anything            |             | talking                        | the choice |
| none  | runs    | ready               |             | wrapup, until it ends          | ready      |
| none  | no      | ready               | is there    | ready                          |            |
| none  | no      | ready               | unavailable | away, because it is unreachable | ready     |
| none  | no      | break, wrapup, away |             | the choice                     |            |

Rules
1. A choice becomes the agent's presence when Asterisk's queue has agreed. Where it refuses, the choice before
   it counts again; where Asterisk is not there, it is kept for its return. Either is stated. What Asterisk
   itself says (a call, a phone that has gone) is stated at once.
2. An agent is free when the last of their calls has ended. One who wants calls then goes into wrap-up, which
   ends by itself, unless the agent chooses something meanwhile: choosing wrap-up themselves makes it last.
3. The first call that rings in vain, and the second one in a row that is declined, take an agent out: away,
   with the reason. Whatever they choose next counts as ever.
4. Choosing what already is so changes nothing; the queue is told all the same.
5. A member of the queue of whom nobody has said anything was there before we were: we learn them from it.
6. An agent who is removed keeps their calls, and is gone after the last of them.
"""

from dataclasses import replace

from cti.agent_events import (
    AgentEvent,
    MemberSeen,
    PhoneChanged,
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
from cti.agent_view import Agent, Choice, is_same, stated, view
from cti.effects import Effect, Publish, TellQueue, WakeAfterWrapup
from cti.queue_actions import pause_of
from domain.agents import (
    AgentState,
    AwayBecause,
    PhoneKind,
    PhoneState,
    PresenceChanged,
    PresenceRefused,
    PresenceRequested,
    Wish,
)

__all__ = ["Agent", "AgentEvent", "Serves", "begins", "newcomer", "step"]

_MOST_REFUSALS = 2


def newcomer(name: str, calls: frozenset[str] = frozenset(), phone: PhoneState = "unknown") -> Agent:
    """An agent of whom nobody has heard: no member of the queue, yet perhaps in calls."""
    phones: dict[PhoneKind, PhoneState] = {"browser": phone, "phone": phone}
    away = AgentState(username=name, phones=phones, reachable=phone != "unavailable")
    return Agent(wanted=away, agreed=away, calls=calls, phones=phones)


def begins(event: AgentEvent) -> bool:
    """Whether the event makes an agent known of whom nobody has heard."""
    return isinstance(event, PresenceRequested | MemberSeen | PhoneChanged | Serves)


def step(agent: Agent | None, event: AgentEvent, now_ms: int) -> tuple[Agent | None, tuple[Effect, ...]]:
    """The agent after the event, and what is to be done; None is an agent nobody has heard of."""
    if agent is None:
        if not begins(event):
            return None, ()
        agent = newcomer(_name_in(event))
    if isinstance(event, WishAnswered):
        return _answer(agent, event, now_ms)
    changed = _change(agent, event, now_ms)
    is_told_again = isinstance(event, PresenceRequested) or _must_be_told(agent, changed, event)
    if changed is agent and not is_told_again:
        return agent, ()
    changed = replace(changed, wanted=view(changed, now_ms))
    is_member_already = isinstance(event, MemberSeen)
    has_news = replace(changed, agreed=stated(changed, now_ms, has_agreed=is_member_already))
    told = () if is_member_already or not (is_told_again or _differ(agent, changed)) else _tell(changed)
    return has_news, (*_publish(agent, has_news, now_ms), *told, *_wake(agent, has_news, now_ms))


def _must_be_told(before: Agent, after: Agent, event: AgentEvent) -> bool:
    """Whether the queue is told what it may know: it is back, or has to answer for who leaves for good."""
    leaves = after.is_removed and bool(before.calls) and not after.calls
    return leaves or (isinstance(event, QueueKnown) and _is_ours(before))


def _name_in(event: AgentEvent) -> str:
    return event.member.username if isinstance(event, MemberSeen) else getattr(event, "agent", "")


def _change(agent: Agent, event: AgentEvent, now_ms: int) -> Agent:  # noqa: PLR0911 - a branch an event
    """What is known after the event; the very same agent where it is nothing new."""
    match event:
        case PresenceRequested() if not agent.is_removed:
            return _choose(agent, event)
        case MemberSeen() if not (agent.has_chosen or agent.is_removed):
            return _learn(agent, event, now_ms)
        case PhoneChanged(_, phone, state) if agent.phones[phone] != state:
            return replace(agent, phones={**agent.phones, phone: state})
        case TalkStarted(_, call_id) if call_id not in agent.calls:
            calls = agent.calls | {call_id}
            return replace(agent, calls=calls, wrapup_until_ms=None, misses=0, refusals=0)
        case TalkEnded(_, call_id) if call_id in agent.calls:
            return _end_talk(agent, event, now_ms)
        case RingMissed():
            return _take_out(replace(agent, misses=agent.misses + 1), "missed")
        case RingDeclined():
            declined = replace(agent, refusals=agent.refusals + 1)
            return declined if declined.refusals < _MOST_REFUSALS else _take_out(declined, "declined")
        case WrapupOver() if _is_in_wrapup(agent, event):
            return replace(agent, wrapup_until_ms=None)
        case Serves(_, queues) if queues != agent.queues:
            left = (agent.left | (agent.queues or {}).keys()) - queues.keys()
            return replace(agent, queues=dict(queues), left=left)
        case Removed() if not agent.is_removed:
            return replace(
                agent, is_removed=True, choice=Choice(phone=agent.choice.phone), wrapup_until_ms=None
            )
    return agent


def _choose(agent: Agent, wish: PresenceRequested) -> Agent:
    if wish.presence is None:
        return replace(agent, choice=replace(agent.choice, phone=wish.phone), has_chosen=True)
    reason = wish.reason if wish.presence == "break" else ""
    choice = Choice(presence=wish.presence, reason=reason, phone=wish.phone)
    return replace(agent, choice=choice, has_chosen=True, wrapup_until_ms=None, misses=0, refusals=0)


def _learn(agent: Agent, seen: MemberSeen, now_ms: int) -> Agent:
    member = seen.member
    # The queue does not know whether a wrap-up ends by itself; one that never ended would be worse.
    ends = now_ms + seen.wrapup_ms if member.presence == "wrapup" else None
    wish: Wish = "break" if member.presence == "break" else "ready"
    choice = Choice(presence=wish, reason=member.reason, phone=member.phone)
    known = replace(agent, choice=choice, granted=choice, has_chosen=True, calls=agent.calls | seen.calls)
    return replace(known, wrapup_until_ms=None if known.calls else ends)


def _end_talk(agent: Agent, ended: TalkEnded, now_ms: int) -> Agent:
    free = replace(agent, calls=agent.calls - {ended.call_id})
    if free.calls or free.choice.presence != "ready" or not ended.wrapup_ms:
        return free
    return replace(free, wrapup_until_ms=now_ms + ended.wrapup_ms)


def _take_out(agent: Agent, because: AwayBecause) -> Agent:
    """Away, where they wanted calls; a break that was chosen stays one."""
    if agent.choice.presence != "ready":
        return agent
    choice = Choice(phone=agent.choice.phone, because=because)
    return replace(agent, choice=choice, wrapup_until_ms=None)


def _answer(agent: Agent, answer: WishAnswered, now_ms: int) -> tuple[Agent | None, tuple[Effect, ...]]:
    is_newest = is_same(agent.wanted, answer.wish)
    if answer.refusal is None:
        # An answer to what is not wanted any more says nothing: the newer one is on its way.
        if not is_newest:
            return agent, ()
        agreed = stated(agent, now_ms, has_agreed=True)
        after = replace(agent, agreed=agreed, granted=agent.choice, left=frozenset())
        news = _publish(agent, after, now_ms)
        return (None if agent.is_removed and not agent.calls else after), news
    refused = Publish(PresenceRefused(at_ms=now_ms, agent=agent.name, why=answer.refusal))
    if answer.refusal == "asterisk_down" or not is_newest or agent.choice == agent.granted:
        return agent, (refused,)
    agent = replace(agent, choice=agent.granted)
    agent = replace(agent, wanted=view(agent, now_ms))
    # It may have taken half of it.
    return agent, (refused, *_tell(agent))


def _is_ours(agent: Agent) -> bool:
    """Whether the queue is to know anything of them."""
    return agent.has_chosen or agent.is_removed


def _differ(before: Agent, after: Agent) -> bool:
    """Whether the queue is to know something else of them than before."""
    return _is_ours(after) and (not _is_ours(before) or _told(before) != _told(after))


def _told(agent: Agent) -> tuple[object, ...]:
    return pause_of(agent.wanted), agent.wanted.phone, agent.queues, agent.left


def _tell(agent: Agent) -> tuple[Effect, ...]:
    return (TellQueue(agent.wanted, agent.queues, agent.left),)


def _publish(before: Agent, after: Agent, now_ms: int) -> tuple[Effect, ...]:
    is_news = after.agreed != before.agreed
    return (Publish(PresenceChanged(at_ms=now_ms, agent=after.agreed)),) if is_news else ()


def _wake(before: Agent, after: Agent, now_ms: int) -> tuple[Effect, ...]:
    until_ms = after.wrapup_until_ms
    if until_ms is None or until_ms == before.wrapup_until_ms:
        return ()
    return (WakeAfterWrapup(after.name, after.wanted.since_ms, (until_ms - now_ms) / 1000),)


def _is_in_wrapup(agent: Agent, over: WrapupOver) -> bool:
    # The timer of an earlier wrap-up is never stopped; `since_ms` tells it from this one's.
    is_it = (agent.wanted.presence, agent.wanted.since_ms) == ("wrapup", over.since_ms)
    return agent.wrapup_until_ms is not None and is_it
