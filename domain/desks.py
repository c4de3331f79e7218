"""Desks: whom a number reaches, and how callers are received there. A queue is where their callers wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.languages import Language

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WhenClosed = Literal["queue", "case", "announce"]
"""Callers outside the opening hours wait all the same, leave a case and are let go, or are only told."""

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

    `greeting` is said first, by language; a language without one gets the catalogue's. `cap`: no more than so
    many callers wait, 0: as many as come.
    """

    key: str
    name: str
    numbers: tuple[str, ...]
    queue: str = MAIN_QUEUE
    department: str = ""
    languages: tuple[Language, ...] = ("en", "sv", "nb")
    ask_language: bool = True
    greeting: Mapping[Language, str] = field(default_factory=dict)
    menu: Mapping[str, str] = field(default_factory=dict)
    hours: OpeningHours = field(default_factory=OpeningHours)
    when_closed: WhenClosed = "queue"
    ring_s: int = 15
    wrapup_s: int = 30
    cap: int = 0


@dataclass(frozen=True, kw_only=True)
class Membership:
    """An agent serves this queue; a higher penalty is asked only where lower ones are busy."""

    agent: str
    queue: str
    penalty: int = 0
