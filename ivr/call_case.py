"""The case of one call: what is known of it so far, from the first words on."""

from dataclasses import replace

import structlog

from casework.port import CaseChange, Casework, Found, SavedCase, Sound
from casework.said import Said
from domain.calls import CallAnswered
from domain.cases import Case, CaseEdit, CaseRegistered, SuggestionsFound, summary
from domain.clock import now_ms
from domain.contacts import Contact
from ivr.moves import SaveCase, Statement, Trust
from ivr.texts import Catalogue, catalogue

log = structlog.get_logger()

_TRUSTED: tuple[Trust, ...] = ("certain", "confirmed")


class CaseWork:
    """Keeps the case of one call and states what becomes of it.

    `voice` is sound that is not with the case yet; `settled` tells that the case is written or spooled.
    """

    def __init__(
        self, casework: Casework, call: CallAnswered, desk: Catalogue, *, called_desk: str = ""
    ) -> None:
        """`desk` has the texts that agents read; `called_desk` is the desk that was called."""
        self._called_desk = called_desk
        self._casework, self._call, self._desk = casework, call, desk
        self._said: list[str] = []
        self._trust: dict[str, Trust] = {}  # how far each of them may be used
        self._continued = False
        self.settled = False
        self.caller_number = ""
        self.contact: Contact | None = None
        self.case: Case | None = None
        self.voice: Sound | None = None

    @property
    def spoken(self) -> bool:
        """Whether any words of the caller are known."""
        return bool(self._said)

    def take_up(self, case: Case) -> None:
        """The call is about this open case: its title and priority stay, what is said is added."""
        self.case, self._continued = case, True
        self._said = [case.description] if case.description else []
        self._trust = dict.fromkeys(self._said, "certain")

    async def save(self, step: SaveCase, language: str) -> Case:
        """Register or amend the case. Raises NotSaved."""
        # Flows save more often than there is something new; an empty change would be a line of history.
        if self.case and self.settled and not (step.statement or step.service or self.voice):
            return self.case
        if step.statement:
            self._trust[step.statement.text] = step.trust
            # The same words come again when they are confirmed or denied.
            if step.statement.text not in self._said[-1:]:
                self._said.append(step.statement.text)
        change = CaseChange(
            call_id=self._call.call_id,
            number=self.case.number if self.case else "",
            fields=await self._fields(step, language),
            what=self._history(step),
            voice=self.voice,
        )
        # Before the write: what it raises means that the spool has the case, and the sound with it.
        self.settled, self.voice = True, None
        kept = await self._casework.save(change)
        self.case = kept.case
        await self._state(kept)
        if step.statement or step.service:
            await self._suggest(step, language)
        return kept.case

    async def _fields(self, step: SaveCase, language: str) -> CaseEdit:
        """What the step changes in the case; the caller's own words stay, whatever is made of them."""
        edit = CaseEdit()
        if self.case is None:
            edit = CaseEdit(
                title=self._desk.write("title_unsaid", {}),
                language=language,
                caller_number=self.caller_number,
                call_id=self._call.call_id,
            )
        if self.contact and not self._continued:
            edit = replace(edit, contact_id=self.contact.id)
        if self._said:
            edit = replace(edit, description="\n".join(self._said))
        if step.statement:
            edit = replace(edit, statement=step.statement.text, words=step.statement.words)
            if not self._continued:
                edit = await self._judged(edit, step.statement, step.trust, language)
        if step.service:
            edit = replace(edit, service=step.service)
            if not self._said:
                edit = replace(edit, title=self._desk.write("title_service", {"service": step.service}))
        return edit

    async def _judged(self, edit: CaseEdit, statement: Statement, trust: Trust, language: str) -> CaseEdit:
        """What trusted words decide; words that are not trusted only become the title."""
        if trust in _TRUSTED:
            try:
                judgement = await self._casework.judge(self._all_said(statement), language, self._called_desk)
                return replace(edit, **vars(judgement))
            except Exception:
                log.exception("judgement_failed", call_id=self._call.call_id)  # the case is what counts
        return replace(edit, title=self._desk.write("title_unsure", {"text": statement.text}))

    def _all_said(self, newest: Statement) -> Said:
        """What the case is judged and searched by, so that both find the same: newest and certain words."""
        earlier = tuple(text for text in self._said if self._trust[text] in _TRUSTED)
        return Said(newest.text, newest.alternatives, earlier)

    def _said_and_chosen(self, service: str) -> Said:
        """The chosen service, and all that was not denied: words that nobody is sure of may still help."""
        earlier = tuple(text for text in self._said if self._trust[text] != "denied")
        return Said(service, earlier=earlier)

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
        if step.statement:
            said = self._all_said(step.statement)
        else:
            said = self._said_and_chosen(catalogue(language).services.get(step.service, step.service))
        try:
            own = self.case.number if self.case else ""
            found = await self._casework.find(said, language, own, self._called_desk)
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
