"""A fact: something that happened, as it was first written down."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`subject` is what it is about: a call's id, an agent or a case number.

    `at_ms` is when it happened by the clock of `node`, which saw it; `received_ms` when it was written down
    by ours. `body` is the event as it is encoded on the bus, without what is personal: that is in `personal`,
    a JSON object of the fields that `Event.personal` names; empty where there is none, or none any more.
    """

    event_id: str
    stream: str
    kind: str
    subject: str
    at_ms: int
    received_ms: int
    node: str
    body: str
    personal: str = ""


@dataclass(frozen=True, kw_only=True)
class StoredFact(Fact):
    """A fact in its place among all others."""

    seq: int
