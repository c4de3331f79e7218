"""Statements whose words come again, better: stated when they come, whatever the dialogue does by then.

A slower engine hears the same sound as the one that the dialogue goes by. Its words follow seconds later,
when the caller answers the next question, waits in the queue or has hung up. They are stated as the same
statement: the call takes the newest words, and the case follows the statement. No caller waits for any of
this.
"""

import asyncio
from dataclasses import replace

import structlog

from casework.port import Casework
from domain.clock import now_ms
from domain.dialogue import StatementHeard
from domain.event import new_id
from ivr.reading import spoken_words
from ivr.speech import Reheard, Stream

_MOST = 200  # waiting at once; beyond it the first words stand
_WITHIN_S = 60.0  # the pool gives up an engine that hangs long before

log = structlog.get_logger()


class Rehearings:
    """One task a statement, until its words have come again or will not; `close` ends them all."""

    def __init__(self, most: int = _MOST, within_s: float = _WITHIN_S) -> None:
        self._most, self._within_s = most, within_s
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, casework: Casework, stream: Stream, first: StatementHeard, start_s: float) -> None:
        """Take over the stream that heard `first`, whose recording begins at `start_s`, and close it."""
        within_s = self._within_s if len(self._tasks) < self._most else 0.0
        task = asyncio.create_task(_hear_again(casework, stream, first, start_s, within_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _hear_again(
    casework: Casework, stream: Stream, first: StatementHeard, start_s: float, within_s: float
) -> None:
    try:
        async with asyncio.timeout(within_s):
            reheard = await stream.reheard()
        if reheard:
            again = _stated_again(first, reheard, start_s)
            await casework.publish(again)
            await casework.heard_again(again)
    except TimeoutError:
        log.warning("statement_not_heard_again", call_id=first.call_id)
    except Exception:
        log.exception("rehearing_failed", call_id=first.call_id)
    finally:
        await stream.close()


def _stated_again(first: StatementHeard, reheard: Reheard, start_s: float) -> StatementHeard:
    heard = reheard.heard
    return replace(
        first,
        at_ms=now_ms(),
        event_id=new_id(),
        text=heard.text,
        confidence=heard.confidence,
        words=spoken_words(heard, start_s),
        source=reheard.source,
    )
