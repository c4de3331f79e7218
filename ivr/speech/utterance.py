"""One utterance in a worker: sound in, results out; silence never reaches the engine."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from ivr.speech import Heard, Partial, Result, SpeechBegan, SpeechStopped
from ivr.speech.activity import FRAME_MS, Activity, Phase

PAUSE_MS = 600
LONGEST_S = 60.0  # talk, music or noise without a pause becomes final then

_PREROLL_FRAMES = 20  # 400 ms before speech was certain: in noise a soft beginning is noticed late
_TAIL_MS = 160  # of a pause that is decoded; the rest only if the caller goes on
_EARLY_MS = 240  # of a pause, before a decoder is told that this may have been all
_CHUNK_FRAMES = 20  # decoded at once: the engine itself works in half seconds, smaller pieces cost more


class UtteranceDecoder(Protocol):
    """A decoder for one utterance: a streaming one, or one that gathers the sound to hear it whole."""

    def hear(self, sound: bytes) -> None:
        """Take in more sound: what was begun at the pause before it was no end."""

    def partial(self) -> str:
        """The words so far; empty where they come at the end only."""

    def expect_end(self, offset_s: float) -> None:
        """The caller pauses: this may be all. `offset_s` is where the sound begins in the stream."""

    def words_within_s(self, spoken_s: float) -> float:
        """How long the words may take at most when so much has been spoken and no more comes."""

    def final(self, offset_s: float) -> Heard | None:
        """The words, once; None where they are told later, when they are there."""

    def close(self) -> None:
        """Nobody wants the words any more."""


class Utterance:
    """Follows one stream. The decoder is made when speech begins: a silent caller costs next to nothing."""

    def __init__(self, rate_hz: int, make_decoder: Callable[[], UtteranceDecoder]) -> None:
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * 2
        self._make_decoder = make_decoder
        self._activity = Activity(rate_hz, PAUSE_MS)
        self._decoder: UtteranceDecoder | None = None
        self._rest = b""
        self._frames = 0
        self._begin_frame = 0
        self._waiting: deque[bytes] = deque(maxlen=_PREROLL_FRAMES)
        self._partial = ""
        self.ended = False

    def hear(self, sound: bytes) -> Iterator[Result]:
        """Take in more sound, of any length, and give what it leads to."""
        sound = self._rest + sound
        whole = len(sound) - len(sound) % self._frame_bytes
        self._rest = sound[whole:]
        for at in range(0, whole, self._frame_bytes):
            if self.ended:
                return
            yield from self._frame(sound[at : at + self._frame_bytes])

    def close(self) -> None:
        if self._decoder:
            self._decoder.close()

    def finish(self) -> Iterator[Result]:
        if not self.ended:
            yield from self._final()

    def _frame(self, frame: bytes) -> Iterator[Result]:
        self._frames += 1
        self._waiting.append(frame)
        voice = self._activity.hear(frame)
        if voice is Phase.QUIET:
            return
        if voice is Phase.BEGAN:
            yield self._begin()
        if voice is Phase.STOPPED or self._spoken_s >= LONGEST_S:
            yield from self._final()
        elif voice is Phase.PAUSE:
            # Early, for these may be the last words: at the end of the pause only the result is left to get.
            if self._activity.pause_ms == _TAIL_MS:
                yield from self._decode()
            elif self._activity.pause_ms == _EARLY_MS and self._decoder:
                self._decoder.expect_end(self._begin_s)
        elif len(self._waiting) >= _CHUNK_FRAMES:
            yield from self._decode()

    def _begin(self) -> SpeechBegan:
        self._decoder = self._make_decoder()
        self._begin_frame = self._frames - len(self._waiting)
        self._waiting = deque(self._waiting)  # without the bound of before: now every frame is to be decoded
        return SpeechBegan(at_s=self._now_s)

    def _decode(self) -> Iterator[Result]:
        if self._decoder is None:
            return
        self._decoder.hear(b"".join(self._waiting))
        self._waiting.clear()
        if (text := self._decoder.partial()) not in ("", self._partial):
            self._partial = text
            yield Partial(text)

    def _final(self) -> Iterator[Result]:
        self.ended = True
        if self._decoder is None:
            # Nobody has spoken: the port owes one result all the same.
            yield Heard("", 0.0)
            return
        yield SpeechStopped(self._now_s, self._decoder.words_within_s(self._spoken_s))
        if self._waiting and self._activity.pause_ms < _TAIL_MS:
            self._decoder.hear(b"".join(self._waiting))
        if heard := self._decoder.final(self._begin_s):
            yield heard

    @property
    def _begin_s(self) -> float:
        return self._begin_frame * FRAME_MS / 1000

    @property
    def _now_s(self) -> float:
        return self._frames * FRAME_MS / 1000

    @property
    def _spoken_s(self) -> float:
        return (self._frames - self._begin_frame) * FRAME_MS / 1000
