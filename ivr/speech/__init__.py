"""The port to speech recognition: what a dialogue may expect of any engine.

A stream hears one utterance: it is opened when the caller may speak, fed signed 16-bit little-endian mono in
frames of any length (40 ms from a telephone, see `cti/asterisk/media.py`), and ends with one `Heard` or
`Failed`. Nothing here blocks.

The words of an utterance may be there in milliseconds or take seconds: `SpeechStopped` says how long at most.
And they may come once again, better, from a slower engine that heard the same sound: `Stream.reheard`. That
may be when the dialogue has long gone on.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

OPEN_S = 1.0  # longer than this to be heard, and a caller would take the line for broken; then by keys


@dataclass(frozen=True)
class Word:
    """A recognised word; seconds from the first frame fed to its stream, confidence 0–1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class SpeechBegan:
    """The caller has started to talk, `at_s` seconds into the stream: prompts stop (barge-in)."""

    at_s: float


@dataclass(frozen=True)
class Partial:
    """The words so far."""

    text: str


@dataclass(frozen=True)
class SpeechStopped:
    """The pause after the words was long enough, or the stream was finished; `Heard` or `Failed` follows.

    It does within `words_within_s`, which its engine states: after that the engine is taken for dead.
    """

    at_s: float
    words_within_s: float = 1.0


@dataclass(frozen=True)
class Heard:
    """The final words; empty text means sound without words. Alternatives: next best texts."""

    text: str
    confidence: float
    words: tuple[Word, ...] = ()
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reheard:
    """The words of the utterance once more, better ones; `source` is the engine that heard them."""

    heard: Heard
    source: str


@dataclass(frozen=True)
class Failed:
    """The engine crashed or stalled: the dialogue goes on by keys. Reason is for the log."""

    reason: str


Result = SpeechBegan | Partial | SpeechStopped | Heard | Failed


@dataclass(frozen=True)
class Thresholds:
    """Confidence at or above `accept` is used, at or above `confirm` asked back, below not used."""

    accept: float
    confirm: float


class NoModel(Exception):
    """No installed model speaks this language."""


class Overloaded(Exception):
    """The machine carries no further stream: go by keys at once."""


class Stream(Protocol):
    """One utterance being heard."""

    @property
    def source(self) -> str:
        """The engine whose words `Heard` has: vosk …"""

    @property
    def thresholds(self) -> Thresholds:
        """How far these words can be trusted: those of the model that hears, whatever is loaded meanwhile."""

    def feed(self, frame: bytes) -> None:
        """Hand over the next sound; returns at once, drops the sound when the engine is gone."""

    def finish(self) -> None:
        """No more sound comes: what was heard becomes final without waiting for a pause.

        `SpeechStopped`, or `Heard` where nobody has spoken, follows at once, whatever the words may take.
        """

    def __aiter__(self) -> AsyncIterator[Result]:
        """What was heard, in order, up to and with the one `Heard` or `Failed`."""

    async def reheard(self) -> Reheard | None:
        """After `Heard`: the words once more, when they are there; None where no better ones come."""

    async def close(self) -> None:
        """Stop hearing, the second time too; allowed at any time and more than once."""


class Recogniser(Protocol):
    """One engine or several, shared by all calls."""

    def languages(self) -> frozenset[str]:
        """The languages (en, sv, nb …) that some installed model speaks."""

    def thresholds(self, language: str) -> Thresholds:
        """How far the model of this language can be trusted, from measured speech."""

    async def open(self, language: str, rate_hz: int, grammar: tuple[str, ...] | None = None) -> Stream:
        """Begin to hear; a grammar restricts the words (digits, yes/no). Raises NoModel, Overloaded."""

    async def close(self) -> None:
        """Stop the engines and their processes."""
