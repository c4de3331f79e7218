"""A change of a case as a line of the spool: JSON, also as the version before has written it.  Pure."""

import base64
import hashlib
import json
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from casework.port import CaseChange, Sound
from domain.cases import CaseEdit

_EDIT = TypeAdapter(CaseEdit)


def line_of(change: CaseChange, at_ms: int, *, with_voice: bool) -> bytes:
    """The change as a line, with its newline."""
    voice = None
    if change.voice and with_voice:
        sound = base64.b64encode(change.voice.sound).decode()
        voice = {"sound": sound, "rate_hz": change.voice.rate_hz}
    record = {
        "change_id": change.change_id,
        "call_id": change.call_id,
        "number": change.number,
        "fields": {name: value for name, value in asdict(change.fields).items() if value is not None},
        "what": change.what,
        "voice": voice,
        "at_ms": at_ms,
    }
    return json.dumps(record).encode() + b"\n"


def change_of(line: bytes) -> tuple[CaseChange, int]:
    """The change of a line, and when it was asked for; ValueError for a line that holds no change.

    Lines of the version before have no `change_id`: they get the same one whenever they are read.
    """
    try:
        record = json.loads(line)
        edit, voice = record["fields"], record["voice"]
        if unknown := edit.keys() - CaseEdit.__dataclass_fields__.keys():
            raise ValueError(f"a case has no field {sorted(unknown)[0]!r:.40}")
        change = CaseChange(
            # From the line itself: however often it is read, it is the same change.
            change_id=str(record.get("change_id") or f"spool/{hashlib.sha256(line).hexdigest()[:32]}"),
            call_id=str(record["call_id"]),
            number=str(record["number"]),
            fields=_EDIT.validate_python(edit),
            what=str(record["what"]),
            voice=Sound(base64.b64decode(voice["sound"]), int(voice["rate_hz"])) if voice else None,
        )
        return change, int(record["at_ms"])
    except ValidationError as error:  # without the values: they are what callers said, and this is logged
        fields = {str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}
        raise ValueError(f"no change of a case: {', '.join(sorted(fields))}") from None
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no change of a case: {error!r}") from error
