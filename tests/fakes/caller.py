"""A caller, an engine and a voice that do what a test says: for failures that cannot be staged."""

import asyncio
from collections.abc import AsyncIterator

from cti.asterisk.channel import ChannelEvent, Frame, HungUp, Key, Played
from ivr.speech import (
    Failed,
    Heard,
    NoModel,
    Partial,
    Reheard,
    Result,
    SpeechBegan,
    SpeechStopped,
    Thresholds,
    Word,
)

LOUD = b"\x00\x10" * 160
QUIET = bytes(320)


class FakeChannel:
    """A caller who hears every prompt at once, unless `listens` is False."""

    rate_hz = 8000

    def __init__(self) -> None:
        self.listens = True
        self.broken = False
        self.closed = False
        self.flushed = 0
        self._marks: list[str] = []
        self._events: asyncio.Queue[ChannelEvent] = asyncio.Queue()

    async def events(self) -> AsyncIterator[ChannelEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, HungUp):
                return

    async def play(self, sound: bytes, mark: str) -> None:
        if self.broken:
            raise ConnectionResetError("closing transport")
        self._marks.append(mark)
        if self.listens:
            self._heard()

    async def flush(self) -> None:
        self.flushed += 1
        self._heard()

    async def close(self) -> None:
        self.closed = True

    def put(self, *events: ChannelEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    def press(self, keys: str) -> None:
        self.put(*map(Key, keys))

    def make_sound(self, frames: int = 25, sound: bytes = LOUD) -> None:
        self.put(*[Frame(sound)] * frames)

    def _heard(self) -> None:
        self.put(*map(Played, self._marks))
        self._marks.clear()


class FakeStream:
    """An utterance whose results a test states; a stalled one never ends by itself.

    `rehears` makes `reheard` wait for what the test puts into it.
    """

    source = "fake"
    thresholds = Thresholds(accept=0.9, confirm=0.6)

    def __init__(self) -> None:
        self.rehears: asyncio.Future[Reheard | None] | None = None
        self.frames: list[bytes] = []
        self.finished = asyncio.Event()
        self.closed = False
        self.at_finish: Result | None = None
        self._results: asyncio.Queue[Result] = asyncio.Queue()

    def feed(self, frame: bytes) -> None:
        self.frames.append(frame)

    def finish(self) -> None:
        self.finished.set()
        if self.at_finish:
            self.state(self.at_finish)

    async def __aiter__(self) -> AsyncIterator[Result]:
        while True:
            result = await self._results.get()
            yield result
            if isinstance(result, Heard | Failed):
                return

    async def reheard(self) -> Reheard | None:
        return await self.rehears if self.rehears else None

    async def close(self) -> None:
        self.closed = True

    def state(self, *results: Result) -> None:
        for result in results:
            self._results.put_nowait(result)

    def hear(self, text: str, confidence: float = 0.97) -> None:
        self.state(SpeechBegan(0.1), Partial(text), SpeechStopped(1.0), heard(text, confidence))


class FakeRecogniser:
    """Speaks the given languages; `error` is raised, and `hangs` waits for ever, where a stream is wanted."""

    def __init__(self, *languages: str) -> None:
        self._languages = frozenset(languages)
        self.error: Exception | None = None
        self.hangs = False
        self.streams: list[FakeStream] = []

    def languages(self) -> frozenset[str]:
        return self._languages

    def thresholds(self, language: str) -> Thresholds:
        return FakeStream.thresholds

    async def open(self, language: str, rate_hz: int, grammar: tuple[str, ...] | None = None) -> FakeStream:
        if self.error:
            raise self.error
        if self.hangs:
            await asyncio.Event().wait()
        if language not in self._languages:
            raise NoModel(language)
        self.streams.append(FakeStream())
        return self.streams[-1]

    async def close(self) -> None:
        """Nothing to stop."""


class FakePrompts:
    """Says everything with the same sound, and remembers it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.error: Exception | None = None

    async def sound(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        if self.error:
            raise self.error
        self.said.append((language, key))
        return bytes(320)

    @property
    def keys(self) -> list[str]:
        return [key for _, key in self.said]


def heard(text: str, confidence: float = 0.97) -> Heard:
    """What an engine makes of words that are all equally clear."""
    words = tuple(Word(word, index, index + 0.5, confidence) for index, word in enumerate(text.split()))
    return Heard(text, confidence, words)
