"""The spool of the version before: its lines become units of the outbox, once."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from casestore.outbox import Entry
from casework.commands import faults
from casework.outbox import Outbox, entry_of
from casework.port import CaseUnit, Sound
from domain.case_commands import CaseCommand, Classify, Hear, Identify, Link, Note, Register
from domain.cases import NewCase, Said

log = structlog.get_logger()

_NEW, _CLASSIFY = TypeAdapter(NewCase), TypeAdapter(Classify)
_SAID = TypeAdapter(Said)
_CLASSIFIED = ("title", "service", "category", "impact", "urgency", "language", "because")
_OF_NEW = (*_CLASSIFIED, "contact_id", "contact_name", "caller_number")
_DROPPED = ("description", "statement", "words", "priority", "call_id", "status")


def take_in(path: Path, outbox: Outbox) -> int:
    """Move every line of the old file, and of those it had put aside, into the outbox; how many.

    A line that holds no change stays visible there, as refused. Blocking. Raises OSError.
    """
    taken = 0
    for file, why in ((path, ""), (path.with_suffix(".rejected"), "put aside by the version before")):
        if not file.is_file():
            continue
        kept = [outbox.add_entry(_entry(line, why)) for line in file.read_bytes().splitlines()]
        taken += len(kept)
        # Only now, and only what is on the disk elsewhere: a line that comes twice is the same entry.
        if all(kept):
            file.unlink()
    if taken:
        log.info("old_spool_taken_in", lines=taken)
    return taken


def unit_of_line(line: bytes) -> tuple[CaseUnit, int]:
    """The unit of a line, and when it was asked for; ValueError for a line that holds no change."""
    try:
        record = json.loads(line)
        at_ms, voice = int(record["at_ms"]), record["voice"]
        change_id = _change_id(line, record)
        unit = CaseUnit(
            change_id=change_id,
            number=str(record["number"]),
            commands=tuple(_commands(record, change_id, at_ms)),
            voice=Sound(base64.b64decode(voice["sound"]), int(voice["rate_hz"])) if voice else None,
        )
        return unit, at_ms
    except ValidationError as error:
        raise ValueError(f"no change of a case: {faults(error)}") from None
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no change of a case: {error!r}") from error


def _entry(line: bytes, refused: str) -> Entry:
    try:
        unit, at_ms = unit_of_line(line)
        entry = entry_of(unit, at_ms)
    except ValueError as error:
        body = line.decode(errors="replace")
        return Entry(change_id=_digest(line), at_ms=0, body=body, refused=refused or str(error))
    return Entry(**vars(entry) | {"refused": refused})


def _commands(record: Any, change_id: str, at_ms: int) -> Iterator[CaseCommand]:
    fields: dict[str, Any] = record["fields"]
    if unknown := fields.keys() - {*_OF_NEW, *_DROPPED}:
        raise ValueError(f"a case has no field {sorted(unknown)[0]!r:.40}")
    call_id = str(record["call_id"])
    head: dict[str, Any] = {"actor": "ivr", "at_ms": at_ms, "call_id": call_id, "yields": True}
    said = _said(fields, change_id, at_ms, call_id)
    if not record["number"]:
        new = {name: fields[name] for name in _OF_NEW if name in fields}
        yield Register(change_id=change_id, **head, new=_NEW.validate_python({**new, "said": said}))
        return
    yield Link(change_id=f"{change_id}/link", **head)
    for one in said:
        yield Hear(change_id=f"{change_id}/{one.statement_id}", **head, said=one)
    judged = {name: fields[name] for name in _CLASSIFIED if name in fields}
    if judged:
        yield _CLASSIFY.validate_python({"change_id": f"{change_id}/judged", **head, **judged})
    if fields.get("contact_id") is not None:
        who = {name: fields[name] for name in ("contact_id", "contact_name") if name in fields}
        yield Identify(change_id=f"{change_id}/who", **head, **who)
    if record["what"] and not said:
        text = str(record["what"])
        yield Note(change_id=f"{change_id}/note", **head, note_id=f"ivr/{change_id}", text=text)


def _said(fields: dict[str, Any], change_id: str, at_ms: int, call_id: str) -> tuple[Said, ...]:
    """The newest statement, and what else the description holds, said before it."""
    statement, description = fields.get("statement") or "", fields.get("description") or ""
    earlier = [text for text in description.splitlines() if text and text != statement]
    found = [
        Said(statement_id=f"{change_id}/{place}", text=text, at_ms=at_ms, call_id=call_id)
        for place, text in enumerate(earlier)
    ]
    if statement:
        newest = {"statement_id": f"{change_id}/said", "text": statement, "at_ms": at_ms, "call_id": call_id}
        found.append(_SAID.validate_python({**newest, "words": fields.get("words") or ()}))
    return tuple(found)


def _change_id(line: bytes, record: Any) -> str:
    """Lines from before there were ids get the same one whenever they are read."""
    return str(record.get("change_id") or _digest(line))


def _digest(line: bytes) -> str:
    return f"spool/{hashlib.sha256(line).hexdigest()[:32]}"
