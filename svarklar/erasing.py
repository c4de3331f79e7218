"""Somebody is forgotten: every word, name, number and sound of theirs goes, and what is counted stays."""

import json
import re
from contextlib import closing
from pathlib import Path

from casestore import audit, erasure, recordings
from casestore.db import Store
from casestore.erasure import Traces
from casestore.outbox import OutboxFile
from domain.audit import COMMAND_LINE
from domain.calls import ENDED_KNOWN_S
from domain.contacts import Contact
from domain.numbers import written_forms
from ivr.speaking.prompts import forget_spoken
from svarklar.settings import Settings

_NOTHING = re.compile(rb"(?!)")


class StillCalling(Exception):
    """They are on the line, or were until a moment ago: then `until_ms` is when it may be tried again."""

    def __init__(self, call_id: str, until_ms: int | None) -> None:
        super().__init__(call_id)
        self.call_id, self.until_ms = call_id, until_ms


def erase_person(settings: Settings, store: Store, contact: Contact, at_ms: int) -> tuple[Traces, str]:
    """What went, and a sentence about what must wait; empty where nothing does.

    A server may run beside it. Blocking. Raises StillCalling, StillWaiting, StoreUnusable and, from a file,
    OSError: then nothing in the database was changed, and all of it can be done again.
    """
    with store.uow() as tx:
        left = erasure.traces(tx, contact)
        _refuse_while_calling(left, at_ms)
        erasure.erase(tx, left)
        # Before the commit: afterwards nobody knows any more whose number stands in a file.
        _erase_in_outbox(settings, left)
        for number in left.cases:
            recordings.remove(tx, settings.recordings_folder, number)
        _erase_in_files(settings, left)
        audit.note(tx, COMMAND_LINE, "contact_erased", {"contact": str(contact.id)}, at_ms)
    return left, store.forget_deleted()


class StillWaiting(Exception):
    """Something of theirs has not reached the database yet: it would come there afterwards."""


def _refuse_while_calling(left: Traces, at_ms: int) -> None:
    """The bridge has a call in memory until a while after its end, and would write all of it once more."""
    for call in left.calls:
        if call.outcome is None:
            raise StillCalling(call.call_id, None)
        until_ms = call.marks.get("ended", 0) + int(ENDED_KNOWN_S * 1000)
        if until_ms > at_ms:
            raise StillCalling(call.call_id, until_ms)


def _erase_in_outbox(settings: Settings, left: Traces) -> None:
    """Raises StillWaiting. What was damaged and put aside goes as a whole where it names them."""
    ids = [re.escape(json.dumps(one)) for one in (*left.call_ids, *left.cases)]
    named = _as_written(left, *ids)
    with closing(OutboxFile(settings.outbox_file)) as outbox:
        if not outbox.forget(re.compile(named.pattern.decode())):
            raise StillWaiting
    for aside in settings.var.glob(f"{settings.outbox_file.stem}.damaged*"):
        if named.search(aside.read_bytes()):
            aside.unlink()


def _erase_in_files(settings: Settings, left: Traces) -> None:
    named = _as_written(left)
    forget_spoken(settings.prompts_folder)
    for file in (settings.asterisk_run_folder / "log").glob("*"):
        _cut_lines(file, named)
    timeline = settings.timeline_file
    if timeline.exists() and named.search(timeline.read_bytes()):
        timeline.unlink()


def _as_written(left: Traces, *others: str) -> re.Pattern[bytes]:
    """How they may be named in files that others write; whole words, for an extension may be a port too."""
    forms = [form for number in left.numbers for form in written_forms(number)]
    names = [name for name in (left.contact.name, left.contact.email, *forms) if name]
    words = "|".join((*map(re.escape, names), *others)).encode()
    return re.compile(rb"(?<![\w.])(?<!\d:)(?:" + words + rb")(?!\w|[.:]\w)") if words else _NOTHING


def _cut_lines(file: Path, named: re.Pattern[bytes]) -> None:
    """In its place, for Asterisk has it open and goes on at its end."""
    lines = file.read_bytes().splitlines(keepends=True)
    rest = [line for line in lines if not named.search(line)]
    if len(rest) < len(lines):
        with file.open("r+b") as log:
            log.write(b"".join(rest))
            log.truncate()
