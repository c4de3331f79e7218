"""Asks one question over a line: prompts out, words and keys in, facts reported, sound kept."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import structlog

from domain.clock import now_ms
from domain.dialogue import ListeningStarted, PartialHeard, SpeechEnded
from domain.event import CallEvent
from ivr.line import Line
from ivr.moves import (
    Answer,
    Deaf,
    Listen,
    Pressed,
    Prompt,
    Question,
    Record,
    Recorded,
    Statement,
    statement_of,
)
from ivr.reading import by_speech, grammar_for, heard_in, reader_for
from ivr.sound import Recording, tone
from ivr.speech import (
    OPEN_S,
    Failed,
    NoModel,
    Overloaded,
    Partial,
    Recogniser,
    SpeechBegan,
    SpeechStopped,
    Stream,
    Thresholds,
)
from ivr.taps import StreamTap
from ivr.texts import catalogue
from ivr.turn import Action, CallerHungUp, Input, Patience, PromptEnded, RecordingTurn, SpokenTurn, Turn

log = structlog.get_logger()

_BETWEEN_PARTIALS_S = 0.2  # five a second read as if they flowed, to every open page
_NO_SPEECH = Thresholds(accept=1.0, confirm=1.0)


class PromptSounds(Protocol):
    """Text → sound."""

    async def sound(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        """The prompt as signed 16-bit mono; empty where it cannot be said."""


Report = Callable[[CallEvent], Awaitable[None]]


class QuestionRunner:
    """Speaks to and listens to one caller.

    `recording` has the sound of the last answer, `stream` what heard the last statement: not closed yet, for
    its words may come again.
    """

    def __init__(
        self,
        line: Line,
        recogniser: Recogniser,
        prompts: PromptSounds,
        report: Report,
        *,
        call_id: str,
        patience: Patience,
    ) -> None:
        self._line, self._recogniser, self._prompts, self._report = line, recogniser, prompts, report
        self._call_id, self._patience = call_id, patience
        self._partial_s = -math.inf
        self._speech_ended = False
        self.recording = Recording(line.rate_hz, patience.statement_s)
        self.stream: Stream | None = None

    async def say(self, prompts: Iterable[Prompt], language: str) -> None:
        """Queue the prompts; returns before they are heard."""
        for prompt in prompts:
            spoken = prompt.language or language
            text = catalogue(spoken).say(prompt.key, prompt.values)
            await self._line.say(await self._prompts.sound(spoken, prompt.key, text, self._line.rate_hz))

    async def hear(self, question: Question, language: str) -> Answer:
        """The caller's answer. Raises CallerHungUp when they hang up without one."""
        self.recording = Recording(self._line.rate_hz, self._patience.statement_s)
        self._speech_ended, self.stream = False, None
        # Before the prompt: the caller may talk over it from its first word.
        if not await self._open_stream(question, language):
            return Deaf()
        with ExitStack() as taps:
            return await self._ask(question, language, taps)

    async def _ask(self, question: Question, language: str, taps: ExitStack) -> Answer:
        try:
            await self.say(question.prompts, language)
            if isinstance(question, Record):
                await self._line.say(tone(self._line.rate_hz))
            # What was pressed or said before the question was asked answers an earlier one.
            self._line.forget()
            if self._line.hung_up:
                raise CallerHungUp
            await self._report(ListeningStarted(at_ms=now_ms(), call_id=self._call_id, purpose=question.name))
            self._tap(taps)
            answer = self._with_sound(await self._answer(question, self._turn(question, language)))
            if statement_of(answer):
                self.stream = self._line.release()
            return answer
        finally:
            await self._line.stop_hearing()

    def _tap(self, taps: ExitStack) -> None:
        """From the same frame on, so that both count their seconds alike."""
        taps.callback(self._line.tap(self.recording))
        if self._line.stream:
            taps.callback(self._line.tap(StreamTap(self._line.stream)))

    async def _open_stream(self, question: Question, language: str) -> bool:
        """Whether the question can be heard; one that goes by keys or sound needs no engine."""
        if not by_speech(question):
            return True
        language = heard_in(question, language)
        grammar = grammar_for(question, catalogue(language))
        try:
            async with asyncio.timeout(OPEN_S):
                self._line.hear(await self._recogniser.open(language, self._line.rate_hz, grammar))
        except (NoModel, Overloaded, TimeoutError) as error:
            log.info("by_keys", call_id=self._call_id, question=question.name, reason=type(error).__name__)
            return False
        except Exception:
            log.exception("recogniser_failed", call_id=self._call_id, question=question.name)
            return False
        return True

    def _turn(self, question: Question, language: str) -> Turn:
        if isinstance(question, Record):
            return RecordingTurn(self._patience, self._line.prompt_by_s, self.recording.begin)
        language = heard_in(question, language)
        thresholds = self._line.stream.thresholds if self._line.stream else _NO_SPEECH
        reader = reader_for(question, catalogue(language), thresholds)
        return SpokenTurn(reader, self._patience, self._line.prompt_by_s)

    async def _answer(self, question: Question, turn: Turn) -> Answer:
        # Without a prompt (no voice could say it) the caller's time runs from now.
        event: Input | None = None if self._line.speaking else PromptEnded()
        while True:
            event = event or await self._line.next(turn.deadline_s)
            await self._notice(event, question)
            for action in turn.take(event, self._line.now_s):
                match action:
                    case Action.FLUSH:
                        await self._line.hush()
                    case Action.FINISH:
                        self._line.finish()
                        await self._end_of_speech(question)
                    case Recorded():
                        await self._end_of_speech(question)
                        return action
                    case _:
                        return action
            event = None

    async def _notice(self, event: Input, question: Question) -> None:
        """What the event means for the sound, the engine and everybody who follows the call."""
        match event:
            case SpeechBegan(at_s):
                self.recording.begin(at_s)
            case Partial(text) if isinstance(question, Listen):
                await self._report_partial(text)
            case SpeechStopped():
                await self._end_of_speech(question)
            case Failed(reason):
                log.warning("speech_failed", call_id=self._call_id, question=question.name, reason=reason)

    async def _report_partial(self, text: str) -> None:
        if self._line.now_s - self._partial_s >= _BETWEEN_PARTIALS_S:
            self._partial_s = self._line.now_s
            await self._report(PartialHeard(at_ms=now_ms(), call_id=self._call_id, text=text))

    async def _end_of_speech(self, question: Question) -> None:
        if not self._speech_ended:
            self._speech_ended = True
            await self._report(SpeechEnded(at_ms=now_ms(), call_id=self._call_id, purpose=question.name))

    def _with_sound(self, answer: Answer) -> Answer:
        """The answer with the times of its words counted from the start of the recording."""
        match answer:
            case Statement():
                return self._place_words(answer)
            case Pressed(_, Statement() as statement):
                return replace(answer, statement=self._place_words(statement))
            case Deaf():
                return replace(answer, recorded=self.recording.began)
        return answer

    def _place_words(self, statement: Statement) -> Statement:
        start_s = self.recording.start_s
        return replace(
            statement,
            words=tuple(
                replace(word, start_s=max(0.0, word.start_s - start_s), end_s=max(0.0, word.end_s - start_s))
                for word in statement.words
            ),
        )
