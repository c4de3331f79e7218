"""What the bridge keeps: facts, the calls they make, and what lived when the program last ended. Blocking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from casestore import calls, cases, fact_log, positions, recordings
from casestore.db import Store, Transaction
from cti.fact_writer import Place, Positions
from cti.facts import event_of
from cti.folding import Folding, begins_in_log, call_as_of, facts_after
from domain.calls import Call
from domain.cases import Case, CaseRegistered, summary
from domain.dialogue import StatementHeard
from domain.event import Event
from domain.facts import Fact

log = structlog.get_logger()

_READER, _PROJECTION, _LOG = "bridge", "calls", "facts"


class KeepsCalls(Protocol):
    """What the bridge needs kept: `CallStore`, or a test's. Blocking: called in threads."""

    def append(self, facts: Sequence[Fact], read_up_to: Positions) -> Sequence[Place]:
        """Write facts down, and up to where the bus was read for them, in one transaction."""

    def save(self, changed: Sequence[Call], place: int) -> None:
        """Write calls, and that the log is folded up to this place (0: not known), in one transaction."""

    def load(self, call_id: str) -> Call | None:
        """A call as it was last saved."""


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What lived; `facts` are still to be stated of it; `positions` is where the bus was read up to,
    `place` the newest of the log.
    """

    calls: tuple[Call, ...] = ()
    facts: tuple[Event, ...] = ()
    positions: Positions = field(default_factory=dict)
    place: int = 0


class CallStore:
    """The bridge's side of the case store. `voices` is the folder of the callers' recordings."""

    def __init__(self, store: Store, voices: Path, clock: Callable[[], int]) -> None:
        self._store = store
        self._voices = voices
        self._clock = clock

    def append(self, facts: Sequence[Fact], read_up_to: Positions) -> Sequence[Place]:
        with self._store.uow() as tx:
            places = fact_log.append(tx, facts)
            for stream, position in read_up_to.items():
                positions.put(tx, _READER, stream, position, self._clock())
        return places

    def save(self, changed: Sequence[Call], place: int) -> None:
        with self._store.uow() as tx:
            calls.save(tx, changed)
            if place:
                keep_folded_up_to(tx, place, self._clock())

    def load(self, call_id: str) -> Call | None:
        with self._store.reading() as tx:
            return calls.get(tx, call_id)

    def recover(self, streams: Sequence[str]) -> Recovered:
        """The calls whose end was not seen or that the rest of the log changes, made up to its end."""
        with self._store.reading() as tx:
            # Rows and position out of one transaction: they belong together.
            found = calls.unfinished(tx)
            place = folded_up_to(tx)
            read_up_to = {stream: positions.get(tx, _READER, stream) for stream in streams}
        folding = Folding(lambda _: None)
        folding.calls = {call.call_id: call for call in found.calls}
        place = self._fold_rest(folding, place, found.unreadable)
        with self._store.reading() as tx:
            missing = [fact for call in folding.calls.values() for fact in self._untold_case(tx, call)]
        return Recovered(
            calls=tuple(folding.calls.values()),
            facts=tuple(missing),
            positions={stream: at for stream, at in read_up_to.items() if at is not None},
            place=place,
        )

    def _fold_rest(self, folding: Folding, place: int, unreadable: Sequence[str]) -> int:
        """Fold what stands in the log beyond the place; gives that of its last fact.

        A call whose row is of another version is made from its facts, where those can be read.
        """
        touched = {fact.subject for page in facts_after(self._store, place) for fact in page}
        touched.update(unreadable)
        with self._store.reading() as tx:
            for call_id in touched:
                folding.calls.pop(call_id, None)
                if call := _as_of(tx, call_id, place):
                    folding.calls[call_id] = call
        for page in facts_after(self._store, place):
            place = page[-1].seq
            for event in filter(None, map(event_of, page)):
                folding.fold(event)
        return place

    def _untold_case(self, tx: Transaction, call: Call) -> list[Event]:
        """The program may have ended between registering a case and saying so."""
        case = cases.of_call(tx, call.call_id) if call.case is None else None
        if case is None:
            return []
        registered = CaseRegistered(
            at_ms=case.opened_ms,
            event_id=f"recovered/{case.number}",
            call_id=call.call_id,
            case=summary(case, has_voice=recordings.find(tx, self._voices, case.number) is not None),
        )
        return [registered] if call.transcript else [*_untold_statement(case), registered]


def folded_up_to(tx: Transaction) -> int:
    """Up to which place of the log the calls of this database are folded, at least."""
    return int(positions.get(tx, _PROJECTION, _LOG) or 0)


def keep_folded_up_to(tx: Transaction, place: int, now_ms: int) -> None:
    """The calls in this database are folded up to here, if this transaction is committed."""
    positions.put(tx, _PROJECTION, _LOG, str(place), now_ms)


def _as_of(tx: Transaction, call_id: str, place: int) -> Call | None:
    """The call as it was at this place of the log.

    Its row may be newer, for the position is written after it; facts that were folded into it already would
    be folded twice. An ended call cannot be too new: what is still to be told of it is the same twice.
    """
    call = calls.get(tx, call_id)
    if (call and call.stage == "ended") or not begins_in_log(tx, call_id):
        return call
    return call_as_of(tx, call_id, place)


def _untold_statement(case: Case) -> list[Event]:
    if not case.statement:
        return []
    return [
        StatementHeard(
            at_ms=case.opened_ms,
            event_id=f"recovered/{case.number}/statement",
            call_id=case.call_id,
            text=case.statement,
            confidence=0.0,
        )
    ]
