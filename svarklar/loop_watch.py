"""How long the event loop has been held up: whoever blocks it holds up every caller at once."""

import asyncio
from contextlib import AbstractContextManager

_TICK_S = 0.005  # 200 looks a second see a stall of some milliseconds, and are no load to speak of


class LoopWatch(AbstractContextManager["LoopWatch"]):
    """Measures how late a timer comes; `longest_ms` is the worst since it was last taken."""

    def __init__(self) -> None:
        self._longest_s = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def __enter__(self) -> "LoopWatch":
        self._ticking = asyncio.create_task(self._tick())
        return self

    def __exit__(self, *_: object) -> None:
        if self._ticking:
            self._ticking.cancel()

    def take_longest_ms(self) -> float:
        """The longest stall in ms since the last call of this."""
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s * 1000

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self._longest_s = max(self._longest_s, loop.time() - due_s)
