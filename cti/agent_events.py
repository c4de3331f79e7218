"""What happens to an agent: the events of `cti.agents.step`, beside the wishes of `domain.agents`."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.agents import AgentState, PhoneKind, PhoneState, PresenceRequested, Refusal

WRAPUP_MS = 10_000


@dataclass(frozen=True)
class MemberSeen:
    """Asterisk's queue has this agent; `calls` are those that have them."""

    member: AgentState
    calls: frozenset[str] = frozenset()
    wrapup_ms: int = WRAPUP_MS


@dataclass(frozen=True)
class PhoneChanged:
    """Asterisk says this of one of the agent's telephones."""

    agent: str
    phone: PhoneKind
    state: PhoneState


@dataclass(frozen=True)
class PhonesListed:
    """Asterisk has listed its telephones: these of agents, and no others."""

    phones: frozenset[tuple[str, PhoneKind]]


@dataclass(frozen=True)
class WishAnswered:
    """What Asterisk said to what the queue was told; no refusal: it agreed."""

    wish: AgentState
    refusal: Refusal | None = None


@dataclass(frozen=True)
class TalkStarted:
    """The agent has answered this call."""

    agent: str
    call_id: str


@dataclass(frozen=True)
class TalkEnded:
    """This call of the agent is over; 0: no wrap-up follows."""

    agent: str
    call_id: str
    wrapup_ms: int = WRAPUP_MS


@dataclass(frozen=True)
class RingMissed:
    """The agent's phone rang as long as it may, and the caller was still there."""

    agent: str


@dataclass(frozen=True)
class RingDeclined:
    """The agent's phone itself has ended the ringing."""

    agent: str


@dataclass(frozen=True)
class WrapupOver:
    """The wrap-up that began at `since_ms` has lasted long enough."""

    agent: str
    since_ms: int


@dataclass(frozen=True)
class QueueKnown:
    """Asterisk is back, perhaps without its members."""


@dataclass(frozen=True)
class Serves:
    """The agent belongs to these queues, each with its penalty: a higher one is asked later."""

    agent: str
    queues: Mapping[str, int]


@dataclass(frozen=True)
class Removed:
    """The agent is no agent any more."""

    agent: str


AgentEvent = (
    PresenceRequested
    | MemberSeen
    | PhoneChanged
    | WishAnswered
    | TalkStarted
    | TalkEnded
    | RingMissed
    | RingDeclined
    | WrapupOver
    | QueueKnown
    | Serves
    | Removed
)
