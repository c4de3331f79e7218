"""Events as bytes and back: the class name, a space, the fields as JSON (UTF-8)."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain import events
from domain.events import Event

_CLASSES: dict[str, type[Event]] = {
    name: kind for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)
}


class BadEvent(ValueError):
    """These bytes are no event that we know, or this event cannot be written as one."""


# Made at the start: each takes milliseconds, in which a caller would wait.
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in _CLASSES.items()}


def encode(event: Event) -> bytes:
    """The event as bytes; raises BadEvent where a field does not hold what its type says."""
    name = type(event).__name__
    try:
        fields = _ADAPTERS[name].dump_python(event, mode="json", warnings="error")
        return f"{name} {json.dumps(fields, ensure_ascii=False, allow_nan=False)}".encode()
    except ValueError as error:
        raise BadEvent(f"{name} cannot be encoded: {error}") from error


def decode(data: bytes) -> Event:
    """The event again; fields that a newer version added are ignored. Raises BadEvent."""
    name, _, fields = data.partition(b" ")
    kind = name.decode(errors="replace")
    if kind not in _CLASSES:
        raise BadEvent(f"unknown event {kind[:80]!r}")
    try:
        event: Event = _ADAPTERS[kind].validate_json(fields)
    except ValidationError as error:
        raise BadEvent(f"bad {kind}: {error}") from error
    return event
