"""What the pure middle wants done: the answers of every `step`."""

from collections.abc import Mapping
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
    """Have Asterisk's queues know this agent so.

    `queues` are those they serve, each with its penalty; None: the one queue of the settings. Those in `left`
    they serve no more.
    """

    agent: AgentState
    queues: Mapping[str, int] | None = None
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WakeAfterWrapup:
    """Come back with `WrapupOver` after so long: then a wrap-up is over; `since_ms` tells which."""

    agent: str
    since_ms: int
    after_s: float


@dataclass(frozen=True)
class ForgetLater:
    """The call has ended: let go of it in a while; whoever asks later is answered from the database."""

    call_id: str


@dataclass(frozen=True)
class Report:
    """Nothing was done with the event; the reason is for the log."""

    reason: str


Effect = Publish | Save | TellQueue | WakeAfterWrapup | ForgetLater | Report
