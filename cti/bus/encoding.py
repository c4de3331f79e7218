"""Events as bytes and back: the class name, a space, the fields as JSON (UTF-8).

That is all two versions need to understand each other: a field that a newer one added is ignored, one
that it left out has its default or the event is passed over, a new kind of event is passed over. A kind
whose meaning changes gets a new name.
"""

import json
import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cti.bus import Delivery, Position
from domain.event import Event
from domain.vocabulary import kinds_of

Fields = dict[str, Any]


class BadEvent(ValueError):
    """These bytes are no event that we know, or this event cannot be written as one."""


def _adapters() -> dict[str, TypeAdapter[Any]]:
    """By name; made at the start: each takes milliseconds, in which a caller would wait."""
    made: dict[str, TypeAdapter[Any]] = {}
    for kind in kinds_of():
        assert kind.__name__ not in made, f"two kinds of event are called {kind.__name__}"
        made[kind.__name__] = TypeAdapter(kind)
    return made


_ADAPTERS = _adapters()


def encode(event: Event) -> bytes:
    """The event as bytes; raises BadEvent where a field does not hold what its type says."""
    name = type(event).__name__
    return f"{name} {as_json(name, fields_of(event))}".encode()


def fields_of(event: Event) -> Fields:
    """The event's fields as JSON has them; raises BadEvent as `encode`."""
    name = type(event).__name__
    if name not in _ADAPTERS:
        raise BadEvent(f"{name} is no event of the vocabulary")
    try:
        # By default pydantic writes a value of the wrong type with a warning, and nobody could read it back.
        fields: Fields = _ADAPTERS[name].dump_python(event, mode="json", warnings="error")
    except ValueError as error:
        # Without its cause, whose words would stand in the log.
        raise BadEvent(f"{name} cannot be encoded: {_wrong_fields(error)} not as its type says") from None
    return fields


def as_json(kind: str, fields: Fields) -> str:
    """Fields of this kind of event as text; raises BadEvent for what JSON (NaN) or UTF-8 has not."""
    try:
        text = json.dumps(fields, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError as error:
        raise BadEvent(f"{kind} cannot be encoded: {error}") from error
    return text


def decode(data: bytes) -> Event:
    """The event again; fields that a newer version added are ignored. Raises BadEvent."""
    name, _, fields = data.partition(b" ")
    kind = name.decode(errors="replace")
    if kind not in _ADAPTERS:
        raise BadEvent(f"unknown event {kind[:80]!r}")
    try:
        event: Event = _ADAPTERS[kind].validate_json(fields)
    except ValidationError as error:
        raise BadEvent(f"bad {kind}: {_what_is_wrong(error)}") from error
    return event


def delivery(position: Position, data: bytes) -> Delivery:
    """What a reader gets of these bytes."""
    try:
        return Delivery(position, decode(data))
    except BadEvent as error:
        return Delivery(position, None, str(error))


def _wrong_fields(error: ValueError) -> str:
    """Their names; the error's own words have the values, which are what callers said."""
    return ", ".join(sorted(set(re.findall(r"field_name='(\w+)'", str(error))))) or "something"


def _what_is_wrong(error: ValidationError) -> str:
    """Without the values: they are what callers said, and this goes to the log."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:3])
