"""A fact: something that happened, as it was first written down."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`subject` is what it is about: a call's id, an agent or a case number.

    `at_ms` is when it happened by the clock of `node`, which saw it; `received_ms` when it was written down
    by ours. `body` is the event exactly as it is encoded on the bus (JSON).
    """

    event_id: str
    stream: str
    kind: str
    subject: str
    at_ms: int
    received_ms: int
    node: str
    body: str


@dataclass(frozen=True, kw_only=True)
class StoredFact(Fact):
    """A fact in its place among all others."""

    seq: int


# By kind and not field by field: a fact is never changed, it is only deleted as a whole.
# What a caller said, and who they are: kept no longer than their voice.
_PERSONAL = (
    "CallAnswered",
    "CallerIdentified",
    "StatementHeard",
    "SuggestionsFound",
    "QueueJoined",
)


def retention_days(days: int, personal_days: int, kinds: Iterable[str]) -> dict[str, int]:
    """How long facts of each kind are kept: what is personal goes first, the rest is for the figures."""
    return {kind: min(days, personal_days) if kind in _PERSONAL else days for kind in kinds}
