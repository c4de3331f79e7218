"""Calls folded from the fact log: as the bridge folds them, without Asterisk, pages or clock."""

from collections.abc import Callable, Collection, Iterator

from casestore import calls, cases, fact_log
from casestore.db import Store, Transaction
from cti.calls import call_of, is_about_its_case, step
from cti.facts import event_of
from domain.calls import Call, CallAnswered, QueueJoined, Resynced
from domain.case_events import CaseLinked, CaseRegistered
from domain.event import Event
from domain.facts import StoredFact
from domain.offers import OfferMade

BEGINNINGS = tuple(kind.__name__ for kind in (CallAnswered, QueueJoined, OfferMade))
OF_CASES = tuple(kind.__name__ for kind in (CaseRegistered, CaseLinked))
_AT_ONCE = 5_000


class Folding:
    """Calls as facts make them; `load` fetches one that is not in memory. `changed` are those to be saved.

    `early` has what tells of the cases of calls that have not begun.
    """

    def __init__(self, load: Callable[[str], Call | None]) -> None:
        self._load = load
        self.early: dict[str, list[Event]] = {}
        self.calls: dict[str, Call] = {}
        self.changed: dict[str, Call] = {}
        self.begun = 0

    def fold(self, event: Event) -> None:
        if isinstance(event, Resynced):
            for call in tuple(self.calls.values()):
                self._put(step(call, event, event.at_ms)[0])
        elif call_id := call_of(event):
            before = self.calls.get(call_id) or self._load(call_id)
            after = step(before, event, event.at_ms)[0]
            if after is None and is_about_its_case(event):
                early = self.early.setdefault(call_id, [])
                if event.event_id not in {known.event_id for known in early}:
                    early.append(event)
            elif before is None and after is not None:
                self.begun += 1
                for news in self.early.pop(call_id, ()):
                    after = step(after, news, news.at_ms)[0]
            self._put(after)

    def take_changed(self) -> tuple[Call, ...]:
        """What has changed since last asked; calls that have ended need not stay in memory."""
        changed, self.changed = self.changed, {}
        self.calls = {call.call_id: call for call in self.calls.values() if call.stage != "ended"}
        return tuple(changed.values())

    def _put(self, call: Call | None) -> None:
        if call is not None and call is not self.calls.get(call.call_id):
            self.calls[call.call_id] = self.changed[call.call_id] = call


def facts_after(
    store: Store, position: int, upto: int | None = None, *, kinds: Collection[str] = ()
) -> Iterator[tuple[StoredFact, ...]]:
    """The facts beyond the position, and not beyond `upto`, in their order, some thousands at a time."""
    while True:
        with store.reading() as tx:
            facts = fact_log.read(tx, position, _AT_ONCE, kinds=kinds)
        wanted = tuple(fact for fact in facts if upto is None or fact.seq <= upto)
        if wanted:
            yield wanted
        if len(wanted) < _AT_ONCE:
            return
        position = wanted[-1].seq


def call_as_of(tx: Transaction, call_id: str, place: int) -> Call | None:
    """The call as the facts up to this place make it; None where there are none yet."""
    own = [fact for fact in _facts_of(tx, subject=call_id) if fact.seq <= place]
    if not own:
        return None
    # Asterisk's lists are about no call in particular: each judges all of its node.
    lists = _facts_of(tx, kinds=(Resynced.__name__,), after=own[0].seq)
    folding = Folding(lambda _: None)
    facts = [*own, *(fact for fact in lists if fact.seq <= place), *_facts_of_its_cases(tx, call_id)]
    for fact in sorted(facts, key=lambda fact: fact.seq):
        if event := event_of(fact):
            folding.fold(event)
    return folding.calls.get(call_id)


def begins_in_log(tx: Transaction, call_id: str) -> bool:
    """Whether the log has the call from its beginning on, and not only what has not expired yet."""
    first = fact_log.read(tx, 0, 1, subject=call_id)
    return bool(first) and first[0].kind in BEGINNINGS


def _facts_of_its_cases(tx: Transaction, call_id: str) -> list[StoredFact]:
    """What tells which case the call is about; the same however often it is folded."""
    own = cases.of_call(tx, call_id)
    numbers = {calls.case_number_of(tx, call_id), own.number if own else ""} - {""}
    return [fact for number in numbers for fact in _facts_of(tx, subject=number, kinds=OF_CASES)]


def _facts_of(
    tx: Transaction, *, subject: str | None = None, kinds: Collection[str] = (), after: int = 0
) -> list[StoredFact]:
    """All facts about one call, or of these kinds: few enough for memory."""
    found: list[StoredFact] = []
    while page := fact_log.read(tx, after, _AT_ONCE, subject=subject, kinds=kinds):
        found += page
        after = page[-1].seq
    return found
