"""A stream as the dialogue holds it; its sound is heard in another process."""

import asyncio
from collections.abc import AsyncIterator, Callable

from ivr.speech import Failed, Heard, Result
from ivr.speech.pool.framing import Kind


class RemoteStream:
    """One utterance. After `close` the iteration ends without a further result."""

    def __init__(self, send: Callable[[Kind, bytes], None]) -> None:
        """`send` hands a message of this stream to its process and never waits."""
        self._send = send
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()
        self._ended = False

    def feed(self, frame: bytes) -> None:
        """Hand over the next sound."""
        if not self._ended:
            self._send(Kind.SOUND, frame)

    def finish(self) -> None:
        """No more sound comes: what was heard becomes final."""
        if not self._ended:
            self._send(Kind.FINISH, b"")

    async def __aiter__(self) -> AsyncIterator[Result]:
        """What was heard, up to and with the one Heard or Failed."""
        while (result := await self._results.get()) is not None:
            yield result
        self._results.put_nowait(None)  # for whoever asks again

    async def close(self) -> None:
        """Stop hearing."""
        if not self._ended:
            self._send(Kind.CLOSE, b"")
            self._end()

    def deliver(self, result: Result) -> None:
        """A result from the process; the first Heard or Failed is the last."""
        if self._ended:
            return
        self._results.put_nowait(result)
        if isinstance(result, Heard | Failed):
            self._end()

    @property
    def ended(self) -> bool:
        """Whether nothing more will be heard."""
        return self._ended

    def _end(self) -> None:
        self._ended = True
        self._results.put_nowait(None)
