"""A caller's line: the channel's events and the recogniser's results in one order, prompts and their end.

The caller's sound goes to the line's taps, in the order in which it is looked at, and no further: whoever
asks for what happens `next` learns that it was loud.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from cti.asterisk.channel import Channel, ChannelEvent, Frame, HungUp, Played
from ivr.sound import is_loud
from ivr.speech import Failed, Heard, Stream
from ivr.speech import Result as SpeechResult
from ivr.taps import Tap
from ivr.turn import Input, Loud, PromptEnded, TimeUp

log = structlog.get_logger()

_INBOX = 500  # events nobody has looked at: beyond it the channel waits
_PROMPT_GRACE_S = 3.0  # how much later than its length a prompt may be reported as heard
_CLOSE_S = 0.3  # a stalled engine must not hold the caller


class Line:
    """Everything that comes from one caller, in order, and what was said to them.

    To be used as an asynchronous context manager. Times are those of the event loop, in seconds.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[tuple[Stream | None, ChannelEvent | SpeechResult]] = asyncio.Queue(_INBOX)
        self._taps: list[Tap] = []
        self._arrived_bytes = self._tapped_bytes = 0
        self._saying: list[tuple[bytes, float, float]] = []  # prompts, from and until when as taps count
        self.stream: Stream | None = None
        self._results: asyncio.Task[None] | None = None
        self._marks = 0
        self._awaited = ""  # the mark of the last prompt, until it was heard
        self._sound_ends_s = 0.0
        self.hung_up = False

    async def __aenter__(self) -> "Line":
        self._events = asyncio.create_task(self._read_channel())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_hearing()
        self._events.cancel()
        with suppress(asyncio.CancelledError):
            await self._events

    @property
    def rate_hz(self) -> int:
        return self._channel.rate_hz

    @property
    def speaking(self) -> bool:
        """Whether something that was said has not been heard yet."""
        return bool(self._awaited)

    @property
    def prompt_by_s(self) -> float:
        """When all that was said must have been heard, even if nobody reports it."""
        return max(self._sound_ends_s, self.now_s) + _PROMPT_GRACE_S

    @property
    def now_s(self) -> float:
        """The clock of deadlines."""
        return self._loop.time()

    async def say(self, sound: bytes) -> None:
        """Queue the sound after what is still being said."""
        if self.hung_up or not sound:
            return
        self._marks += 1
        self._awaited = str(self._marks)
        # Prompts are heard one after the other, and Asterisk takes them faster than they are.
        self._sound_ends_s = max(self._sound_ends_s, self.now_s) + len(sound) / 2 / self.rate_hz
        self._tell_taps_of(sound)
        await self._tell(self._channel.play(sound, self._awaited))

    async def hush(self) -> None:
        if self._awaited:
            self._awaited = ""
            self._sound_ends_s = self.now_s
            self._saying.clear()
            for tap in self._taps:
                tap.hush(self._arrived_s)
            await self._tell(self._channel.flush())

    async def _tell(self, command: Awaitable[None]) -> None:
        """A line that breaks is a caller who is gone, not a failure."""
        try:
            await command
        except ConnectionError as error:
            log.info("line_broken", error=repr(error))
            self.hung_up = True

    def tap(self, tap: Tap) -> Callable[[], None]:
        """Let it hear along from now on, what is being said as well; what is returned takes it off again."""
        self._taps.append(tap)
        for sound, from_s, until_s in self._saying:
            if until_s > self._arrived_s:
                tap.say(sound, from_s)
        return lambda: self._taps.remove(tap)

    @property
    def _arrived_s(self) -> float:
        return self._arrived_bytes / 2 / self.rate_hz

    def _tell_taps_of(self, sound: bytes) -> None:
        self._saying = [one for one in self._saying if one[2] > self._arrived_s]
        from_s = max((until_s for _, _, until_s in self._saying), default=self._arrived_s)
        self._saying.append((sound, from_s, from_s + len(sound) / 2 / self.rate_hz))
        for tap in self._taps:
            tap.say(sound, from_s)

    def _tapped(self, sound: bytes) -> Loud | None:
        at_s = self._tapped_bytes / 2 / self.rate_hz
        self._tapped_bytes += len(sound)
        for tap in self._taps:
            tap.hear(sound, at_s)
        return Loud() if is_loud(sound) else None

    def hear(self, stream: Stream) -> None:
        """Mix what the recogniser makes of what its tap hears into the events."""
        self.stream = stream
        self._results = asyncio.create_task(self._read_stream(stream))

    def finish(self) -> None:
        """Have the recogniser make final what it has."""
        if self.stream:
            self.stream.finish()

    def release(self) -> Stream | None:
        """Let go of the recogniser's stream without closing it: its words may come again."""
        stream, self.stream = self.stream, None
        if self._results:
            self._results.cancel()
        return stream

    async def stop_hearing(self) -> None:
        """Let go of the recogniser's stream and close it."""
        stream = self.release()
        if stream is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_S):
                await stream.close()
        except Exception as error:
            log.warning("speech_stream_not_closed", error=repr(error))

    def forget(self) -> None:
        """Drop what came before now: a key or a word answers no question that was not asked yet."""
        while not self._inbox.empty():
            # Looked at all the same: a hang-up or the end of a prompt among them still counts.
            self._noticed(*self._inbox.get_nowait())

    async def next(self, deadline_s: float | None) -> Input:
        """The next thing that happens, TimeUp when nothing does before the deadline."""
        while True:
            try:
                async with asyncio.timeout_at(deadline_s):
                    source, event = await self._inbox.get()
            except TimeoutError:
                return TimeUp()
            noticed = self._noticed(source, event)
            if noticed is not None:
                return noticed

    def _noticed(self, source: Stream | None, event: ChannelEvent | SpeechResult) -> Input | None:
        """The event as a turn takes it; None for what is of the past."""
        # Of the question before: its stream is closed, its last results were on the way.
        if source is not None and source is not self.stream:
            return None
        if isinstance(event, Frame):
            return self._tapped(event.sound)
        if isinstance(event, Played):
            if event.mark != self._awaited:
                return None
            self._awaited = ""
            return PromptEnded()
        if isinstance(event, HungUp):
            self.hung_up = True
        return event

    async def _read_channel(self) -> None:
        try:
            async for event in self._channel.events():
                if isinstance(event, Frame):
                    self._arrived_bytes += len(event.sound)
                await self._inbox.put((None, event))
                if isinstance(event, HungUp):
                    return
        except Exception:
            log.exception("channel_failed")
        # Whatever ended the events, a dialogue must not wait for ever.
        await self._inbox.put((None, HungUp()))

    async def _read_stream(self, stream: Stream) -> None:
        reason = "ended without a result"
        try:
            async for result in stream:
                await self._inbox.put((stream, result))
                if isinstance(result, Heard | Failed):
                    return
        except Exception as error:
            reason = repr(error)
        # A stream owes its turn one last result.
        await self._inbox.put((stream, Failed(reason)))
