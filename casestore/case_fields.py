"""What a case's fields may hold. A caller's words are made to fit, never refused; judgements are.  Pure.

Texts and lists in a case are kept as a database keeps them: JSON has no tuples.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from casestore.text import cut, storable
from domain.cases import IMPACTS, URGENCIES, Because, Judged, Priority, Status
from domain.dialogue import SpokenWord

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "status": get_args(Status),
    "impact": IMPACTS,
    "urgency": URGENCIES,
    "priority": get_args(Priority),
}
_JUDGED: tuple[Judged, ...] = get_args(Judged)
_LIMITS = {
    "title": 200,
    "description": 20_000,
    "service": 80,
    "category": 80,
    "language": 16,
    "contact_name": 120,
    "caller_number": 80,
    "call_id": 150,
    "statement": 20_000,
}
_MOST_WORDS = 5_000


def kept(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields of a case by name, as their columns keep them: texts cut to their limits, tuples as lists.

    Raises ValueError for a value of status, impact, urgency or priority that does not exist, and for what is
    not of its field's type: a spool of another version may bring that.
    """
    return {field: _kept(field, value) for field, value in fields.items()}


def because_of(stored: object) -> Because:
    """The reasons of a case as they were kept; anything that is not a reason is left out."""
    found = stored if isinstance(stored, dict) else {}
    return {
        judged: tuple(map(str, found[judged])) for judged in _JUDGED if isinstance(found.get(judged), list)
    }


def words_of(stored: object) -> tuple[SpokenWord, ...]:
    """The spoken words of a case as they were kept; anything that is not a word is left out."""
    found = stored if isinstance(stored, list) else []
    return tuple(filter(None, map(_word, found)))


def _kept(field: str, value: Any) -> Any:
    match field:
        case "status" | "impact" | "urgency" | "priority":
            return _choice(field, value)
        case "because":
            return _reasons(value)
        case "words":
            return [asdict(word) | {"text": storable(word.text)} for word in value[:_MOST_WORDS]]
        case "contact_id":
            # Not isinstance: True is an int as well.
            if value is not None and type(value) is not int:
                raise ValueError(f"contact_id must be a whole number, not {value!r:.40}")
            return value
        case _ if field in _LIMITS and isinstance(value, str):
            return cut(value, _LIMITS[field])
        case _:
            raise ValueError(f"a case has no field {field!r:.40} with a value like {value!r:.40}")


def _choice(field: str, value: object) -> object:
    choices = _CHOICES[field]
    # The type too: True equals 1, which is a priority.
    if type(value) is not type(choices[0]) or value not in choices:
        raise ValueError(f"{field} must be one of {', '.join(map(str, choices))}, not {value!r:.40}")
    return value


def _reasons(because: Mapping[Judged, Iterable[str]]) -> dict[str, list[str]]:
    if unknown := because.keys() - set(_JUDGED):
        raise ValueError(f"words decide no field {sorted(unknown)[0]!r:.40}")
    return {judged: [storable(word) for word in words] for judged, words in because.items()}


def _word(stored: object) -> SpokenWord | None:
    try:
        return SpokenWord(**stored) if isinstance(stored, dict) else None
    except TypeError:
        return None
