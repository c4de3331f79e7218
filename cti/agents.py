"""The agents as the bridge keeps them: the rules of cti/presence.py, with Asterisk and the clock."""

from collections.abc import Callable
from dataclasses import dataclass

from cti import presence
from cti.asterisk.ami_events import AmiMessage
from cti.members import Members, Sender
from cti.presence import Agent, Refusal
from domain.events import PresenceChanged, PresenceRequested

Timer = Callable[[float, Callable[[], None]], object]


@dataclass(frozen=True)
class WrapupOver:
    """The wrap-up that began at `since_ms` has lasted long enough."""

    agent: str
    since_ms: int


@dataclass(frozen=True)
class WishAnswered:
    """What Asterisk said to an agent's wish."""

    wish: PresenceChanged
    refusal: Refusal


class Agents:
    """Every agent that was heard of. What comes later (a timer, Asterisk's answer) goes to `post`.

    `post` is to hand it back, in its turn, to `wrapup_over` and `wish_answered`.
    """

    def __init__(
        self,
        *,
        ami: Sender,
        queue: str,
        wrapup_s: float,
        clock: Callable[[], int],
        timer: Timer,
        post: Callable[[WrapupOver | WishAnswered], None],
    ) -> None:
        self._wrapup_s = wrapup_s
        self._clock = clock
        self._timer = timer
        self._post = post
        self._agents: dict[str, Agent] = {}
        self._members = Members(ami, queue, lambda wish, refusal: post(WishAnswered(wish, refusal)))

    def agreed(self) -> tuple[PresenceChanged, ...]:
        """What Asterisk's queue has agreed to, agent by agent."""
        return tuple(agent.agreed for agent in self._agents.values())

    async def run(self) -> None:
        """Tell Asterisk what is wanted, until cancelled."""
        await self._members.run()

    def request(self, request: PresenceRequested) -> None:
        """An agent wants something."""
        self._want(presence.requested(self._agents.get(request.agent), request, self._clock()))

    def talk_started(self, name: str) -> None:
        """The agent has answered a call."""
        if name in self._agents:
            self._want(presence.talk_started(self._agents[name]))

    def talk_ended(self, name: str) -> None:
        """The agent's call is over."""
        if name in self._agents:
            agent = presence.talk_ended(self._agents[name], self._clock())
            self._want(agent)
            self._end_wrapup_later(agent)

    def wrapup_over(self, over: WrapupOver) -> None:
        """A wrap-up has lasted long enough; no matter if it is over already."""
        self._want(presence.wrapup_over(self._agents[over.agent], over.since_ms, self._clock()))

    def wish_answered(self, answer: WishAnswered) -> PresenceChanged | None:
        """Asterisk has agreed or not; returns what is to be stated."""
        wish = answer.wish
        agent, news = presence.applied(self._agents[wish.agent], wish, answer.refusal, self._clock())
        self._agents[wish.agent] = agent
        return news

    def adopt(self, member: AmiMessage, talking: Callable[[str], bool]) -> PresenceChanged | None:
        """Learn an agent from Asterisk's queue (we were started again); returns what is to be stated."""
        agent = presence.adopted(member, self._clock())
        if agent is None or agent.name in self._agents:
            return None
        if talking(agent.name):
            agent = presence.talk_started(agent)
        self._agents[agent.name] = agent
        self._end_wrapup_later(agent)
        return agent.agreed

    def want_all_again(self) -> None:
        """Asterisk is back, perhaps without its members."""
        for agent in self._agents.values():
            self._members.apply(agent)

    def _want(self, agent: Agent) -> None:
        self._agents[agent.name] = agent
        self._members.apply(agent)

    def _end_wrapup_later(self, agent: Agent) -> None:
        if agent.wrapup_ends:
            over = WrapupOver(agent.name, agent.wanted.since_ms)
            self._timer(self._wrapup_s, lambda: self._post(over))
