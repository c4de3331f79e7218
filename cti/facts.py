"""Events as facts and back; what is personal in them is kept apart, so that it can go and the fact stays."""

import json

import structlog

from cti.bus.encoding import BadEvent, Fields, as_json, decode, fields_of
from domain.agents import AgentsSnapshot, SnapshotWanted
from domain.calls import CallChanged, CallsSnapshot
from domain.case_events import CaseChanged, CaseEvent
from domain.event import Event
from domain.facts import Fact, StoredFact

log = structlog.get_logger()


def is_fact(event: Event) -> bool:
    """Asking for a snapshot is nothing that happened; what happens to cases, their owner has written down."""
    return not isinstance(event, SnapshotWanted | CaseEvent | CaseChanged)


def is_promise(event: Event) -> bool:
    """What we state of agents happened with us; of calls we state what the facts amount to."""
    return not isinstance(event, CallChanged | CallsSnapshot | AgentsSnapshot)


def fact_of(event: Event, *, node: str, received_ms: int) -> Fact:
    """What is to be written down of the event; raises BadEvent where a field does not hold what it should."""
    kind = type(event).__name__
    kept, personal = _parted(fields_of(event), event.personal)
    return Fact(
        event_id=event.event_id,
        stream=event.stream,
        kind=kind,
        subject=event.subject,
        at_ms=event.at_ms,
        received_ms=received_ms,
        node=node,
        body=f"{kind} {as_json(kind, kept)}",
        personal=as_json(kind, personal) if personal else "",
    )


def event_of(fact: StoredFact) -> Event | None:
    """The event that was written down, without what was erased of it.

    None, and a line in the log, where this version cannot read it.
    """
    try:
        return decode(_joined(fact).encode())
    except BadEvent as error:
        log.error("fact_unreadable", seq=fact.seq, kind=fact.kind, why=str(error))
        return None


def _parted(fields: Fields, names: tuple[str, ...]) -> tuple[Fields, Fields]:
    """What stays, and what is personal; where only parts of a field are, the whole of it is in both."""
    kept, personal = dict(fields), {}
    for name in names:
        field, _, part = name.partition(".")
        if _is_empty(fields[field]):
            continue
        personal[field] = fields[field]
        if part:
            kept[field] = {other: value for other, value in kept[field].items() if other != part}
        else:
            del kept[field]
    return kept, personal


def _is_empty(value: object) -> bool:
    """Whether it is what the field has by default; a record of which nothing is given is so too."""
    if isinstance(value, dict):
        return all(part is None for part in value.values())
    return value in (None, "", [])


def _joined(fact: Fact) -> str:
    if not fact.personal:
        return fact.body
    kind, _, kept = fact.body.partition(" ")
    try:
        return f"{kind} {as_json(kind, json.loads(kept) | json.loads(fact.personal))}"
    except (TypeError, ValueError) as error:  # it was no JSON, or no object
        raise BadEvent(f"{kind} is broken: {error}") from error
