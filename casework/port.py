"""What a way in may ask: contacts, cases, judgement, solutions, and to publish facts. A port."""

from dataclasses import dataclass, field
from typing import Protocol

from casework.said import Said
from domain.cases import Case, CaseEdit, CaseSummary, Judgement, Suggestion
from domain.contacts import Callers, Contact
from domain.dialogue import StatementHeard
from domain.event import CallEvent, new_id


@dataclass(frozen=True)
class Sound:
    """What the caller said: signed 16-bit little-endian mono."""

    sound: bytes = field(repr=False)
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class CaseChange:
    """A case as it is to be: `number` "" registers it, and then `fields` need a title.

    `what` becomes a line of its history, `voice` its newest recording. However often a change of one
    `change_id` comes, it is written once.
    """

    change_id: str = field(default_factory=new_id)
    call_id: str
    number: str = ""
    fields: CaseEdit = field(default_factory=CaseEdit)
    what: str = ""
    voice: Sound | None = None


@dataclass(frozen=True, kw_only=True)
class SavedCase:
    """The case as it is now, whether there is sound of it, and the contact's other open cases."""

    case: Case
    has_voice: bool = False
    others: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Found:
    """Ranked solutions, best first, and similar open cases."""

    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[CaseSummary, ...] = ()


class NotSaved(Exception):
    """The database did not take the case now; it is safe in the spool and registered later."""


class Casework(Protocol):
    """Everything behind the dialogue; nothing here holds the event loop."""

    async def callers(self, number: str) -> Callers:
        """Whose caller ID this is."""

    async def employees(self, number: str) -> tuple[Contact, ...]:
        """Whose employee number this is."""

    async def open_cases(self, contact_id: int) -> tuple[Case, ...]:
        """The contact's open cases."""

    async def judge(self, said: Said, language: str, desk: str = "") -> Judgement:
        """What the words decide of a case at this desk."""

    async def save(self, change: CaseChange) -> SavedCase:
        """Write the case; raises NotSaved where it could only be spooled."""

    async def find(self, said: Said, language: str, but: str, desk: str = "") -> Found:
        """Solutions of this desk and of everybody, and open cases like the newest words.

        `but` is the number of the case itself.
        """

    async def heard_again(self, statement: StatementHeard) -> None:
        """A statement came again with better words, maybe long after its dialogue: its case follows it."""

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
