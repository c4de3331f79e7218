"""A stream as the dialogue holds it; its sound is heard in another process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from ivr.speech import Failed, Heard, Partial, Reheard, Result, Thresholds
from ivr.speech.models.folder import UNMEASURED
from ivr.speech.pool.framing import Kind

_MOST_RESULTS = 50  # an utterance has four beside its partial words


class RemoteStream:
    """One utterance. After `close` the iteration ends without a further result."""

    def __init__(
        self, send: Callable[[Kind, bytes], None], source: str = "", thresholds: Thresholds = UNMEASURED
    ) -> None:
        """`send` hands a message of this stream to its process and never waits; `source` is its engine."""
        self.source, self.thresholds = source, thresholds
        self.due_s: float | None = None  # by when its words must be there, once they are being made
        self._send = send
        self._results: deque[Result] = deque()
        self._news = asyncio.Event()
        self._ended = False

    def feed(self, frame: bytes) -> None:
        if not self._ended:
            self._send(Kind.SOUND, frame)

    def finish(self) -> None:
        """No more sound comes: what was heard becomes final."""
        if not self._ended:
            self._send(Kind.FINISH, b"")

    async def __aiter__(self) -> AsyncIterator[Result]:
        """What was heard, up to and with the one Heard or Failed."""
        while True:
            while self._results:
                yield self._results.popleft()
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()

    async def reheard(self) -> Reheard | None:
        """Nothing: one engine hears an utterance once."""
        return None

    async def close(self) -> None:
        if not self._ended:
            self._send(Kind.CLOSE, b"")
            self._end()

    def deliver(self, result: Result) -> None:
        """A result from the process; the first Heard or Failed is the last.

        Nobody need listen: of partial words only the newest wait; a process that says too much else fails.
        """
        if self._ended:
            return
        # Nobody wants to read words that newer ones have overtaken.
        if isinstance(result, Partial) and self._results and isinstance(self._results[-1], Partial):
            self._results.pop()
        if len(self._results) == _MOST_RESULTS:
            result = Failed("too many results")
        self._results.append(result)
        self._news.set()
        if isinstance(result, Heard | Failed):
            self._end()

    @property
    def ended(self) -> bool:
        """Whether nothing more will be heard."""
        return self._ended

    def _end(self) -> None:
        self._ended = True
        self._news.set()
