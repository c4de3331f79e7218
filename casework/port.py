"""What a way in may ask: contacts, cases, judgement, solutions, and to publish facts. A port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.events import CallEvent
from domain.records import CaseSummary, Suggestion
from domain.views import Callers, CaseView, ContactView


@dataclass(frozen=True)
class Sound:
    """What the caller said: signed 16-bit little-endian mono."""

    sound: bytes = field(repr=False)
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class CaseChange:
    """A case as it shall be: `number` "" registers it; `fields` are those of `casestore.cases.NewCase`.

    `what` becomes a line of its history, `voice` its newest recording.
    """

    call_id: str
    number: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""
    voice: Sound | None = None


@dataclass(frozen=True, kw_only=True)
class SavedCase:
    """The case as it is now, whether there is sound of it, and the contact's other open cases."""

    case: CaseView
    has_voice: bool = False
    others: tuple[CaseView, ...] = ()


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

    async def employees(self, number: str) -> tuple[ContactView, ...]:
        """Whose employee number this is."""

    async def open_cases(self, contact_id: int) -> tuple[CaseView, ...]:
        """The contact's open cases."""

    async def judge(self, text: str, alternatives: tuple[str, ...], language: str) -> Mapping[str, Any]:
        """The fields of a case that the words decide: title, service … and `because`."""

    async def save(self, change: CaseChange) -> SavedCase:
        """Write the case; raises NotSaved where it could only be spooled."""

    async def find(self, texts: tuple[tuple[str, float], ...], language: str, but: str) -> Found:
        """Solutions and open cases like the weighted texts; `but` is the number of the case itself."""

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""


def summary(case: CaseView, *, has_voice: bool = False) -> CaseSummary:
    """The case as a screen-pop shows it."""
    return CaseSummary(
        number=case.number,
        title=case.title,
        service=case.service,
        category=case.category,
        impact=case.impact,
        urgency=case.urgency,
        priority=case.priority,
        because=case.because,
        has_statement=has_voice,
        opened_ms=case.opened_ms,
        status=case.status,
    )
