"""Agents: who takes calls, at which telephone."""

from dataclasses import dataclass
from typing import Literal

from domain.event import Event
from domain.streams import AGENTS, WISHES

Presence = Literal["ready", "break", "wrapup", "away"]
PhoneKind = Literal["browser", "phone"]
Refusal = Literal["refused", "asterisk_down"]


@dataclass(frozen=True, kw_only=True)
class AgentState:
    """An agent as everybody sees them; `reason` is that of a break, `since_ms` when this began."""

    username: str
    presence: Presence = "away"
    reason: str = ""
    phone: PhoneKind = "browser"
    # 0 for an agent nobody has stated a presence for.
    since_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class PresenceRequested(Event):
    """An agent wants to be ready, on a break, in wrap-up or away, at this kind of phone."""

    stream = WISHES

    agent: str
    presence: Presence
    reason: str = ""
    phone: PhoneKind = "browser"

    @property
    def subject(self) -> str:
        return self.agent


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """Asterisk's queue agrees: this is how the agent is now."""

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
