"""How long an agent may be without a browser before somebody must be told."""

import asyncio
from collections.abc import Callable


class Absence:
    """One timer an agent; `missed(agent)` is called once they have been gone for `after_s`."""

    def __init__(self, after_s: float, missed: Callable[[str], None]) -> None:
        self._after_s = after_s
        self._missed = missed
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def gone(self, agent: str) -> None:
        """Start the agent's timer, unless it runs."""
        # Pages come and go while the network is bad: counted from when the last of them left.
        if agent not in self._timers:
            self._timers[agent] = asyncio.get_running_loop().call_later(self._after_s, self._late, agent)

    def back(self, agent: str) -> None:
        if timer := self._timers.pop(agent, None):
            timer.cancel()

    def stop(self) -> None:
        for agent in list(self._timers):
            self.back(agent)

    def _late(self, agent: str) -> None:
        del self._timers[agent]
        self._missed(agent)
