"""What Asterisk's queues are told of an agent. Pure.

| the agent is                  | in each queue they serve, at the chosen phone |
|-------------------------------|-----------------------------------------------|
| ready                         | a member                                      |
| talking, and wants calls      | a member, paused: `talking`                   |
| wanting calls, unreachable    | a member, paused: `unreachable`               |
| on a break, or talking before | a member, paused: the break's reason          |
| in wrap-up, or talking before | a member, paused: `wrapup`                    |
| away, or talking before       | no member                                     |

The reasons are how a bridge that begins anew learns from the queue what the agents want.
"""

from collections.abc import Iterable, Iterator

from cti.asterisk.ami_events import TALKING, UNREACHABLE, WRAPUP
from cti.effects import TellQueue
from domain.agents import AgentState, PhoneKind
from domain.endpoints import PHONE_KINDS, interface

Action = dict[str, str]


def pause_of(agent: AgentState) -> tuple[bool, str] | None:
    """Whether the member is paused, and why; None: they are to be no member."""
    talks = agent.presence == "talking"
    match agent.next if talks else agent.presence:
        case "ready":
            return (True, TALKING) if talks else (False, "")
        case "break":
            return True, agent.next_reason if talks else agent.reason
        case "wrapup":
            return True, WRAPUP
    return (True, UNREACHABLE) if agent.away_because == "unreachable" else None


def queue_actions(told: TellQueue, queue: str) -> tuple[Action, ...]:
    """What to tell Asterisk, as often as one likes, so that its queues have this agent as wanted.

    `queue` is the one that everybody serves of whom nothing else is known.
    """
    served = {queue: None} if told.queues is None else told.queues
    left = sorted({queue, *told.left} - served.keys())
    joined = [action for name, penalty in served.items() for action in _of_queue(told.agent, name, penalty)]
    return (*joined, *(action for name in left for action in _leave(told.agent, name, PHONE_KINDS)))


def _of_queue(agent: AgentState, queue: str, penalty: int | None) -> Iterator[Action]:
    # An agent takes calls at one phone; the other may still be a member from before they changed over.
    others = [kind for kind in PHONE_KINDS if kind != agent.phone]
    pause = pause_of(agent)
    if pause is None:
        yield from _leave(agent, queue, (*others, agent.phone))
        return
    here = {"Queue": queue, "Interface": interface(agent.username, agent.phone)}
    paused, reason = "true" if pause[0] else "false", pause[1]
    rank = {} if penalty is None else {"Penalty": str(penalty)}
    yield {"Action": "QueueAdd", **here, "MemberName": agent.username, "Paused": paused, **rank}
    # QueueAdd changes nothing about a member that is there already, so the rest is always said as well.
    if rank:
        yield {"Action": "QueuePenalty", **here, **rank}
    yield {"Action": "QueuePause", **here, "Paused": paused, "Reason": reason}
    yield from _leave(agent, queue, others)


def _leave(agent: AgentState, queue: str, kinds: Iterable[PhoneKind]) -> Iterator[Action]:
    for kind in kinds:
        yield {"Action": "QueueRemove", "Queue": queue, "Interface": interface(agent.username, kind)}
