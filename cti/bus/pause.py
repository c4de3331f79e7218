"""How long to wait before trying again what was refused."""

import asyncio

_FIRST_S, _LONGEST_S = 0.05, 5.0


class GrowingPause:
    """Twice as long each time, up to `longest_s`, until what was tried succeeds."""

    def __init__(self, longest_s: float = _LONGEST_S) -> None:
        self._longest_s = longest_s
        self._next_s = _FIRST_S

    async def wait(self) -> None:
        """Sleep; longer than the last time."""
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        await asyncio.sleep(pause_s)

    def succeeded(self) -> None:
        """The next pause is a short one again."""
        self._next_s = _FIRST_S
