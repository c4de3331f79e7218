"""A case's events in the fact log, which is its history: written with the case, and read again."""

from collections.abc import Iterable, Sequence

from casestore import fact_log
from casestore.db import Transaction
from cti.facts import event_of, fact_of
from domain.case_events import CaseEvent
from domain.case_history import HistoryEntry, entry_of
from domain.event import MAIN_NODE
from domain.facts import StoredFact
from domain.streams import CASES
from domain.vocabulary import kinds_of

KINDS = frozenset(kind.__name__ for kind in kinds_of(CaseEvent))
"""What happens to cases, by name: facts of these kinds are kept as long as the case is."""


class WrittenMeanwhile(Exception):
    """Somebody else has just carried out the same command: nothing was written; look again."""


def append(tx: Transaction, events: Sequence[CaseEvent], received_ms: int) -> None:
    """Write the events down in the transaction of their cases. Raises WrittenMeanwhile."""
    facts = [fact_of(event, node=MAIN_NODE, received_ms=received_ms) for event in events]
    places = fact_log.append(tx, facts)
    if None in places:
        raise WrittenMeanwhile


def find(tx: Transaction, change_id: str) -> CaseEvent | None:
    """What the command of this id has brought about; None where it has not been carried out."""
    fact = fact_log.find(tx, change_id)
    event = event_of(fact) if fact else None
    return event if isinstance(event, CaseEvent) else None


def history(
    tx: Transaction, number: str, *, before: int | None = None, limit: int = 50
) -> tuple[HistoryEntry, ...]:
    """The newest lines of a case's history, newest first; before the one whose `seq` is `before`."""
    facts = fact_log.newest_about(tx, number, CASES, limit, before=before)
    return entries_of(facts)


def entries_of(facts: Iterable[StoredFact]) -> tuple[HistoryEntry, ...]:
    """The lines of history that these facts are, in their order."""
    return tuple(entry_of(fact.seq, event) for fact in facts if (event := case_event_of(fact)))


def events_of(facts: Iterable[StoredFact]) -> Iterable[CaseEvent]:
    """What happened to cases among these facts, in their order."""
    return (event for fact in facts if (event := case_event_of(fact)))


def case_event_of(fact: StoredFact) -> CaseEvent | None:
    """None for a fact of something else, and for one that this version cannot read, which is logged."""
    event = event_of(fact) if fact.kind in KINDS else None
    return event if isinstance(event, CaseEvent) else None
