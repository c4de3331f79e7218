"""An utterance that two engines hear: the first one's words at once, the other's when they are there."""

from collections.abc import AsyncIterator

from ivr.speech import Failed, Heard, Reheard, Result, Thresholds
from ivr.speech.pool.stream import RemoteStream


class HeardTwice:
    """`ivr.speech.Stream` of the first engine, whose words come again from the second."""

    def __init__(self, first: RemoteStream, second: RemoteStream) -> None:
        self._first, self._second = first, second

    @property
    def source(self) -> str:
        return self._first.source

    @property
    def thresholds(self) -> Thresholds:
        return self._first.thresholds

    def feed(self, frame: bytes) -> None:
        self._first.feed(frame)
        self._second.feed(frame)

    def finish(self) -> None:
        self._first.finish()
        self._second.finish()

    async def __aiter__(self) -> AsyncIterator[Result]:
        async for result in self._first:
            # The same end for both, whatever the second has made of the pause.
            if isinstance(result, Heard | Failed):
                self._second.finish()
            yield result

    async def reheard(self) -> Reheard | None:
        """The second engine's words; None where it has failed, or heard none."""
        async for result in self._second:
            if isinstance(result, Heard) and result.text:
                return Reheard(result, self._second.source)
        return None

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()
