"""Questions to Asterisk, asked beside the bridge's own work: their answers come among Asterisk's messages."""

import asyncio
from collections.abc import Callable

import structlog

from cti.asterisk.ami import AmiDown, AmiRefused
from cti.queue_members import Sender
from cti.resync import Ask, DeadlinePassed

log = structlog.get_logger()

DEADLINE_S = 5.0

Timer = Callable[[float, Callable[[], None]], object]
"""`timer(seconds, then)`: have `then` called later."""


class Questions:
    """Asks; `late` is told when an answer has had its time, whether it came or not."""

    def __init__(self, ami: Sender, timer: Timer, late: Callable[[DeadlinePassed], None]) -> None:
        self._ami = ami
        self._timer = timer
        self._late = late
        self._asking: set[asyncio.Task[None]] = set()

    def ask(self, question: Ask) -> None:
        """Send it; returns at once."""
        self._timer(DEADLINE_S, lambda: self._late(DeadlinePassed(question.question)))
        task = asyncio.create_task(self._send(dict(question.action)))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def close(self) -> None:
        asking = tuple(self._asking)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _send(self, action: dict[str, str]) -> None:
        try:
            await self._ami.send(action)
        except AmiDown as error:  # the connection says so itself; the deadline asks again
            log.info("asterisk_not_asked", action=action["Action"], error=str(error))
        except (AmiRefused, ValueError) as error:
            log.error("asterisk_does_not_answer", action=action["Action"], error=str(error))
