"""The case of one call: what is known of it so far, from the first words on."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import structlog

from casework.port import CaseChange, Casework, Found, SavedCase, Sound, summary
from domain.events import CallAnswered, CaseRegistered, SuggestionsFound, now_ms
from domain.views import CaseView, ContactView
from ivr.moves import SaveCase, Statement, Trust
from ivr.texts import Catalogue, catalogue

log = structlog.get_logger()

_EARLIER_WORDS, _ALTERNATIVE = 0.4, 0.5  # how much they count in the search beside the newest words
_TRUSTED: tuple[Trust, ...] = ("certain", "confirmed")


class CaseWork:
    """Keeps the case of one call and states what becomes of it.

    `voice` is sound that is not with the case yet; `settled` tells that the case is written or spooled.
    """

    def __init__(self, casework: Casework, call: CallAnswered, desk: Catalogue) -> None:
        """`desk` has the texts that agents read."""
        self._casework, self._call, self._desk = casework, call, desk
        self._said: list[str] = []
        self._continued = False
        self.settled = False
        self.caller_number = ""
        self.contact: ContactView | None = None
        self.case: CaseView | None = None
        self.voice: Sound | None = None

    @property
    def spoken(self) -> bool:
        """Whether any words of the caller are known."""
        return bool(self._said)

    def take_up(self, case: CaseView) -> None:
        """The call is about this open case: its title and priority stay, what is said is added."""
        self.case, self._continued = case, True
        self._said = [case.description] if case.description else []

    async def save(self, step: SaveCase, language: str) -> CaseView:
        """Register or amend the case. Raises NotSaved."""
        if self.case and self.settled and not (step.statement or step.service or self.voice):
            return self.case
        if step.statement and step.statement.text not in self._said[-1:]:
            self._said.append(step.statement.text)
        change = CaseChange(
            call_id=self._call.call_id,
            number=self.case.number if self.case else "",
            fields=await self._fields(step, language),
            what=self._history(step),
            voice=self.voice,
        )
        self.settled, self.voice = True, None
        kept = await self._casework.save(change)
        self.case = kept.case
        await self._state(kept)
        if step.statement or step.service:
            await self._suggest(step, language)
        return kept.case

    async def _fields(self, step: SaveCase, language: str) -> dict[str, Any]:
        """What the step changes in the case; the caller's own words stay, whatever is made of them."""
        fields: dict[str, Any] = {}
        if self.case is None:
            fields |= {"title": self._desk.write("title_unsaid", {}), "language": language}
            fields |= {"caller_number": self.caller_number, "call_id": self._call.call_id}
        if self.contact and not self._continued:
            fields["contact_id"] = self.contact.id
        if self._said:
            fields["description"] = "\n".join(self._said)
        if step.statement:
            fields["statement"] = step.statement.text
            fields["words"] = tuple(asdict(word) for word in step.statement.words)
            if not self._continued:
                fields |= await self._judged(step.statement, step.trust, language)
        if step.service:
            fields["service"] = step.service
            if not self._said:
                fields["title"] = self._desk.write("title_service", {"service": step.service})
        return fields

    async def _judged(self, statement: Statement, trust: Trust, language: str) -> Mapping[str, Any]:
        """What trusted words decide; of others nothing follows."""
        if trust in _TRUSTED:
            try:
                return await self._casework.judge(statement.text, statement.alternatives, language)
            except Exception:
                log.exception("judgement_failed", call_id=self._call.call_id)  # the case is what counts
        return {"title": self._desk.write("title_unsure", {"text": statement.text})}

    def _history(self, step: SaveCase) -> str:
        if step.statement:
            values = {"text": step.statement.text, "confidence": f"{step.statement.confidence:.2f}"}
            return self._desk.write(f"heard_{step.trust}", values)
        if step.service:
            return self._desk.write("chose_service", {"service": step.service})
        if self._continued:
            return self._desk.write("called_again", {"number": self.caller_number})
        return ""

    async def _state(self, kept: SavedCase) -> None:
        await self._casework.publish(
            CaseRegistered(
                at_ms=now_ms(),
                call_id=self._call.call_id,
                case=summary(kept.case, has_voice=kept.has_voice),
                open_cases=tuple(summary(case) for case in kept.others),
            )
        )

    async def _suggest(self, step: SaveCase, language: str) -> None:
        """Solutions for the newest words, the recogniser's other guesses, and what was said before."""
        texts: list[tuple[str, float]] = []
        if step.statement:
            texts.append((step.statement.text, 1.0))
            texts.extend((text, _ALTERNATIVE) for text in step.statement.alternatives)
        if step.service:
            texts.append((catalogue(language).services[step.service], 1.0))
        newest = step.statement.text if step.statement else ""
        texts.extend((text, _EARLIER_WORDS) for text in self._said if text != newest)
        try:
            found = await self._casework.find(tuple(texts), language, self.case.number if self.case else "")
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
