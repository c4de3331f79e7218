"""All calls made anew from the facts, in a database of their own; and whether they are the living ones."""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields

from casestore import calls, fact_log
from casestore.db import Store, Transaction
from cti.call_store import folded_up_to, keep_folded_up_to
from cti.calls import call_of
from cti.facts import event_of
from cti.folding import BEGINNINGS, Folding, facts_after
from domain.calls import Call, CallAnswered, Resynced, without_person
from domain.clock import now_ms
from domain.event import Event
from domain.facts import StoredFact
from domain.streams import ASTERISK, CASES, DIALOGUE, OFFERS

_OF_CALLS = (ASTERISK, CASES, DIALOGUE, OFFERS)

_FACTS_OF_A_CALL = 10_000

Progress = Callable[[int, int], None]
"""Told the place of the fact that was taken in, and that of the last one."""


@dataclass(frozen=True, kw_only=True)
class ReplayReport:
    """`facts` of calls were read; `passed_over` are those of them that this version cannot read."""

    facts: int
    calls: int
    passed_over: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A call that is not the same in both: in these fields, or `missing_in` one of them."""

    call_id: str
    fields: tuple[str, ...] = ()
    missing_in: str = ""


def replay(
    store_of_facts: Store, fresh_store: Store, progress: Progress = lambda place, last: None
) -> ReplayReport:
    """Make every call anew in the fresh store. Blocking; memory is bounded: an ended call is let go.

    Raises ValueError where the fresh store has calls already, StoreUnusable.
    """
    began_s = time.perf_counter()
    last = _beginning(store_of_facts, fresh_store)
    ended: dict[str, Call] = {}
    # A lambda, for `ended` is another dictionary on each page.
    folding, facts, passed_over = Folding(lambda call_id: ended.get(call_id)), 0, 0  # noqa: PLW0108
    for page in facts_after(store_of_facts, 0, last):
        of_calls = [fact for fact in page if fact.stream in _OF_CALLS]
        events = [event for event in map(event_of, of_calls) if event]
        ended = _ended(fresh_store, events, folding)
        for event in events:
            folding.fold(event)
        with fresh_store.uow() as tx:
            calls.save(tx, folding.take_changed())
            keep_folded_up_to(tx, page[-1].seq, now_ms())
        facts += len(of_calls)
        passed_over += len(of_calls) - len(events)
        progress(page[-1].seq, last)
    seconds = time.perf_counter() - began_s
    return ReplayReport(facts=facts, calls=folding.begun, passed_over=passed_over, seconds=seconds)


def compare(living: Store, fresh: Store, progress: Progress = lambda place, last: None) -> list[Difference]:
    """The calls that are not the same in both. Blocking.

    Only what can be the same is compared: calls whose first fact is still kept, and that have none which one
    of the two has not folded yet; words, names and numbers only where the facts still have them.
    """
    with living.reading() as one, fresh.reading() as other:
        upto = min(folded_up_to(one), folded_up_to(other))
    moving = _Moving(living, upto)
    differences: dict[str, Difference] = {}
    for page in facts_after(living, 0, upto, kinds=BEGINNINGS):
        with living.reading() as one, fresh.reading() as other:
            for fact in page:
                old, new = calls.get(one, fact.subject), calls.get(other, fact.subject)
                if not _is_first_fact(fact, old or new) or moving.has(fact.subject, old):
                    continue
                if old != new and _is_nobodys(one, fact.subject):
                    old, new = old and without_person(old), new and without_person(new)
                if found := _difference(fact.subject, old, new):
                    differences[fact.subject] = found
        progress(page[-1].seq, upto)
    return list(differences.values())


class _Moving:
    """What has facts beyond a place: whoever has folded only up to there has them as they were."""

    def __init__(self, store: Store, place: int) -> None:
        self._subjects: set[str] = set()
        self._living_too = False
        for page in facts_after(store, place):
            events = filter(None, map(event_of, (fact for fact in page if fact.stream in _OF_CALLS)))
            self._subjects.update(map(call_of, events))
            self._living_too |= any(fact.kind == Resynced.__name__ for fact in page)

    def has(self, call_id: str, call: Call | None) -> bool:
        """Whether the call may have changed since."""
        lives = call is not None and call.stage != "ended"
        return call_id in self._subjects or (lives and self._living_too)


def _beginning(store_of_facts: Store, fresh_store: Store) -> int:
    """The place of the last fact; what is stated from now on is not for this replay."""
    with fresh_store.reading() as tx:
        if calls.recent(tx, 1) or folded_up_to(tx):
            raise ValueError("there are calls already where they are to be made anew")
    with store_of_facts.reading() as tx:
        return fact_log.newest(tx)


def _ended(store: Store, events: list[Event], folding: Folding) -> dict[str, Call]:
    """The calls of these events that were let go: fetched together, for there may be late news of them."""
    wanted = dict.fromkeys(call_id for call_id in map(call_of, events) if call_id not in folding.calls)
    with store.reading() as tx:
        found = {call_id: calls.get(tx, call_id) for call_id in wanted if call_id}
    return {call_id: call for call_id, call in found.items() if call}


def _is_first_fact(fact: StoredFact, call: Call | None) -> bool:
    """Whether the call began with this very fact: the log then has all others too."""
    if call is None:
        return True
    if "answered" in call.marks:
        return fact.kind == CallAnswered.__name__ and fact.at_ms == call.marks["answered"]
    return fact.at_ms == min(call.marks.values(), default=fact.at_ms)


def _is_nobodys(tx: Transaction, call_id: str) -> bool:
    """Whether what was personal in its facts is gone; then the living one may have it a day longer."""
    return not any(fact.personal for fact in fact_log.read(tx, 0, _FACTS_OF_A_CALL, subject=call_id))


def _difference(call_id: str, living: Call | None, fresh: Call | None) -> Difference | None:
    if living == fresh:
        return None
    if living is None or fresh is None:
        return Difference(call_id=call_id, missing_in="the fresh database" if living else "the living one")
    names = (field.name for field in fields(Call))
    return Difference(
        call_id=call_id, fields=tuple(n for n in names if getattr(living, n) != getattr(fresh, n))
    )
