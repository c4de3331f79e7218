"""Writes changes of cases into the store, each once. Blocking: for threads."""

import threading
from dataclasses import replace
from pathlib import Path

import structlog

from casestore import cases, recordings
from casestore.db import Store, StoreUnusable, Transaction
from casework.port import CaseChange, NotSaved, SavedCase, Sound
from domain.cases import Case
from domain.clock import now_ms

log = structlog.get_logger()

_BY = "ivr"


class CaseWriter:
    """`statements` is the folder of callers' voices. Threads may share it."""

    def __init__(self, store: Store, statements: Path) -> None:
        self._store, self._statements = store, statements

    def write(
        self, change: CaseChange, at_ms: int, *, late: bool = False, given_up: threading.Event | None = None
    ) -> SavedCase:
        """Write what was asked for at `at_ms`; `late`: it waited, and somebody may have been here since.

        Raises NotSaved where it was given up (and spooled) before the database let us, StoreUnusable,
        ValueError and LookupError for what no case can hold.
        """
        with self._store.uow() as tx:
            # Asked only once the write lock is ours, for that is what took so long.
            if given_up and given_up.is_set():
                raise NotSaved("the spool has it by now")
            # An earlier try may have been committed although it seemed to fail.
            case = cases.of_change(tx, change.change_id) or _write(tx, change, at_ms, late)
            known = cases.open_of_contact(tx, case.contact_id) if case.contact_id is not None else ()
            has_voice = recordings.find(tx, self._statements, case.number) is not None
        others = tuple(other for other in known if other.number != case.number)
        return SavedCase(case=case, has_voice=has_voice, others=others)

    def add_voice(self, saved: SavedCase, voice: Sound, change_id: str) -> SavedCase:
        """What goes wrong is logged. The number is committed before a file bears it: it is nobody else's."""
        number = saved.case.number
        try:
            with self._store.reading() as tx:
                if recordings.has_change(tx, change_id):
                    return saved
            recording = recordings.write(
                self._statements, number, voice.sound, voice.rate_hz, now_ms=now_ms(), change_id=change_id
            )
            with self._store.uow() as tx:
                recordings.add(tx, recording)
        except (OSError, StoreUnusable) as error:
            log.error("voice_not_kept", case=number, error=str(error))
            return saved
        except Exception:
            log.exception("voice_not_kept", case=number)
            return saved
        return replace(saved, has_voice=True)


def _write(tx: Transaction, change: CaseChange, at_ms: int, late: bool) -> Case:
    """Register or amend, with one line of history in the caller's own terms; a call registers one case."""
    before = cases.get(tx, change.number) if change.number else cases.of_call(tx, change.call_id)
    if before is None and not change.number:
        new = change.fields.as_new_case()
        case = cases.register(tx, new, by=_BY, now_ms=at_ms, change_id=change.change_id)
        if change.what:
            cases.note(tx, case.number, by=_BY, what=change.what, now_ms=at_ms)
        return case
    number = before.number if before else change.number
    case = cases.amend(
        tx,
        number,
        change.fields,
        by=_BY,
        what=change.what,
        now_ms=at_ms,
        change_id=change.change_id,
        late=late,
    )
    if change.what and cases.of_change(tx, change.change_id) is None:  # nothing differed
        cases.note(tx, number, by=_BY, what=change.what, now_ms=at_ms, change_id=change.change_id)
    return case
