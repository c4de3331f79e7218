"""Carries out commands in the store, each once. Blocking: for threads."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from casestore import calls, cases, recordings
from casestore.db import Store, StoreUnusable, Transaction
from casework import case_facts
from casework.case_facts import WrittenMeanwhile
from casework.changes import Changes, Written
from casework.port import CaseUnit, NotSaved, Sound
from domain.case_events import CaseChanged, CaseEvent, without_personal
from domain.cases import ITIL, Case, Priorities, summary
from domain.clock import now_ms
from domain.event import Event, new_id

log = structlog.get_logger()

_TRIES = 3
_GIVEN_UP = "the outbox has it by now"

Stated = Callable[[tuple[Event, ...]], None]
"""Told what has happened, after it was committed and in the order of commits."""


class CaseWriter:
    """`statements` is the folder of callers' voices. One thread at a time, so that news keeps its order."""

    def __init__(
        self, store: Store, statements: Path, stated: Stated, *, priorities: Priorities = ITIL
    ) -> None:
        self._store, self._statements, self._stated = store, statements, stated
        self._priorities = priorities

    def write(
        self, work: Callable[[Changes], Case], given_up: threading.Event | None = None
    ) -> tuple[Case, bool]:
        """The case after the work, and whether there is sound of it.

        Raises NotSaved where it was given up before the database let us, StoreUnusable, and whatever the
        work raises; then nothing was written.
        """
        for _ in range(_TRIES):
            # Asked again once the write lock is ours, for that is what takes so long.
            if given_up and given_up.is_set():
                raise NotSaved(_GIVEN_UP)
            try:
                with self._store.uow() as tx:
                    if given_up and given_up.is_set():
                        raise NotSaved(_GIVEN_UP)
                    changes = Changes(tx, now_ms(), self._priorities)
                    written = changes.finish(work(changes))
                    voices = {case.number for case in written.changed if self._has_voice(tx, case.number)}
                    has_voice = self._has_voice(tx, written.case.number)
            except WrittenMeanwhile:
                continue
            self._stated(_news(written, voices))
            return written.case, has_voice
        raise StoreUnusable("the same command is carried out again and again")

    def save(self, unit: CaseUnit, given_up: threading.Event | None = None) -> tuple[Case, bool]:
        """The same for a unit of commands. Raises LookupError where there is no such case (yet)."""
        return self.write(lambda changes: changes.carry_out_all(unit.number, unit.commands), given_up)

    def add_voice(self, case: Case, voice: Sound, change_id: str) -> bool:
        """Whether it is kept; what goes wrong is logged.

        The number is committed before a file bears it: it is nobody else's.
        """
        try:
            with self._store.reading() as tx:
                if recordings.has_change(tx, change_id):
                    return True
            recording = recordings.write(
                self._statements,
                case.number,
                voice.sound,
                voice.rate_hz,
                now_ms=now_ms(),
                change_id=change_id,
            )
            with self._store.uow() as tx:
                recordings.add(tx, recording)
                newest = cases.get(tx, case.number) or case
        except (OSError, StoreUnusable) as error:
            log.error("voice_not_kept", case=case.number, error=str(error))
            return False
        except Exception:
            log.exception("voice_not_kept", case=case.number)
            return False
        self._stated((_changed(newest, has_voice=True),))
        return True

    def event(self, event_id: str) -> CaseEvent | None:
        """What happened under this id."""
        with self._store.reading() as tx:
            return case_facts.find(tx, event_id)

    def case_of_call(self, call_id: str) -> Case | None:
        """The case that a call is about, as far as it is known by now."""
        with self._store.reading() as tx:
            return cases.get(tx, calls.case_number_of(tx, call_id)) or cases.of_call(tx, call_id)

    def _has_voice(self, tx: Transaction, number: str) -> bool:
        return recordings.find(tx, self._statements, number) is not None


def _news(written: Written, voices: set[str]) -> tuple[Event, ...]:
    """First what happened, so that a call knows its case before pages show it."""
    happened = (without_personal(event) for event in written.events)
    changed = (_changed(case, has_voice=case.number in voices) for case in written.changed)
    return *happened, *changed


def _changed(case: Case, *, has_voice: bool) -> CaseChanged:
    # An id of its own: a case is stated again when its sound is there, without a new version.
    return CaseChanged(at_ms=case.changed_ms, event_id=new_id(), case=summary(case, has_voice=has_voice))
