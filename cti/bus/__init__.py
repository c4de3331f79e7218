"""The bus: facts travel at least once, in order per stream, bounded, idempotent by `event_id`.

A stream keeps its newest events, at least as many as its capacity says, and gives each a position.
A publisher never waits for readers: one that falls behind by more than the stream holds meets a Gap, and
so does one that comes back with a position the stream no longer knows. A consumer that must lose
nothing keeps the position of what it has handled and subscribes after it; one that only shows what
is so subscribes from NOW and then asks the owner for a snapshot. Most use `cti.bus.follow`, which
knows what to do about gaps, a bus that is down, and events that cannot be read.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from domain.event import Event

Position = str
"""Where a reader stands, after which event; only the bus that gave it can read it, `""` apart: from the
oldest event that is kept."""

NOW: Position = "now"


class Gap(Exception):
    """What came after that position is not there any more, or it is of another life of the bus.

    The reader must start again from a snapshot.
    """


class BusDown(Exception):
    """The bus cannot be reached, or does not take what it is given, though it was tried again for a while."""


@dataclass(frozen=True)
class Delivery:
    """One event and the position after it; `event` is None where `problem` says why it cannot be read."""

    position: Position
    event: Event | None
    problem: str = ""


class Publisher(Protocol):
    """States facts."""

    async def publish(self, stream: str, event: Event) -> Position:
        """Append the event to the stream; it is encoded before this waits for anything.

        Raises BadEvent where it cannot be encoded, BusDown where it may not have been appended: trying
        again may then append it twice.
        """


class Subscription(Protocol):
    """One reader of one stream, to be iterated by one task."""

    @property
    def position(self) -> Position:
        """After what was delivered last; at first, after what it was subscribed after."""

    def __aiter__(self) -> AsyncIterator[Delivery]:
        """What comes, in its order; an iteration that was left may be taken up by another.

        Raises Gap, and is closed, when something is missing before the next; raises BusDown when the
        connection is lost: subscribe again, after `position`.
        """

    def close(self) -> None:
        """End the iteration and forget the reader; allowed more than once."""


class Subscriber(Protocol):
    """Hears facts."""

    async def subscribe(self, stream: str, after: Position = NOW) -> Subscription:
        """A reader of what comes after that position; when this returns, nothing later is missed.

        Raises BusDown.
        """


class Bus(Publisher, Subscriber, Protocol):
    """Both halves, as the composition hands them out."""

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""

    @property
    def outlives_us(self) -> bool:
        """Whether a position is worth keeping for the next start of the program."""

    async def close(self) -> None:
        """End every iteration and let go of what is open; from now on the bus is down."""
