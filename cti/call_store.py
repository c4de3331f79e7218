"""What the bridge keeps: facts, the calls they make, and what lived when the program last ended. Blocking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from casestore import calls, cases, fact_log, positions
from casestore.db import Store, Transaction
from cti.calls import call_of
from cti.fact_writer import Place, Positions
from cti.facts import event_of
from cti.folding import OF_CASES, Folding, begins_in_log, call_as_of, facts_after
from domain.calls import Call
from domain.case_events import CaseLinked, CaseRegistered, without_personal
from domain.dialogue import StatementHeard
from domain.event import Event
from domain.facts import Fact

log = structlog.get_logger()

_DAY_MS = 86_400_000
_READER, _PROJECTION, _CASES, _LOG = "bridge", "calls", "cases", "facts"


class KeepsCalls(Protocol):
    """What the bridge needs kept: `CallStore`, or a test's. Blocking: called in threads."""

    def append(self, facts: Sequence[Fact], read_up_to: Positions) -> Sequence[Place]:
        """Write facts down, and up to where the bus was read for them, in one transaction."""

    def save(self, changed: Sequence[Call], place: int) -> None:
        """Write calls, and that the log is folded up to this place (0: not known), in one transaction."""

    def load(self, call_id: str) -> Call | None:
        """A call as it was last saved."""

    def untold_cases(self) -> Sequence[Event]:
        """What the log tells of the cases of calls, and their rows do not know."""


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
    """The bridge's side of the case store."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._cases_told = 0

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
                if self._cases_told:
                    # With the calls that recovery has made: now they know of their cases up to there.
                    positions.put(tx, _CASES, _LOG, str(self._cases_told), self._clock())
                    self._cases_told = 0

    def load(self, call_id: str) -> Call | None:
        with self._store.reading() as tx:
            return calls.get(tx, call_id)

    def untold_cases(self) -> Sequence[Event]:
        """What the log tells of the cases of calls, where their rows do not know it (yet).

        All that it tells of such a call, in its order: folded again, the call knows what was said last.
        """
        with self._store.reading() as tx:
            place = int(positions.get(tx, _CASES, _LOG) or 0)
        told: dict[str, list[CaseRegistered | CaseLinked]] = {}
        for page in facts_after(self._store, place, kinds=OF_CASES):
            for event in map(event_of, page):
                if isinstance(event, CaseRegistered | CaseLinked) and event.call_id:
                    told.setdefault(event.call_id, []).append(without_personal(event))
        with self._store.reading() as tx:
            known = calls.case_numbers_of(tx, told)
        untold = (es for call_id, es in told.items() if known.get(call_id) != es[-1].case_number)
        return [event for events in untold for event in events]

    def recover(self, streams: Sequence[str]) -> Recovered:
        """The calls whose end was not seen or that the rest of the log changes, made up to its end."""
        with self._store.reading() as tx:
            # Rows and position out of one transaction: they belong together.
            found = calls.unfinished(tx)
            place = folded_up_to(tx)
            read_up_to = {stream: positions.get(tx, _READER, stream) for stream in streams}
            self._cases_told = fact_log.newest(tx)
        folding = Folding(lambda _: None)
        folding.calls = {call.call_id: call for call in found.calls}
        place = self._fold_rest(folding, place, found.unreadable)
        with self._store.reading() as tx:
            missing = [fact for call in folding.calls.values() for fact in _untold_statement(tx, call)]
        early = [event for events in folding.early.values() for event in events]
        if any(event.at_ms > self._clock() - _DAY_MS for event in early):
            self._cases_told = 0  # their calls may still begin
        return Recovered(
            calls=tuple(folding.calls.values()),
            facts=(*missing, *early),
            positions={stream: at for stream, at in read_up_to.items() if at is not None},
            place=place,
        )

    def _fold_rest(self, folding: Folding, place: int, unreadable: Sequence[str]) -> int:
        """Fold what stands in the log beyond the place; gives that of its last fact.

        A call whose row is of another version is made from its facts, where those can be read. Of cases
        their owner writes, and not the bridge: what it wrote may stand before the place.
        """
        untold = self.untold_cases()
        rest = (event for page in facts_after(self._store, place) for event in map(event_of, page))
        touched = {call_of(event) for event in rest if event} | {call_of(event) for event in untold}
        touched = (touched | set(unreadable)) - {""}
        with self._store.reading() as tx:
            for call_id in touched:
                folding.calls.pop(call_id, None)
                if call := _as_of(tx, call_id, place):
                    folding.calls[call_id] = call
        for event in untold:
            folding.fold(event)  # first: what is beyond the place comes again, in its order
        for page in facts_after(self._store, place):
            place = page[-1].seq
            for event in filter(None, map(event_of, page)):
                folding.fold(event)
        return place


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


def _untold_statement(tx: Transaction, call: Call) -> list[Event]:
    """The program may have ended between registering a case and saying what was heard for it."""
    case = cases.of_call(tx, call.call_id) if not call.transcript else None
    if case is None or not case.said:
        return []
    said = case.said[-1]
    return [
        StatementHeard(
            at_ms=said.at_ms,
            event_id=f"recovered/{case.number}/statement",
            call_id=call.call_id,
            node=call.node,
            text=said.text,
            confidence=said.confidence,
            statement_id=said.statement_id,
            words=said.words,
        )
    ]
