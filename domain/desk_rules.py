"""What is wrong with a desk, field by field. Pure.

A fault has a code, which the pages' catalogues and the log put into words, and the value it is about.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from domain.desks import Desk, OpeningHours, Span
from domain.opening import days_off

FaultCode = Literal[
    "missing", "unknown_field", "bad_value", "bad_key", "bad_name", "no_number", "bad_number",
    "number_taken", "bad_queue", "no_language", "long_greeting", "bad_menu", "bad_time", "bad_zone",
    "bad_calendar", "bad_day", "out_of_range", "key_taken", "last_desk", "bad_member",
]  # fmt: skip

KEY = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
NUMBER = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
QUEUE = KEY  # it becomes a section and a dialplan argument: nothing that could be more than a name
_SERVICE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_RANGES = {"ring_s": (1, 300), "wrapup_s": (0, 3600), "cap": (0, 10_000)}
_MOST_CHARACTERS = 80  # of a name
_LONGEST_GREETING = 150  # nobody listens to a longer one (ivr/texts.py cuts there)
_DESK = TypeAdapter(Desk)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong with a field of a desk; `other` is the desk that has the number already."""

    desk: str
    field: str
    code: FaultCode
    value: str = ""
    other: str = ""


class DeskRefused(ValueError):
    """A desk that breaks a rule; nothing of it was taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{each.desk}.{each.field}: {each.code} {each.value}" for each in faults))
        self.faults = tuple(faults)


def read_desk(table: Mapping[str, Any]) -> Desk:
    """The desk that a table of TOML or JSON describes. Raises DeskRefused with all that is wrong."""
    key = str(table.get("key", ""))[:40]
    if faults := [Fault(desk=key, field=name, code="unknown_field") for name in _unknown(table)]:
        raise DeskRefused(faults)
    try:
        desk = _DESK.validate_python(table)
    except ValidationError as error:
        raise DeskRefused([_fault(key, wrong) for wrong in error.errors()]) from None
    if faults := list(faults_of(desk)):
        raise DeskRefused(faults)
    return desk


def faults_of(desk: Desk) -> Iterator[Fault]:
    """What is wrong with the desk by itself."""
    for field, code, value in (*_of_words(desk), *_of_numbers(desk), *_of_hours(desk.hours)):
        yield Fault(desk=desk.key[:40], field=field, code=code, value=value[:80])


def faults_between(desks: Sequence[Desk]) -> Iterator[Fault]:
    """What is wrong with desks beside each other: a key or a number that two of them have."""
    keys: set[str] = set()
    owners: dict[str, str] = {}
    for desk in desks:
        if desk.key in keys:
            yield Fault(desk=desk.key, field="key", code="key_taken", value=desk.key)
        keys.add(desk.key)
        for number in desk.numbers:
            other = owners.setdefault(number, desk.key)
            if other != desk.key:
                yield Fault(desk=desk.key, field="numbers", code="number_taken", value=number, other=other)


Wrong = Iterator[tuple[str, FaultCode, str]]


def _of_words(desk: Desk) -> Wrong:
    if not KEY.fullmatch(desk.key):
        yield "key", "bad_key", desk.key
    if not desk.name.strip() or len(desk.name) > _MOST_CHARACTERS or not desk.name.isprintable():
        yield "name", "bad_name", desk.name
    if not QUEUE.fullmatch(desk.queue):
        yield "queue", "bad_queue", desk.queue
    if not desk.languages:
        yield "languages", "no_language", ""
    for greeting in desk.greeting.values():
        if len(greeting) > _LONGEST_GREETING:
            yield "greeting", "long_greeting", greeting
    for key, service in desk.menu.items():
        if not re.fullmatch("[0-9]", key, re.ASCII) or not _SERVICE.fullmatch(service):
            yield "menu", "bad_menu", f"{key} = {service}"
    if not desk.menu:
        yield "menu", "missing", ""


def _of_numbers(desk: Desk) -> Wrong:
    if not desk.numbers:
        yield "numbers", "no_number", ""
    for number in desk.numbers:
        if not NUMBER.fullmatch(number):
            yield "numbers", "bad_number", number
    for field, (least, most) in _RANGES.items():
        if not least <= getattr(desk, field) <= most:
            yield field, "out_of_range", f"{least}–{most}"


def _of_hours(hours: OpeningHours) -> Wrong:
    try:
        ZoneInfo(hours.time_zone)
    except (ValueError, OSError, LookupError):
        yield "hours", "bad_zone", hours.time_zone
    try:
        if hours.holidays:
            days_off(hours.holidays, 2026)
    except NotImplementedError:
        yield "hours", "bad_calendar", hours.holidays
    for span in hours.spans:
        times = _TIME.fullmatch(span.opens) and _TIME.fullmatch(span.closes)
        if not times or span.opens >= span.closes or not span.days:
            yield "hours", "bad_time", f"{span.opens}–{span.closes}"
    for day in hours.closed_days:
        if not _is_day(day):
            yield "hours", "bad_day", day


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # other ways of writing it would never match
    except ValueError:
        return False


def _unknown(table: Mapping[str, Any]) -> Iterator[str]:
    """Fields that no desk has, at any depth: a slip of the pen must not pass as a default."""
    yield from _not_of(Desk, table, "")
    hours = table.get("hours")
    if isinstance(hours, Mapping):
        yield from _not_of(OpeningHours, hours, "hours.")
        spans = hours.get("spans")
        for span in spans if isinstance(spans, Sequence) else ():
            if isinstance(span, Mapping):
                yield from _not_of(Span, span, "hours.spans.")


def _not_of(record: type, table: Mapping[str, Any], place: str) -> Iterator[str]:
    known = {each.name for each in fields(record)}
    return (f"{place}{name}"[:80] for name in table if name not in known)


def _fault(key: str, wrong: Any) -> Fault:
    """What pydantic says of a field, in our words."""
    code: FaultCode = "missing" if wrong["type"].startswith("missing") else "bad_value"
    place = ".".join(str(part) for part in wrong["loc"])
    value = "" if code == "missing" else str(wrong["input"])[:80]
    return Fault(desk=key, field=str(wrong["loc"][0]) if wrong["loc"] else place, code=code, value=value)
