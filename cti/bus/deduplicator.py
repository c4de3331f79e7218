"""What makes a consumer idempotent: it remembers which events it has handled."""

from collections import OrderedDict

from domain.event import Event


class Deduplicator:
    """The ids of the last `capacity` events: the bus delivers at least once, a consumer handles once."""

    # Twice what a stream keeps. Beyond that the fact log knows an event by its id.
    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[str, None] = OrderedDict()

    def first_time(self, event: Event) -> bool:
        """Remember this event; False where it was remembered already."""
        if event.event_id in self._ids:
            return False
        self._ids[event.event_id] = None
        if len(self._ids) > self._capacity:
            self._ids.popitem(last=False)
        return True
