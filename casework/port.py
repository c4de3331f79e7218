"""What a way in may ask: contacts, cases, judgement, solutions, and to publish facts. A port."""

from dataclasses import dataclass, field
from typing import Protocol

from casework.said import Said
from domain.case_commands import CaseCommand
from domain.cases import Case, Judgement, Suggestion, Trust
from domain.contacts import Callers, Contact
from domain.dialogue import StatementHeard
from domain.event import CallEvent, new_id


@dataclass(frozen=True)
class Sound:
    """What the caller said: signed 16-bit little-endian mono."""

    sound: bytes = field(repr=False)
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class CaseUnit:
    """Commands to one case, carried out all together or not at all; `voice` is its newest recording.

    `number` "": the first registers the case. However often a unit of one `change_id` comes, it is carried
    out once. Of a call, in `call_id`, whose case is not known yet: see `heard_again`.
    """

    change_id: str = field(default_factory=new_id)
    number: str = ""
    commands: tuple[CaseCommand, ...] = ()
    voice: Sound | None = None


@dataclass(frozen=True, kw_only=True)
class SavedCase:
    """The case as it is now, and whether there is sound of it."""

    case: Case
    has_voice: bool = False


@dataclass(frozen=True)
class Found:
    """Ranked solutions, best first, and the numbers of similar open cases."""

    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[str, ...] = ()


class NotSaved(Exception):
    """The database did not take the case now; it is safe in the outbox and written later."""


class Casework(Protocol):
    """The owner of cases, for every way in; nothing here holds the event loop.

    Who waits for a caller uses `save`, which never fails for the database; who waits for a person uses the
    others, which raise StoreUnusable (StoreBusy where it is locked) with nothing written, and then Conflict,
    NotAllowed (`casework.case`), LookupError for what is not there, ValueError for what cannot be.
    """

    async def callers(self, number: str) -> Callers:
        """Whose caller ID this is."""

    async def employees(self, number: str) -> tuple[Contact, ...]:
        """Whose employee number this is."""

    async def open_cases(self, contact_id: int) -> tuple[Case, ...]:
        """The contact's open cases, newest first."""

    async def judge(self, said: Said, language: str, desk: str = "") -> Judgement:
        """What the words decide of a case at this desk."""

    async def save(self, unit: CaseUnit) -> SavedCase:
        """Carry out what yields; raises NotSaved where it is in the outbox only."""

    async def carry_out(self, number: str, command: CaseCommand) -> Case:
        """The case after the command; `number` "" registers it."""

    async def link_call(self, call_id: str, to: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        """This call is about the case `to`; the case that it has registered itself becomes part of that one,
        where nobody else has worked on it. The case `to`.
        """

    async def undo(self, number: str, event_id: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        """The case without what this event of `actor` has changed."""

    async def heard_again(self, statement: StatementHeard, *, trust: Trust | None = None) -> None:
        """The statement was heard better, also long after the dialogue: its case follows. Never raises.

        `trust` None: as far as it was trusted before.
        """

    async def find(self, said: Said, language: str, but: str, desk: str = "") -> Found:
        """Solutions, and open cases like the newest words: those of this desk and of everybody.

        `but` is the number of the case itself.
        """

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
