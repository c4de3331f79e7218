"""The bus: facts travel at least once, in order per stream, bounded, idempotent by `event_id`."""

from collections.abc import AsyncIterator
from typing import Protocol

from domain.events import Event


class Lagged(Exception):
    """The subscriber was slower than the stream is long: it must start again from a snapshot."""


class Publisher(Protocol):
    """States facts."""

    async def publish(self, stream: str, event: Event) -> None:
        """Append the event to the stream; it is encoded before this returns."""


class Subscription(Protocol):
    """One reader of one stream, from the moment it was made."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events in their order; raises Lagged when some had to be dropped."""

    def close(self) -> None:
        """End the iteration and forget the reader."""


class Subscriber(Protocol):
    """Hears facts."""

    def subscribe(self, stream: str) -> Subscription:
        """A reader of everything that is published to the stream from now on."""


class Bus(Publisher, Subscriber, Protocol):
    """Both halves, as the composition hands them out."""
