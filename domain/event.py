"""What every event has: when it happened, and an id by which it is handled once."""

import uuid
from dataclasses import dataclass, field
from typing import ClassVar

MAIN_NODE = "main"  # where there is only one Asterisk


def new_id() -> str:
    """An id that nobody else has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class Event:
    """Anything that is stated; handling the same `event_id` twice changes nothing.

    `at_ms` is when it happened, by the clock of whoever states it. `stream` is where
    events of its kind travel. `personal` names the fields that hold words, names or numbers of people
    (`case.title` is a part of one): they are kept apart and can be erased, hence empty by default, so that
    the event can be read without them.
    """

    # By class and not by event: nobody can state an event on another stream than its readers follow.
    stream: ClassVar[str]
    personal: ClassVar[tuple[str, ...]] = ()

    at_ms: int
    event_id: str = field(default_factory=new_id)

    @property
    def subject(self) -> str:
        """What it is about: a call's id, an agent; empty where it is about everything."""
        return ""


@dataclass(frozen=True, kw_only=True)
class CallEvent(Event):
    """Something that happened in one call, on one Asterisk node."""

    call_id: str
    node: str = MAIN_NODE

    @property
    def subject(self) -> str:
        return self.call_id
