"""Work that waits for its turn, where only the newest of each kind is worth doing."""

import asyncio
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LatestPerKey(Generic[Value]):
    """A queue by key: a value that waits is replaced by a newer one, which keeps its place.

    So it never holds more than one value a key, and `put` never waits.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Value] = {}
        self._filled = asyncio.Event()

    def put(self, key: str, value: Value) -> None:
        """Let the value wait, in place of an older one of this key."""
        # A dictionary keeps a key's place when its value changes: asking again moves nobody back.
        self._waiting[key] = value
        self._filled.set()

    async def get(self) -> tuple[str, Value]:
        """Take the value that has waited longest, as soon as there is one."""
        await self._filled.wait()
        key = next(iter(self._waiting))
        value = self._waiting.pop(key)
        if not self._waiting:
            self._filled.clear()
        return key, value
