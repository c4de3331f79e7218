"""Desks: whom a number reaches, and how callers are received there. A queue is where their callers wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from domain.languages import LANGUAGES, Language

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)  # in the order of Python's `date.weekday`
WhenClosed = Literal["queue", "case", "announce"]
"""Callers outside the opening hours wait all the same, leave a case and are let go, or are only told."""
Why = Literal["open", "hours", "holiday", "closed_day", "full", "unknown_number", "lookup_failed"]
"""Why a call goes where it goes. The last two lead to the default desk, as if it were open."""
ManagedBy = Literal["settings", "page", "file"]
"""Where a desk is changed: it follows the settings until somebody edits it, or it stands in a file."""

MOST_PENALTY = 99
MAIN_DESK, MAIN_QUEUE = "it", "support"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Open from `opens` to `closes` on these days; local wall time as `HH:MM`, `24:00` is midnight."""

    days: tuple[Weekday, ...]
    opens: str
    closes: str


@dataclass(frozen=True, kw_only=True)
class OpeningHours:
    """When somebody answers. No spans: always. `holidays` names a country (`SE`): closed on its days off."""

    spans: tuple[Span, ...] = ()
    time_zone: str = "Europe/Stockholm"
    holidays: str = ""
    # Days of one's own as `YYYY-MM-DD`: closed although the calendar says nothing.
    closed_days: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """`numbers` as they are dialled; `menu` are the services by the key that chooses them.

    The first of `languages` serves where the caller's is not known and not asked. `greeting` is said first,
    by language; a language without one gets the catalogue's. `cap`: no more than so many callers wait, 0: as
    many as come. `version` counts the changes: a write against an older one is a conflict.
    """

    key: str
    name: str
    numbers: tuple[str, ...]
    queue: str = MAIN_QUEUE
    department: str = ""
    languages: tuple[Language, ...] = LANGUAGES
    ask_language: bool = True
    greeting: Mapping[Language, str] = field(default_factory=dict)
    menu: Mapping[str, str] = field(default_factory=dict)
    hours: OpeningHours = field(default_factory=OpeningHours)
    when_closed: WhenClosed = "queue"
    when_full: WhenClosed = "case"
    ring_s: int = 15
    wrapup_s: int = 30
    cap: int = 0
    managed_by: ManagedBy = "page"
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Membership:
    """An agent serves this queue; a higher penalty is asked only where lower ones are busy."""

    agent: str
    queue: str
    penalty: int = 0
    managed_by: ManagedBy = "page"


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Where a call goes, and why; `then` is what happens to the caller there."""

    desk: str
    queue: str
    why: Why = "open"
    then: WhenClosed = "queue"


@dataclass(frozen=True)
class Reception:
    """How a caller is received: by this desk, for this reason."""

    desk: Desk
    routing: Routing


@dataclass(frozen=True, kw_only=True)
class DeskBook:
    """All desks, the default one first, and who serves their queues.

    `retired` are queues of desks that were removed: whoever waited there is still answered.
    """

    desks: tuple[Desk, ...] = ()
    memberships: tuple[Membership, ...] = ()
    retired: tuple[str, ...] = ()

    @property
    def default(self) -> Desk | None:
        """The desk of calls that nobody knows where to take."""
        return self.desks[0] if self.desks else None

    def of_number(self, number: str) -> Desk | None:
        """The desk that this number reaches."""
        return next((desk for desk in self.desks if number in desk.numbers), None)

    def of_queue(self, queue: str) -> Desk | None:
        """The desk whose callers wait there; of several, the first."""
        return next((desk for desk in self.desks if desk.queue == queue), None)

    def wrapup_ms(self, key: str, queue: str, otherwise: int) -> int:
        """How long the wrap-up is at the desk that received a call, else at that of the call's queue."""
        desk = next((desk for desk in self.desks if desk.key == key), None) or self.of_queue(queue)
        return desk.wrapup_s * 1000 if desk else otherwise

    def queues(self) -> tuple[str, ...]:
        """Every queue in which somebody may wait, each once."""
        return tuple(dict.fromkeys((*(desk.queue for desk in self.desks), *self.retired)))

    def served_by(self, agent: str) -> Mapping[str, int]:
        """The queues that the agent serves, with their penalties; who stands nowhere serves the default."""
        own = {each.queue: each.penalty for each in self.memberships if each.agent == agent}
        if own or self.default is None:
            return own
        return {self.default.queue: 0}
