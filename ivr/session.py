"""Drives a dialogue over a caller's channel: carries out its steps and states what happens.

Whatever fails, the caller goes on to the queue, and what was said is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from casework.port import Casework, NotSaved, Sound
from cti.asterisk.channel import Channel, HungUp, Key
from domain.calls import CallAnswered
from domain.clock import now_ms
from domain.contacts import Callers, Contact, How
from domain.desks import Reception
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    DialogueResult,
    EndReason,
    LanguageChosen,
    StatementHeard,
)
from domain.languages import FALLBACK, is_language
from ivr.call_case import CaseWork
from ivr.line import Line
from ivr.moves import (
    Answer,
    Ask,
    AskNumber,
    ContinueCase,
    Deaf,
    FindCallers,
    FindEmployee,
    FindOpenCases,
    Flow,
    Identify,
    Listen,
    Prompt,
    Question,
    Record,
    Recorded,
    Reply,
    SaveCase,
    Say,
    Statement,
    Step,
    UseLanguage,
    statement_of,
    with_statement,
)
from ivr.question import PromptSounds, QuestionRunner
from ivr.rehearing import Rehearings
from ivr.speech import Recogniser
from ivr.turn import CallerHungUp, Patience, PromptEnded, TimeUp

log = structlog.get_logger()

_AVERAGE_PRIORITY = 3


@dataclass(frozen=True, kw_only=True)
class Dialogues:
    """Holds one dialogue with each caller; `language` is the house's.

    `flow` is the dialogue for whoever is received so; it ends with whether the caller may be let go.
    """

    flow: Callable[[Reception], Flow[bool]]
    recogniser: Recogniser
    prompts: PromptSounds
    casework: Casework
    language: str = FALLBACK
    voice_is_kept: bool = True
    patience: Patience = field(default_factory=Patience)
    rehearings: Rehearings = field(default_factory=Rehearings)

    async def run(self, call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        """Talk with the caller; returns when they may be queued or have hung up. Closes the channel."""
        try:
            async with Line(channel) as line:
                return await _Dialogue(self, call, line, received).run()
        finally:
            await channel.close()


class _Dialogue:
    """One caller's dialogue."""

    def __init__(self, parts: Dialogues, call: CallAnswered, line: Line, received: Reception) -> None:
        self._parts, self._call, self._line = parts, call, line
        self._received = received
        self._language: str = received.desk.languages[0]
        self._callers = Callers("none", number=call.number)
        self._contact: Contact | None = None
        self._statements = 0
        self._case = CaseWork(parts.casework, call, called_desk=received.routing.desk)
        self._questions = QuestionRunner(
            line,
            parts.recogniser,
            parts.prompts,
            parts.casework.publish,
            call_id=call.call_id,
            patience=parts.patience,
        )

    async def run(self) -> DialogueResult:
        reason = await self._talk()
        if reason == "failed":
            await self._put_through_after_failure()
        await self._until_heard()
        if self._line.hung_up:
            reason = "hangup"
        await self._parts.casework.publish(
            DialogueEnded(at_ms=now_ms(), call_id=self._call.call_id, reason=reason)
        )
        case = self._case.case
        log.info(
            "dialogue_ended", call_id=self._call.call_id, reason=reason, case=case.number if case else None
        )
        return DialogueResult(
            case_number=case.number if case else "",
            # Asterisk's queue takes the highest first, a desk the lowest.
            queue_priority=6 - (case.priority if case else _AVERAGE_PRIORITY),
            reason=reason,
        )

    async def _talk(self) -> EndReason:
        """Go through the flow; why it ended."""
        flow = self._parts.flow(self._received)
        answer: Reply = None
        try:
            while True:
                answer = await self._carry_out(flow.send(answer))
        except StopIteration as end:
            # Only who was told to the end is let go: whatever fails, a person answers.
            if end.value:
                return "let_go"
            return "done" if self._case.spoken else "unheard"
        except CallerHungUp:
            return "hangup"
        except NotSaved as error:
            log.error("case_not_kept", call_id=self._call.call_id, error=str(error))
        except Exception:
            log.exception("dialogue_failed", call_id=self._call.call_id)
        finally:
            # A flow that was hung up on stands at a question: its `finally` blocks run here.
            flow.close()
        return "failed"

    async def _carry_out(self, step: Step) -> Reply:
        """The answer to the step. Raises CallerHungUp and NotSaved."""
        answer: Reply = None
        match step:
            case Say(prompt):
                if not self._line.hung_up:
                    await self._questions.say((prompt,), self._language)
            case Ask() | AskNumber() | Listen() | Record():
                answer = await self._hear(step)
            case FindCallers():
                answer = await self._find_callers()
            case FindEmployee(number):
                answer = await self._parts.casework.employees(number)
            case FindOpenCases(contact):
                answer = await self._parts.casework.open_cases(contact.id)
            case UseLanguage(language):
                await self._use_language(language)
            case Identify(contact, how):
                self._contact = self._case.contact = contact
                await self._state_caller(how)
            case ContinueCase(case):
                self._case.take_up(case)
                answer = await self._case.save(SaveCase(), self._language)
            case SaveCase():
                answer = await self._case.save(step, self._language)
        return answer

    async def _find_callers(self) -> Callers:
        self._callers = await self._parts.casework.callers(self._call.number)
        self._case.caller_number = self._callers.number
        await self._state_caller("nothing")
        return self._callers

    async def _hear(self, question: Question) -> Answer:
        answer = await self._questions.hear(question, self._language)
        if statement := statement_of(answer):
            statement_id = await self._heard(statement)
            answer = with_statement(answer, replace(statement, statement_id=statement_id))
        match answer:
            case Deaf(None, recorded=True) | Recorded():
                self._keep_voice()
        return answer

    async def _heard(self, statement: Statement) -> str:
        """State it; the id by which it may be stated again."""
        self._keep_voice()
        self._statements += 1
        stream, start_s = self._questions.stream, self._questions.recording.start_s
        heard = StatementHeard(
            at_ms=now_ms(),
            call_id=self._call.call_id,
            text=statement.text,
            confidence=statement.confidence,
            words=statement.words,
            statement_id=f"{self._call.call_id}/{self._statements:03}",
            source=stream.source if stream else "",
        )
        if stream:
            self._parts.rehearings.follow(self._parts.casework, stream, heard, start_s)
        await self._parts.casework.publish(heard)
        return heard.statement_id

    def _keep_voice(self) -> None:
        recording = self._questions.recording
        if self._parts.voice_is_kept and recording.sound:
            self._case.voice = Sound(recording.sound, recording.rate_hz)

    async def _use_language(self, language: str) -> None:
        self._language = language if is_language(language) else self._received.desk.languages[0]
        await self._parts.casework.publish(
            LanguageChosen(at_ms=now_ms(), call_id=self._call.call_id, language=self._language)
        )

    async def _state_caller(self, how: How) -> None:
        await self._parts.casework.publish(
            CallerIdentified(
                at_ms=now_ms(),
                call_id=self._call.call_id,
                match=self._callers.match,
                number=self._callers.number,
                contact_id=self._contact.id if self._contact else None,
                contact_name=self._contact.name if self._contact else "",
                how=how,
            )
        )

    async def _put_through_after_failure(self) -> None:
        """A case all the same, and a word to the caller; each as far as it can be had."""
        if not self._case.settled:
            try:
                await self._case.save(SaveCase(), self._language)
            except Exception as error:
                log.error("case_not_kept", call_id=self._call.call_id, error=repr(error))
        try:
            await self._questions.say((Prompt("connecting"),), self._language)
        except Exception:
            log.exception("prompt_failed", call_id=self._call.call_id)

    async def _until_heard(self) -> None:
        """Let the caller hear the last words; a key cuts them short."""
        deadline_s = self._line.prompt_by_s
        while self._line.speaking and not self._line.hung_up:
            if isinstance(await self._line.next(deadline_s), PromptEnded | Key | HungUp | TimeUp):
                return
