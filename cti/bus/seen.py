"""What makes a consumer idempotent: it remembers which events it has handled."""

from collections import OrderedDict

from domain.events import Event


class Seen:
    """The ids of the last `capacity` events: the bus delivers at least once, a consumer handles once."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event: Event) -> bool:
        """Whether this event was not asked about before; it is remembered from now on."""
        if event.event_id in self._ids:
            return False
        self._ids[event.event_id] = None
        if len(self._ids) > self._capacity:
            self._ids.popitem(last=False)
        return True
