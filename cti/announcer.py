"""States what the bridge has to say; what a bus that is down did not take is made good by a snapshot."""

from collections.abc import Callable

from cti.bus import Publisher
from cti.bus.outlet import Outlet
from cti.questions import Timer
from domain.event import Event

_AGAIN_S = 1.0


class Announcer:
    """An outlet that calls `restate` once the bus takes something again after events were dropped."""

    def __init__(self, bus: Publisher, most: int, timer: Timer, restate: Callable[[], None]) -> None:
        self._outlet = Outlet(bus, most)
        self._timer = timer
        self._restate = restate
        self._owes = False
        self.run = self._outlet.run
        self.drained = self._outlet.drained

    @property
    def state(self) -> str:
        """`ok`, or why events wait."""
        return self._outlet.state

    def publish(self, event: Event) -> None:
        """State the event after all earlier ones."""
        dropped = self._outlet.dropped
        self._outlet.publish(event.stream, event)
        # However many events were dropped, one snapshot makes all of them good.
        if self._outlet.dropped > dropped and not self._owes:
            self._owes = True
            self._timer(_AGAIN_S, self._make_good)

    def _make_good(self) -> None:
        # The outlet is as full as it was: a snapshot would be dropped too.
        if self.state != "ok":
            self._timer(_AGAIN_S, self._make_good)
            return
        self._owes = False
        self._restate()
