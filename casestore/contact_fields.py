"""What a contact's fields may hold; one place for people, imports and demo data.  Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from casestore.text import one_line
from domain.contacts import ContactEdit
from domain.languages import LANGUAGES

_LIMITS = {
    "name": 120,
    "employee_number": 32,
    "extension": 8,
    "email": 254,
    "department": 120,
    "site": 120,
    "language": 2,
}
_PATTERNS = {
    "employee_number": (re.compile(r"[0-9A-Za-z-]+"), "letters, digits and hyphens"),
    "extension": (re.compile(r"[0-9]+"), "digits"),
    # No stricter: whether an address is one, only a mail that arrives can tell.
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "an address as name@place"),
    "language": (re.compile("|".join(LANGUAGES)), "one of " + ", ".join(LANGUAGES)),
}
# Fifteen digits are the most that E.164 allows.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MOST_NUMBERS = 10

FIELDS = (*_LIMITS, "vip", "numbers")


def checked(edit: ContactEdit) -> ContactEdit:
    """The given fields, trimmed, each number once; ValueError names the first that is wrong."""
    given = edit.given()
    right: dict[str, Any] = {field: _text(field, given[field]) for field in _LIMITS if field in given}
    return replace(edit, numbers=None if edit.numbers is None else _numbers(edit.numbers), **right)


def _text(field: str, value: str) -> str:
    text = one_line(field, value, _LIMITS[field])
    if not text and field == "name":
        raise ValueError("name is empty")
    pattern, allowed = _PATTERNS.get(field, (None, ""))
    if text and pattern and not pattern.fullmatch(text):
        raise ValueError(f"{field} must be {allowed}, not {text[:40]!r}")
    return text


def _numbers(numbers: Iterable[str]) -> tuple[str, ...]:
    """Each number once, in the given order."""
    unique = tuple(dict.fromkeys(numbers))
    if len(unique) > _MOST_NUMBERS:
        raise ValueError(f"{len(unique)} numbers, at most {_MOST_NUMBERS} are allowed")
    for number in unique:
        if not _E164.fullmatch(number):
            raise ValueError(f"{number[:40]!r} is not an E.164 number")
    return unique
