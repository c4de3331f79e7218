"""The port to an engine: what makes words of sound, in the speech processes. One file an engine.

There are two kinds. A *streaming* one decodes while the caller talks and has the words when the pause is
over. A *whole* one gets the sound of an utterance when it has ended (or seems to: what it makes of a pause
after which the caller goes on is thrown away), and needs its time then; how long at most, it states itself.

Sound is signed 16-bit little-endian mono. Times are seconds; `offset_s` is where the decoded sound begins in
its stream, for the times of words count from there. The server's process loads no model: there an engine is
only asked which folders are its own, so its library is imported in `load` and not before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from ivr.speech import Heard


@dataclass(frozen=True)
class Spoken:
    """What is to be heard as one utterance; a grammar restricts the words."""

    sound: bytes = field(repr=False)
    rate_hz: int
    language: str
    grammar: tuple[str, ...] | None = None
    offset_s: float = 0.0

    @property
    def length_s(self) -> float:
        return len(self.sound) / 2 / self.rate_hz


class StreamingDecoder(Protocol):
    """Decodes one utterance while it is spoken."""

    def hear(self, sound: bytes) -> None:
        """Decode more sound."""

    def partial(self) -> str:
        """The words so far."""

    def final(self, offset_s: float) -> Heard:
        """The words, once."""


class LoadedModel(Protocol):
    """A model in memory."""

    def knows(self, phrase: str) -> bool:
        """Whether the phrase can be recognised at all; what cannot is left out of grammars."""

    def cost(self, sound: bytes, rate_hz: int) -> float:
        """Processor seconds that a second of this speech takes."""


@runtime_checkable
class StreamingModel(LoadedModel, Protocol):
    """A model of a streaming engine."""

    words_within_s: float
    """How long after the end of speech the words may take, at most."""

    def open(self, rate_hz: int, language: str, grammar: tuple[str, ...] | None) -> StreamingDecoder:
        """A decoder for one utterance."""


@runtime_checkable
class WholeModel(LoadedModel, Protocol):
    """A model of an engine that hears whole utterances."""

    def longest_s(self, spoken_s: float) -> float:
        """How long hearing an utterance of this length may take, at most: after that it is taken for hung."""

    def transcribe(self, spoken: Spoken, given_up: Callable[[], bool]) -> Heard:
        """The words; blocks. Once `given_up()` is true nobody wants them: stop early if you can."""


class Engine(Protocol):
    """Which folders are its models, and how to load one."""

    name: str
    """As model records, logs and `StatementHeard.source` have it."""

    whole: bool
    """Whether it hears whole utterances; `load` gives a WholeModel then, else a StreamingModel."""

    sign: str
    """The file by which one of its models is known, for people: `am/final.mdl`."""

    def owns(self, folder: Path) -> bool:
        """Whether the folder looks like one of its models."""

    def languages(self, folder: Path) -> tuple[str, ...]:
        """Which languages (en, sv, nb …) the model speaks by its name or files; empty where nothing tells."""

    def load(self, folder: Path) -> StreamingModel | WholeModel:
        """Read the model, which takes seconds. Raises ValueError where it cannot be read."""
