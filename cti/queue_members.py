"""Carries out agents' wishes at Asterisk's queue, one after another, beside the bridge's own loop."""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from cti.agent_events import WishAnswered
from cti.asterisk.ami import AmiDown, AmiRefused
from cti.effects import TellQueue
from cti.latest_per_key import LatestPerKey
from cti.queue_actions import queue_actions
from domain.agents import Refusal

log = structlog.get_logger()

# What Asterisk answers when the queue already is as it was asked to be.
_SO_ALREADY = ("Already there", "Not there")


class Sender(Protocol):
    """What can tell Asterisk to do something: `cti.asterisk.ami.Ami`, or a test's."""

    async def send(self, action: Mapping[str, str]) -> None:
        """Raises ValueError, AmiDown, AmiRefused."""


class QueueMembers:
    """The queue's members, as agents want them; the newest wish of each agent counts."""

    def __init__(self, ami: Sender, queue: str, answered: Callable[[WishAnswered], None]) -> None:
        self._ami = ami
        self._queue = queue
        self._answered = answered
        self._wishes: LatestPerKey[TellQueue] = LatestPerKey()

    def tell(self, wish: TellQueue) -> None:
        """Have the queue know this agent as wanted; `answered` is called with what Asterisk says."""
        self._wishes.put(wish.agent.username, wish)

    async def run(self) -> None:
        """Tell Asterisk what is wanted, until cancelled."""
        while True:
            # One at a time: two wishes of one agent must not overtake each other on the way to Asterisk.
            _, wish = await self._wishes.get()
            self._answered(WishAnswered(wish.agent, await self._send(wish)))

    async def _send(self, wish: TellQueue) -> Refusal | None:
        for action in queue_actions(wish, self._queue):
            try:
                await self._ami.send(action)
            except AmiDown:
                return "asterisk_down"
            except (AmiRefused, ValueError) as error:
                if not str(error).endswith(_SO_ALREADY):
                    agent, kind = wish.agent.username, action["Action"]
                    log.error("presence_refused", agent=agent, action=kind, error=str(error))
                    return "refused"
        return None
