"""Whether the database can be used, answered in time whatever it does."""

import asyncio

import structlog

from casestore import calls
from casestore.db import Store
from screenpop.server.threads import Threads

log = structlog.get_logger()

_DEADLINE_S = 0.8  # a health page that answers within a second


class DatabaseCheck:
    """One look at a time, in a thread of its own: while one hangs no further one is begun."""

    def __init__(self, store: Store, deadline_s: float = _DEADLINE_S) -> None:
        self._store = store
        self._deadline_s = deadline_s
        self._threads = Threads("health", 1)
        self._looking: asyncio.Task[str] | None = None

    async def state(self) -> str:
        """`ok`, or what is wrong."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._threads.run(self._look))
        # `wait` and not `wait_for`: the look goes on, and the next question finds what it found.
        await asyncio.wait([self._looking], timeout=self._deadline_s)
        return self._looking.result() if self._looking.done() else "no answer"

    def close(self) -> None:
        if self._looking:
            self._looking.cancel()
        self._threads.close()

    def _look(self) -> str:
        try:
            with self._store.reading() as tx:
                calls.recent(tx, 1)
        except Exception as error:  # in one line: a look every second would fill the log
            log.error("database_unusable", why=str(error))
            return "failed"
        return "ok"
