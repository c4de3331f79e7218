"""What a case's fields may hold. A caller's words are made to fit, never refused; judgements are.  Pure."""

import re
from collections.abc import Mapping
from typing import Any

from casestore.text import cut, storable

CASE_NUMBER = re.compile(r"C-[0-9]{6,12}")
STATUSES = ("open", "pending", "resolved", "closed")
OPEN_STATUSES = ("open", "pending")
IMPACTS = ("one", "several", "everyone")
URGENCIES = ("works", "hindered", "stopped")
PRIORITIES = (1, 2, 3, 4, 5)

_CHOICES: dict[str, tuple[object, ...]] = {
    "status": STATUSES,
    "impact": IMPACTS,
    "urgency": URGENCIES,
    "priority": PRIORITIES,
}
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


def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept: texts cut to their limits, tuples as lists.

    Raises ValueError for a field that a case does not have, or a value of status, impact, urgency or
    priority that does not exist.
    """
    return {field: _kept(field, value) for field, value in fields.items()}


def _kept(field: str, value: Any) -> Any:
    match field:
        case "status" | "impact" | "urgency" | "priority":
            return _choice(field, value)
        case "because":
            return {
                storable(str(judged)): [storable(str(word)) for word in value[judged]] for judged in value
            }
        case "words":
            return [dict(word) for word in value[:_MOST_WORDS]]
        case "contact_id":
            if value is not None and type(value) is not int:
                raise ValueError(f"contact_id must be a whole number, not {value!r:.40}")
            return value
        case _ if field in _LIMITS and isinstance(value, str):
            return cut(value, _LIMITS[field])
        case _:
            raise ValueError(f"a case has no field {field!r:.40} with a value like {value!r:.40}")


def _choice(field: str, value: Any) -> Any:
    choices = _CHOICES[field]
    if type(value) is not type(choices[0]) or value not in choices:
        raise ValueError(f"{field} must be one of {', '.join(map(str, choices))}, not {value!r:.40}")
    return value
