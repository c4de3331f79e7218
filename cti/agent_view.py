"""What an agent is, of everything that is known of them: see the table in `cti.agents`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.agents import AgentState, AwayBecause, PhoneKind, PhoneState, Wish


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What an agent wants to be while no call has them; `because`: who is away without having said so."""

    presence: Wish = "away"
    reason: str = ""
    phone: PhoneKind = "browser"
    because: AwayBecause = ""


@dataclass(frozen=True, kw_only=True)
class Agent:
    """`wanted` is what they are to be once the queue agrees, `agreed` what everybody was told last.

    `granted` is the last choice that the queue has agreed to. `has_chosen`: somebody has said what they are.
    `queues`: those they serve, None for the one of the settings; those in `left` they serve no more.
    """

    wanted: AgentState
    agreed: AgentState
    choice: Choice = field(default_factory=Choice)
    granted: Choice = field(default_factory=Choice)
    has_chosen: bool = False
    is_removed: bool = False
    calls: frozenset[str] = frozenset()
    phones: dict[PhoneKind, PhoneState]
    misses: int = 0
    refusals: int = 0
    wrapup_until_ms: int | None = None
    queues: Mapping[str, int] | None = None
    left: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.wanted.username


def view(agent: Agent, now_ms: int) -> AgentState:
    """What they are to be; the time since when stands where they are so already."""
    before, core = agent.wanted, _core(agent)
    is_so = before.since_ms and (core.presence, core.reason) == (before.presence, before.reason)
    is_anything = agent.has_chosen or bool(agent.calls)
    since_ms = before.since_ms if is_so else now_ms if is_anything else 0
    return replace(_with_facts(core, agent), since_ms=since_ms, calls=tuple(sorted(agent.calls)))


def stated(agent: Agent, now_ms: int, *, has_agreed: bool) -> AgentState:
    """What everybody is told: what is to be so where the queue has agreed, or Asterisk itself says it."""
    wanted, before = agent.wanted, agent.agreed
    of_asterisk = "talking" in (wanted.presence, before.presence) or wanted.away_because == "unreachable"
    if has_agreed or of_asterisk or is_same(wanted, before):
        return wanted
    kept = _with_facts(before, agent)
    # Still ready at a phone that has gone, while the queue is asked for another.
    if kept.presence == "ready" and not kept.reachable:
        return replace(kept, presence="away", away_because="unreachable", next="ready", since_ms=now_ms)
    return kept


def is_same(one: AgentState, other: AgentState) -> bool:
    """Whether both are the same presence, whenever it began and whatever telephones do."""
    return _presence_of(one) == _presence_of(other)


def _presence_of(state: AgentState) -> tuple[object, ...]:
    choice = (state.presence, state.reason, state.phone, state.next, state.next_reason)
    return (*choice, state.away_because, state.wrapup_until_ms)


def _core(agent: Agent) -> AgentState:
    """The row of the table."""
    choice = agent.choice
    here = AgentState(username=agent.name, phone=choice.phone)
    if agent.calls:
        return replace(here, presence="talking", next=choice.presence, next_reason=choice.reason)
    if agent.wrapup_until_ms is not None:
        return replace(here, presence="wrapup", next="ready", wrapup_until_ms=agent.wrapup_until_ms)
    if choice.presence == "ready" and agent.phones[choice.phone] == "unavailable":
        return replace(here, next="ready", away_because="unreachable")
    return replace(here, presence=choice.presence, reason=choice.reason, away_because=choice.because)


def _with_facts(state: AgentState, agent: Agent) -> AgentState:
    return replace(
        state,
        phones=agent.phones,
        reachable=agent.phones[state.phone] != "unavailable",
        misses=agent.misses,
        refusals=agent.refusals,
    )
