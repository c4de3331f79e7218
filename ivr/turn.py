"""One question to the caller, as a state machine: what comes in, and when it is answered. Pure.

    prompt ──its end──> waiting ──speech──> talking ──pause──> ending ──words──> answered
       └──speech──────────────────────────────^        (none within what the engine says: it is dead)
    anywhere: a key wins over speech ──> typing ──enough keys, or none for a while──> answered

Times are seconds of one steady clock. Speech and keys stop the prompt; what was said over it counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from cti.asterisk.channel import HungUp, Key
from ivr.moves import Answer, Deaf, Pressed, Recorded, Silence, Statement, Unclear
from ivr.speech import Failed, Heard, Partial, SpeechBegan, SpeechStopped


@dataclass(frozen=True)
class Patience:
    """How long each thing is waited for, in seconds."""

    silence_s: float = 6.0
    between_keys_s: float = 3.0
    answer_s: float = 10.0
    statement_s: float = 60.0
    quiet_s: float = 1.0  # without sound or new words, before an engine that still hears speech is doubted
    finish_s: float = 1.0  # until a stream that was told to finish says how long its words will take
    recording_pause_s: float = 4.0


@dataclass(frozen=True)
class Loud:
    """The caller's sound was loud just now: they might be talking."""


@dataclass(frozen=True)
class PromptEnded:
    """Everything that was to be said has been heard."""


@dataclass(frozen=True)
class TimeUp:
    """The deadline has passed."""


class CallerHungUp(Exception):
    """The caller has hung up and there is nothing more to learn."""


class Action(Enum):
    """What the turn wants done: silence the prompt, or have the words so far made final."""

    FLUSH = auto()
    FINISH = auto()


Input = Loud | Key | HungUp | PromptEnded | TimeUp | SpeechBegan | Partial | SpeechStopped | Heard | Failed
TurnAction = Action | Answer


class Turn(Protocol):
    """A question being asked."""

    deadline_s: float | None

    def take(self, event: Input, now_s: float) -> tuple[TurnAction, ...]:
        """What follows from the event; an answer is the last. Raises CallerHungUp."""


class Reader(Protocol):
    """How keys and words are understood as the answer to one question."""

    free: bool
    """Whether the caller talks freely: then keys interrupt the words instead of replacing them."""

    def keys(self, typed: str, *, more: bool) -> Answer | None:
        """The answer, None while it is not whole; `more`: further keys may come."""

    def words(self, heard: Heard) -> Answer:
        """The answer."""


class Phase(Enum):
    """Where a turn stands; the drawing above has the ways between."""

    PROMPT = auto()
    WAITING = auto()
    TALKING = auto()
    ENDING = auto()
    TYPING = auto()


class SpokenTurn:
    """A question that is answered by voice or keys."""

    def __init__(self, reader: Reader, patience: Patience, prompt_by_s: float) -> None:
        """`prompt_by_s`: when the prompt must have ended, should nobody say so."""
        self._reader = reader
        self._patience = patience
        self._phase = Phase.PROMPT
        self._typed = ""
        self._partial = ""
        self._interrupted_by = ""
        self._left = False
        self._talk_until_s = 0.0
        self.deadline_s: float | None = prompt_by_s

    def take(self, event: Input, now_s: float) -> tuple[TurnAction, ...]:
        """What follows from the event; an answer is the last. Raises CallerHungUp."""
        match event:
            case Key(digit):
                return self._key(digit, now_s)
            case PromptEnded() if self._phase is Phase.PROMPT:
                self._enter(Phase.WAITING, now_s + self._patience.silence_s)
            case TimeUp():
                return self._time_up(now_s)
            case HungUp():
                return self._hung_up(now_s)
            case Loud() if self._phase is Phase.TALKING:
                self._goes_on(now_s)
            case SpeechBegan() | Partial() | SpeechStopped() | Heard() | Failed():
                if self._phase is not Phase.TYPING:
                    return self._speech(event, now_s)
        return ()

    def _enter(self, phase: Phase, deadline_s: float) -> None:
        self._phase, self.deadline_s = phase, deadline_s

    def _goes_on(self, now_s: float) -> None:
        """The caller is loud or new words come: else an engine that still hears speech is doubted."""
        self.deadline_s = min(self._talk_until_s, now_s + self._patience.quiet_s)

    def _key(self, digit: str, now_s: float) -> tuple[TurnAction, ...]:
        # In the middle of free speech: what was said up to here is made final, and the key goes with it.
        if self._reader.free and self._phase in (Phase.TALKING, Phase.ENDING):
            self._interrupted_by = digit
            return (Action.FLUSH, *self._finish(now_s))
        if digit == "#" and not self._typed:
            return ()  # it ends an answer: here the one before, typed with a hash too many
        self._typed += digit
        answer = self._reader.keys(self._typed, more=True)
        if answer is None:
            self._enter(Phase.TYPING, now_s + self._patience.between_keys_s)
            return (Action.FLUSH,)
        return (Action.FLUSH, answer)

    def _speech(
        self, event: SpeechBegan | Partial | SpeechStopped | Heard | Failed, now_s: float
    ) -> tuple[TurnAction, ...]:
        match event:
            # Over the prompt too: barge-in.
            case SpeechBegan() if self._phase in (Phase.PROMPT, Phase.WAITING):
                most_s = self._patience.statement_s if self._reader.free else self._patience.answer_s
                self._talk_until_s = now_s + most_s
                self._phase = Phase.TALKING
                self._goes_on(now_s)
                return (Action.FLUSH,)
            case Partial(text) if text != self._partial:
                self._partial = text
                if self._phase is Phase.TALKING:
                    self._goes_on(now_s)
            case SpeechStopped(_, words_within_s):
                self._enter(Phase.ENDING, now_s + words_within_s)
            case Heard():
                return self._heard(self._reader.words(event))
            case Failed():
                return self._engine_gone()
        return ()

    def _heard(self, answer: Answer) -> tuple[TurnAction, ...]:
        if self._left and not isinstance(answer, Statement):
            raise CallerHungUp
        # The hash means "I have finished": then the words are the answer.
        if self._interrupted_by in ("", "#"):
            return (answer,)
        return (Pressed(self._interrupted_by, answer if isinstance(answer, Statement) else None),)

    def _engine_gone(self) -> tuple[TurnAction, ...]:
        known = None
        if self._reader.free and self._partial:
            known = Statement(self._partial, confidence=0.0, trust="unclear")
        if self._left and known is None:
            raise CallerHungUp
        return (Action.FLUSH, known if self._left and known else Deaf(known))

    def _time_up(self, now_s: float) -> tuple[TurnAction, ...]:
        match self._phase:
            case Phase.PROMPT:
                self._enter(Phase.WAITING, now_s + self._patience.silence_s)
                return ()
            case Phase.WAITING:
                return (Silence(),)
            case Phase.TALKING:
                return self._finish(now_s)
            case Phase.ENDING:
                return self._engine_gone()
            case Phase.TYPING:
                return (self._reader.keys(self._typed, more=False) or Unclear(),)

    def _hung_up(self, now_s: float) -> tuple[TurnAction, ...]:
        """What is being said is still worth a case; anything else is over."""
        if not self._reader.free or self._phase not in (Phase.TALKING, Phase.ENDING):
            raise CallerHungUp
        self._left = True
        return self._finish(now_s)

    def _finish(self, now_s: float) -> tuple[TurnAction, ...]:
        if self._phase is Phase.ENDING:
            return ()
        self._enter(Phase.ENDING, now_s + self._patience.finish_s)
        return (Action.FINISH,)


class RecordingTurn:
    """A question that is answered by sound alone: until a key, a long pause or the longest time."""

    def __init__(self, patience: Patience, prompt_by_s: float, begin: Callable[[], None]) -> None:
        """`begin` is called when the caller starts to talk."""
        self._patience = patience
        self._begin = begin
        self._prompt = True
        self._spoken = False
        self._until_s = 0.0
        self.deadline_s: float | None = prompt_by_s

    def take(self, event: Input, now_s: float) -> tuple[TurnAction, ...]:
        """What follows from the event; an answer is the last. Raises CallerHungUp."""
        match event:
            case PromptEnded() | TimeUp() if self._prompt:
                self._prompt = False
                self._until_s = now_s + self._patience.statement_s
                self.deadline_s = now_s + self._patience.silence_s
            case Loud() if not self._prompt:
                if not self._spoken:
                    self._spoken = True
                    self._begin()
                self.deadline_s = min(self._until_s, now_s + self._patience.recording_pause_s)
            case HungUp() if not self._spoken:
                raise CallerHungUp
            case Key("#") if self._prompt:
                pass  # it belongs to the answer before
            case Key() | TimeUp() | HungUp():
                return (Action.FLUSH, Recorded() if self._spoken else Silence())
        return ()
