"""Agents folded from the fact log: as everybody was told they are, without Asterisk, pages or clock.

What the queue agrees to and what Asterisk says of telephones is no fact by itself; what follows from it is:
each `PresenceChanged` has the whole agent, and is written down before anybody is told. So the newest one of
each agent is what they are, until they are no agent any more.
"""

from casestore.db import Store
from cti.facts import event_of
from cti.folding import facts_after
from domain.agents import AgentState, PresenceChanged, StaffChanged
from domain.event import Event

_KINDS = (PresenceChanged.__name__, StaffChanged.__name__)


class AgentFolding:
    """Agents as facts make them."""

    def __init__(self) -> None:
        self._agents: dict[str, AgentState] = {}
        self._staff: frozenset[str] | None = None

    def fold(self, event: Event) -> None:
        match event:
            case PresenceChanged(agent=agent):
                self._agents[agent.username] = agent
            case StaffChanged(agents=names):
                self._staff = frozenset(names)
        self._let_go()

    def agents(self) -> tuple[AgentState, ...]:
        """In the order in which they were first heard of."""
        return tuple(self._agents.values())

    def _let_go(self) -> None:
        """Who was removed is there until the queue has let go of them: then they are away for good."""
        if self._staff is None:
            return
        gone = [n for n, agent in self._agents.items() if n not in self._staff and agent.presence == "away"]
        for name in gone:
            del self._agents[name]


def agents_from(store: Store) -> tuple[AgentState, ...]:
    """Every agent as the log has them. Blocking."""
    folding = AgentFolding()
    for page in facts_after(store, 0, kinds=_KINDS):
        for event in filter(None, map(event_of, page)):
            folding.fold(event)
    return folding.agents()
