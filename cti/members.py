"""Carries out wishes of agents at Asterisk's queue, one after another, beside the bridge's own loop."""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from cti.asterisk.ami import AmiDown, AmiRefused
from cti.latest_per_key import LatestPerKey
from cti.presence import Agent, Refusal, actions
from domain.events import PresenceChanged

log = structlog.get_logger()

# What Asterisk answers where the queue is as wanted already.
_SO_ALREADY = ("Already there", "Not there")


class Sender(Protocol):
    """What can tell Asterisk to do something: `cti.asterisk.ami.Ami`."""

    async def send(self, action: Mapping[str, str]) -> None:
        """Raises ValueError, AmiDown, AmiRefused."""


class Members:
    """The queue's members, as agents want them; the newest wish of each agent counts."""

    def __init__(self, ami: Sender, queue: str, done: Callable[[PresenceChanged, Refusal], None]) -> None:
        self._ami = ami
        self._queue = queue
        self._done = done
        self._wishes: LatestPerKey[Agent] = LatestPerKey()

    def apply(self, agent: Agent) -> None:
        """Have the queue know this agent as wanted; `done` is called with Asterisk's answer."""
        self._wishes.put(agent.name, agent)

    async def run(self) -> None:
        """Tell Asterisk what is wanted, until cancelled."""
        while True:
            _, agent = await self._wishes.get()
            self._done(agent.wanted, await self._tell(agent))

    async def _tell(self, agent: Agent) -> Refusal:
        for action in actions(agent, self._queue):
            try:
                await self._ami.send(action)
            except AmiDown:
                return "asterisk_down"
            except (AmiRefused, ValueError) as error:
                if not str(error).endswith(_SO_ALREADY):
                    log.error("presence_refused", agent=agent.name, action=action["Action"], error=str(error))
                    return "refused"
        return ""
