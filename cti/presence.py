"""Who takes calls: what an agent wants, and the queue membership that follows. Pure.

| presence                  | member of the queue, at one of the agent's phones |
|---------------------------|---------------------------------------------------|
| ready                     | yes                                               |
| ready, and in a call      | yes, paused, so that wrap-up begins without a gap |
| break (reason), wrapup    | yes, paused                                       |
| away                      | no                                                |

Rules
1. A wish becomes the agent's presence when Asterisk's queue has agreed. Where it refuses, the
   presence stays as it was and is stated with `error` `refused`; where Asterisk is not there, with
   `asterisk_down`, and the wish is kept for its return.
2. After a call a ready agent goes into wrap-up, which ends by itself, unless the agent chose
   something meanwhile: choosing wrap-up itself makes it last.
3. Asking for what is so already changes nothing.
"""

from dataclasses import dataclass, replace
from typing import Literal

from cti.asterisk.ami_events import AmiMessage
from domain.endpoints import interface, phone_of
from domain.events import PresenceChanged, PresenceRequested
from domain.records import PhoneKind, Presence

Refusal = Literal["", "refused", "asterisk_down"]

_TALKING, _WRAPUP = "talking", "wrapup"


@dataclass(frozen=True, kw_only=True)
class Agent:
    """What an agent wants, what the queue has agreed to, and whether a call has them."""

    wanted: PresenceChanged
    agreed: PresenceChanged
    talking: bool = False
    wrapup_ends: bool = False

    @property
    def name(self) -> str:
        """The username."""
        return self.wanted.agent


def requested(agent: Agent | None, request: PresenceRequested, now_ms: int) -> Agent:
    """The agent with this wish."""
    reason = request.reason if request.presence == "break" else ""
    wish = _presence(request.agent, request.presence, reason, request.phone, now_ms)
    if agent is None:
        agent = Agent(wanted=wish, agreed=replace(wish, presence="away", reason=""))
    return replace(agent, wanted=agent.wanted if same(agent.wanted, wish) else wish, wrapup_ends=False)


def adopted(member: AmiMessage, now_ms: int) -> Agent | None:
    """The agent that a QueueMember message tells of; None for a member that is no agent's phone."""
    phone = phone_of(member.get("Location"))
    if phone is None:
        return None
    paused, reason = member.get("Paused") == "1", member.get("PausedReason")
    presence: Presence = "ready"
    if paused and reason != _TALKING:
        presence = "wrapup" if reason == _WRAPUP else "break"
    found = _presence(phone[0], presence, reason if presence == "break" else "", phone[1], now_ms)
    return Agent(wanted=found, agreed=found, wrapup_ends=presence == "wrapup")


def talk_started(agent: Agent) -> Agent:
    """The agent has answered a call."""
    return replace(agent, talking=True)


def talk_ended(agent: Agent, now_ms: int) -> Agent:
    """The agent's call is over."""
    quiet = replace(agent, talking=False)
    if agent.wanted.presence != "ready":
        return quiet
    return replace(quiet, wanted=_instead(agent.wanted, "wrapup", now_ms), wrapup_ends=True)


def wrapup_over(agent: Agent, since_ms: int, now_ms: int) -> Agent:
    """The wrap-up that began at `since_ms` has lasted long enough."""
    wanted = agent.wanted
    if not agent.wrapup_ends or (wanted.presence, wanted.since_ms) != ("wrapup", since_ms):
        return agent
    return replace(agent, wanted=_instead(wanted, "ready", now_ms), wrapup_ends=False)


def applied(
    agent: Agent, wish: PresenceChanged, refusal: Refusal, now_ms: int
) -> tuple[Agent, PresenceChanged | None]:
    """The agent after Asterisk's answer to a wish, and what is to be stated, if anything."""
    if not refusal:
        news = None if same(wish, agent.agreed) else wish
        return replace(agent, agreed=wish), news
    if refusal == "refused" and same(agent.wanted, wish):
        agent = replace(agent, wanted=agent.agreed)
    kept = agent.agreed
    stated = _presence(agent.name, kept.presence, kept.reason, kept.phone, now_ms)
    return agent, replace(stated, since_ms=kept.since_ms, error=refusal)


def same(one: PresenceChanged, other: PresenceChanged) -> bool:
    """Whether both state the same presence."""
    return (one.presence, one.reason, one.phone) == (other.presence, other.reason, other.phone)


def actions(agent: Agent, queue: str) -> tuple[dict[str, str], ...]:
    """What to tell Asterisk, as often as one likes, so that the queue has this agent as wanted."""
    wanted = agent.wanted
    here = {"Queue": queue, "Interface": interface(agent.name, wanted.phone)}
    elsewhere: PhoneKind = "phone" if wanted.phone == "browser" else "browser"
    leave = {"Action": "QueueRemove", "Queue": queue, "Interface": interface(agent.name, elsewhere)}
    if wanted.presence == "away":
        return leave, {"Action": "QueueRemove", **here}
    free = wanted.presence == "ready" and not agent.talking
    paused = "false" if free else "true"
    reason = "" if free else {"ready": _TALKING, "wrapup": _WRAPUP}.get(wanted.presence, wanted.reason)
    join = {"Action": "QueueAdd", **here, "MemberName": agent.name, "Paused": paused}
    pause = {"Action": "QueuePause", **here, "Paused": paused, "Reason": reason}
    return join, pause, leave


def _presence(agent: str, presence: Presence, reason: str, phone: PhoneKind, now_ms: int) -> PresenceChanged:
    return PresenceChanged(
        at_ms=now_ms, agent=agent, presence=presence, reason=reason, phone=phone, since_ms=now_ms
    )


def _instead(wanted: PresenceChanged, presence: Presence, now_ms: int) -> PresenceChanged:
    return _presence(wanted.agent, presence, "", wanted.phone, now_ms)
