"""Agents: who takes calls, at which telephone."""

from dataclasses import dataclass, field
from typing import Literal

from domain.event import Event
from domain.streams import AGENTS, WISHES

Wish = Literal["ready", "break", "wrapup", "away"]
"""What an agent may choose to be."""
Presence = Literal["ready", "talking", "break", "wrapup", "away"]
PhoneKind = Literal["browser", "phone"]
PhoneState = Literal["unknown", "unavailable", "idle", "ringing", "in_use"]
"""As Asterisk tells it. Unavailable: not registered. Unknown: it has told nothing yet."""
AwayBecause = Literal["", "missed", "declined", "unreachable"]
"""Why an agent gets no calls who has not chosen so: the phone rang in vain, was declined, or is not there."""
Refusal = Literal["refused", "asterisk_down"]


def _unknown_phones() -> dict[PhoneKind, PhoneState]:
    return {"browser": "unknown", "phone": "unknown"}


@dataclass(frozen=True, kw_only=True)
class AgentState:
    """An agent as everybody sees them; `reason` is that of a break, `since_ms` when this began.

    Ready is always reachable and never talking; `calls` are those that have a talking agent. `next` is what
    the agent has chosen and is not yet: after the call (wrap-up comes first where it is `ready`), after the
    wrap-up, or once the phone is there. `wrapup_until_ms`: when wrap-up ends by itself, None where it stays.
    `misses` and `refusals` are counted in a row, until the agent answers or chooses something.
    """

    username: str
    presence: Presence = "away"
    reason: str = ""
    phone: PhoneKind = "browser"
    # 0 for an agent nobody has stated a presence for.
    since_ms: int = 0
    phones: dict[PhoneKind, PhoneState] = field(default_factory=_unknown_phones)
    # Whether calls can reach the chosen phone, as far as Asterisk has said.
    reachable: bool = True
    calls: tuple[str, ...] = ()
    next: Wish | None = None
    next_reason: str = ""
    wrapup_until_ms: int | None = None
    misses: int = 0
    refusals: int = 0
    away_because: AwayBecause = ""


@dataclass(frozen=True, kw_only=True)
class PresenceRequested(Event):
    """An agent wants to be ready, on a break, in wrap-up or away, at this kind of phone.

    No presence: only the phone changes.
    """

    stream = WISHES

    agent: str
    presence: Wish | None
    reason: str = ""
    phone: PhoneKind = "browser"

    @property
    def subject(self) -> str:
        return self.agent


@dataclass(frozen=True, kw_only=True)
class StaffChanged(Event):
    """These are the agents there are: whoever is not among them takes no calls any more."""

    stream = WISHES

    agents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """This is how the agent is now: Asterisk's queue agrees, or Asterisk itself has said so."""

    stream = AGENTS

    agent: AgentState

    @property
    def subject(self) -> str:
        return self.agent.username


@dataclass(frozen=True, kw_only=True)
class PresenceRefused(Event):
    """The wish was not granted: the queue refused it, or Asterisk is not there; the agent is as before."""

    stream = AGENTS

    agent: str
    why: Refusal

    @property
    def subject(self) -> str:
        return self.agent


@dataclass(frozen=True, kw_only=True)
class AgentsSnapshot(Event):
    """Every agent as they are now, for whoever has asked; later events of the stream come after it."""

    stream = AGENTS

    request_id: str
    agents: tuple[AgentState, ...]


@dataclass(frozen=True, kw_only=True)
class SnapshotWanted(Event):
    """Whoever shows calls and agents has begun, or missed something: their owner answers on their streams."""

    stream = WISHES

    request_id: str
