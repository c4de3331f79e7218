"""What waits to be taken in by one task: others wait while it is full, its own errands never do."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """A queue emptied a group at a time; `most` bounds what others put, `post` is for what is ours."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._undone = 0
        self._all_done = asyncio.Event()
        self._all_done.set()

    async def put(self, item: Item) -> None:
        """Let the item wait; waits itself while there is no room."""
        while len(self._items) >= self._most:
            self._room.clear()
            await self._room.wait()
        self.post(item)

    def post(self, item: Item) -> None:
        """Let the item wait, whatever waits already: an answer or a timer that we have asked for."""
        # Bounded, this would be a deadlock: whoever empties the inbox would wait for itself.
        self._items.append(item)
        self._undone += 1
        self._all_done.clear()
        self._filled.set()

    async def take(self, most: int) -> list[Item]:
        """What has waited longest, at least one and at most so many."""
        await self._filled.wait()
        taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
        if not self._items:
            self._filled.clear()
        self._room.set()
        return taken

    def done(self, items: int) -> None:
        """So many of what was taken have been worked off."""
        self._undone -= items
        if not self._undone:
            self._all_done.set()

    async def worked_off(self) -> None:
        """Return when everything that was put has been taken and is done."""
        await self._all_done.wait()
