"""What we ask the owner of calls and agents, until it has answered.

Its answer comes in two halves, each in its place on the stream of its kind: what is stated after it
changes it. An answer without a request id is for everybody: the owner has begun anew.
"""

import asyncio
from collections.abc import Callable, Collection

import structlog

from cti.bus.follow import FollowReport
from domain.agents import AgentsSnapshot, SnapshotWanted
from domain.calls import CallsSnapshot
from domain.clock import now_ms
from domain.event import Event, new_id

log = structlog.get_logger()

Half = CallsSnapshot | AgentsSnapshot


class Inquiry:
    """Open from the very start; `followed` are the streams on which the answer comes."""

    def __init__(
        self,
        publish: Callable[[Event], None],
        followed: Collection[FollowReport],
        *,
        patience_s: float,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._publish = publish
        self._followed = followed
        self._patience_s = patience_s
        self._clock = clock
        self._request_id = ""
        self._arrived: set[tuple[str, type[Half]]] = set()
        self._opened = asyncio.Event()
        self._settled = asyncio.Event()  # answered, or of no use any more
        self.state = "ok"
        self.open()

    @property
    def is_open(self) -> bool:
        """Whether what we show may be wrong."""
        return self._opened.is_set()

    def open(self) -> None:
        """Something was missed: ask, and let go of what an earlier question has brought."""
        self._request_id = new_id()
        self._arrived.clear()
        self._settled.set()
        self._opened.set()

    def concerns_us(self, half: Half) -> bool:
        """Whether this is to be taken for the truth: others ask too."""
        return half.request_id in ("", self._request_id)

    def take(self, half: Half) -> bool:
        """Note a half that concerns us; True where it makes the answer whole."""
        # By request: a half of an old answer and one of the new are no whole.
        self._arrived.add((half.request_id, type(half)))
        if not {(half.request_id, CallsSnapshot), (half.request_id, AgentsSnapshot)} <= self._arrived:
            return False
        self._arrived.clear()
        self._request_id = ""
        self._opened.clear()
        self._settled.set()
        self.state = "ok"
        return True

    async def run(self) -> None:
        """Ask whenever there is something to ask, again and again until it is answered."""
        while True:
            await self._opened.wait()
            for report in self._followed:
                await report.connected.wait()  # or the answer would pass us by
            self._settled.clear()
            self._publish(SnapshotWanted(at_ms=self._clock(), request_id=self._request_id))
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._settled.wait()
            except TimeoutError:
                log.warning("owner_silent", waited_s=self._patience_s)
                self.state = "the owner of calls and agents does not answer"
