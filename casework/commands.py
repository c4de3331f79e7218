"""Units of commands as text: as the outbox keeps them.  Pure."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from casework.port import CaseUnit, Sound
from domain.case_commands import Assign, CaseCommand, Classify, Hear, Identify, Link, Note, Register

_KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Assign, Classify, Hear, Identify, Link, Note, Register)
}
"""What may have to wait: what yields. Who waits for an answer is told that it was not written."""


def text_of(unit: CaseUnit) -> str:
    """The unit without its sound."""
    commands = [
        [type(command).__name__, _adapter(type(command).__name__).dump_python(command, mode="json")]
        for command in unit.commands
    ]
    return json.dumps({"number": unit.number, "commands": commands}, ensure_ascii=False)


def unit_of(change_id: str, text: str, voice: Sound | None = None) -> CaseUnit:
    """The unit again; ValueError, without what callers said, for a text that holds none."""
    try:
        record = json.loads(text)
        commands = tuple(_command(kind, fields) for kind, fields in record["commands"])
        return CaseUnit(change_id=change_id, number=str(record["number"]), commands=commands, voice=voice)
    except ValidationError as error:
        raise ValueError(f"no change of a case: {faults(error)}") from None
    except (LookupError, TypeError) as error:
        raise ValueError(f"no change of a case: {error!r}") from error


def faults(error: ValidationError) -> str:
    """Which fields are wrong, without their values: they are what callers said, and this is logged."""
    found = {str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}
    return ", ".join(sorted(found))


def _command(kind: str, fields: Any) -> CaseCommand:
    command: CaseCommand = _adapter(kind).validate_python(fields)
    return command


def _adapter(kind: str) -> TypeAdapter[Any]:
    if kind not in _KINDS:
        raise ValueError(f"{kind!r:.40} cannot wait")
    return _KINDS[kind]
