"""The case of one call: what is known of it so far, from the first words on, as commands to its owner."""

from dataclasses import dataclass
from typing import Any

import structlog

from casework.hearing_again import IVR, TRUSTED, classify
from casework.port import CaseUnit, Casework, Found, Sound
from casework.said import Said as Told
from domain.calls import CallAnswered
from domain.case_commands import CaseCommand, Classify, Hear, Identify, Link, Register
from domain.case_events import SuggestionsFound
from domain.cases import Case, Judgement, NewCase, Said, Trust
from domain.clock import now_ms
from domain.contacts import Contact
from ivr.moves import SaveCase, Statement
from ivr.texts import catalogue

log = structlog.get_logger()


@dataclass(frozen=True)
class _Decided:
    """What becomes of the case by a step: its fields, judged or chosen; None leaves them."""

    judgement: Judgement | None = None
    title: str | None = None
    service: str | None = None


class CaseWork:
    """Keeps the case of one call.

    `voice` is sound that is not with the case yet; `settled` tells that the case is written or in the outbox.
    """

    def __init__(self, casework: Casework, call: CallAnswered, *, called_desk: str = "") -> None:
        """`called_desk`: whose number was dialled."""
        self._casework, self._call, self._called_desk = casework, call, called_desk
        self._said: dict[str, Said] = {}
        self._continued = self._linked = False
        self.settled = False
        self.caller_number = ""
        self.contact: Contact | None = None
        self.case: Case | None = None
        self.voice: Sound | None = None

    @property
    def spoken(self) -> bool:
        """Whether any words of the caller are known."""
        return any(said.trust != "chosen" for said in self._said.values())

    def take_up(self, case: Case) -> None:
        """The call is about this open case: its title and priority stay, what is said is added."""
        self.case, self._continued = case, True
        self._said = {said.statement_id: said for said in case.said}

    async def save(self, step: SaveCase, language: str) -> Case:
        """Register the case, or amend it. Raises NotSaved."""
        # Flows save more often than there is something new.
        if self.case and self.settled and not (step.statement or step.service or self.voice):
            return self.case
        said = self._heard(step)
        decided = await self._decide(step, language)
        unit = CaseUnit(
            number=self.case.number if self.case else "",
            commands=self._amending(said, decided) if self.case else (self._registering(decided, language),),
            voice=self.voice,
        )
        # Before the write: what it raises means that the outbox has the case, and the sound with it.
        self.settled, self._linked, self.voice = True, self._continued, None
        self.case = (await self._casework.save(unit)).case
        if step.statement or step.service:
            await self._suggest(step, language)
        return self.case

    def _heard(self, step: SaveCase) -> Said | None:
        """What is new of what was said; the same words come again when they are confirmed or denied."""
        said = None
        if step.statement:
            said = self._said_of(step.statement, step.trust)
        elif step.service:
            said = self._as_said(f"{self._call.call_id}/{step.service}", step.service, "chosen")
        if said:
            self._said[said.statement_id] = said
        return said

    def _said_of(self, statement: Statement, trust: Trust) -> Said:
        return self._as_said(
            statement.statement_id,
            statement.text,
            trust,
            confidence=statement.confidence,
            words=statement.words,
        )

    def _as_said(self, statement_id: str, text: str, trust: Trust, **heard: Any) -> Said:
        before = self._said.get(statement_id)
        at_ms = before.at_ms if before else now_ms()
        return Said(
            statement_id=statement_id,
            text=text,
            at_ms=at_ms,
            call_id=self._call.call_id,
            trust=trust,
            **heard,
        )

    async def _decide(self, step: SaveCase, language: str) -> _Decided:
        """What trusted words decide; words that are not trusted only become the title, unless denied."""
        if step.statement is None or self._continued:
            return _Decided(service=step.service or None)
        if step.trust in TRUSTED:
            try:
                told = self._all_said(step.statement)
                return _Decided(await self._casework.judge(told, language, self._called_desk))
            except Exception:
                log.exception("judgement_failed", call_id=self._call.call_id)  # the case is what counts
        return _Decided(title="" if step.trust == "denied" else step.statement.text)

    def _registering(self, decided: _Decided, language: str) -> Register:
        judged = vars(decided.judgement) if decided.judgement else {"title": decided.title or ""}
        new = NewCase(
            **judged | ({"service": decided.service} if decided.service else {}),
            language=language,
            desk=self._called_desk,
            said=tuple(self._said.values()),
            contact_id=self.contact.id if self.contact else None,
            contact_name=self.contact.name if self.contact else "",
            caller_number=self.caller_number,
        )
        return Register(**self._head(), new=new)

    def _amending(self, said: Said | None, decided: _Decided) -> tuple[CaseCommand, ...]:
        commands: list[CaseCommand] = []
        if self._continued and not self._linked:
            commands.append(Link(**self._head()))
        if self.contact and not self._continued:
            commands.append(
                Identify(**self._head(), contact_id=self.contact.id, contact_name=self.contact.name)
            )
        if said:
            commands.append(Hear(**self._head(), said=said))
        if decided.judgement:
            commands.append(classify(decided.judgement, at_ms=now_ms(), call_id=self._call.call_id))
        elif decided != _Decided():
            commands.append(Classify(**self._head(), title=decided.title, service=decided.service))
        return tuple(commands)

    def _head(self) -> dict[str, Any]:
        return {"actor": IVR, "at_ms": now_ms(), "call_id": self._call.call_id, "yields": True}

    def _all_said(self, newest: Statement) -> Told:
        """What the case is judged and searched by, so that both find the same: newest and certain words."""
        earlier = tuple(said.text for said in self._said.values() if said.trust in TRUSTED)
        return Told(newest.text, newest.alternatives, earlier)

    def _said_and_chosen(self, service: str) -> Told:
        """The chosen service, and all that was not denied: words that nobody is sure of may still help."""
        spoken = (said for said in self._said.values() if said.trust not in ("denied", "chosen"))
        return Told(service, earlier=tuple(said.text for said in spoken))

    async def _suggest(self, step: SaveCase, language: str) -> None:
        """Solutions for the newest words, the recogniser's other guesses, and what was said before."""
        if step.statement:
            told = self._all_said(step.statement)
        else:
            told = self._said_and_chosen(catalogue(language).services.get(step.service, step.service))
        try:
            own = self.case.number if self.case else ""
            found = await self._casework.find(told, language, own, self._called_desk)
        except Exception:
            log.exception("suggestions_failed", call_id=self._call.call_id)  # the case is what counts
            found = Found()
        await self._casework.publish(
            SuggestionsFound(
                at_ms=now_ms(),
                call_id=self._call.call_id,
                suggestions=found.suggestions,
                similar=found.similar,
            )
        )
