"""Every noun that events are about: importing this makes every kind of event known."""

from collections.abc import Iterator

from domain import agents, calls, case_events, cases, dialogue, offers
from domain.event import Event

# Named, so that nobody takes the imports for unused: a class that is not imported is no kind of event.
NOUNS = (agents, calls, case_events, cases, dialogue, offers)


def kinds_of(kind: type[Event] = Event) -> Iterator[type[Event]]:
    """The kind and all that are made from it, in whatever module of the vocabulary they stand."""
    yield kind
    for narrower in kind.__subclasses__():
        yield from kinds_of(narrower)


KINDS = tuple(sorted(kind.__name__ for kind in kinds_of()))
