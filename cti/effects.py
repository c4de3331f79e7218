"""What the pure middle wants done: the answers of every `step`."""

from dataclasses import dataclass

from domain.agents import AgentState
from domain.calls import Call
from domain.event import Event


@dataclass(frozen=True)
class Publish:
    """State this event on its stream."""

    event: Event


@dataclass(frozen=True)
class Save:
    """Write the call to the database."""

    call: Call


@dataclass(frozen=True)
class TellQueue:
    """Have Asterisk's queue know this agent so; `talking` ones are members that get no call."""

    agent: AgentState
    talking: bool


@dataclass(frozen=True)
class WakeAfterWrapup:
    """Come back with `WrapupOver` when a wrap-up has lasted long enough; `since_ms` tells which."""

    agent: str
    since_ms: int


@dataclass(frozen=True)
class ForgetLater:
    """The call has ended: let go of it in a while; whoever asks later is answered from the database."""

    call_id: str


@dataclass(frozen=True)
class Report:
    """Nothing was done with the event; the reason is for the log."""

    reason: str


Effect = Publish | Save | TellQueue | WakeAfterWrapup | ForgetLater | Report
