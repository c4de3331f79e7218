"""The owner of cases: one writes at a time, says what has happened in the order of commits, keeps what waits.

What has to wait for the database is in the outbox; see `casework.port` for who may wait and who may not.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from casestore.db import Store, StoreBusy
from casework import old_spool
from casework.case_writer import CaseWriter
from casework.changes import Changes
from casework.outbox import Outbox
from casework.port import CaseUnit, NotSaved, SavedCase, Sound
from cti.bus import Publisher
from cti.work import Work
from domain.case_commands import CaseCommand, Link, Register, Undo
from domain.cases import Case, Priorities
from domain.clock import now_ms
from domain.event import Event

log = structlog.get_logger()

_VOICE_S = 1.0
_LOOK_AGAIN_S = 30.0
_PATIENCE_S = 10.0  # of a person, before "busy" is the answer

Result = TypeVar("Result")


class CaseOwner:
    """An asynchronous context manager: while it is entered, what waits in the outbox is tried again."""

    def __init__(
        self,
        store: Store,
        bus: Publisher,
        *,
        priorities: Priorities,
        statements: Path,
        outbox: Path,
        old_spool_file: Path,
        save_s: float,
        retry_s: float,
    ) -> None:
        self._bus = bus
        self._writer = CaseWriter(store, statements, self._committed, priorities=priorities)
        self._outbox, self._old_spool = Outbox(outbox), old_spool_file
        self._save_s, self._retry_s = save_s, retry_s
        self._unsaved = asyncio.Event()
        self._news: deque[Event] = deque()
        self._telling, self._has_news = asyncio.Lock(), asyncio.Event()
        self._work = Work()
        # One, so that news keeps the order of commits; voices and the outbox wait for nobody's lock.
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="casework-writes")
        self._voices = ThreadPoolExecutor(1, thread_name_prefix="casework-voices")
        self._keeping = ThreadPoolExecutor(1, thread_name_prefix="casework-outbox")  # a caller waits for it
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="casework-events")

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._work.start("outbox", self._retry)
        self._work.start("news of cases", self._tell)

    async def close(self) -> None:
        await self._work.close()
        for threads in (self._writers, self._voices, self._keeping, self._readers):
            await asyncio.to_thread(threads.shutdown)
        await self._state_news()
        self._outbox.close()

    @property
    def state(self) -> str:
        """`ok`, or how many changes wait for the database, were refused, or what has failed, for health."""
        return "; ".join(state for state in (self._outbox.state, self._work.state) if state != "ok") or "ok"

    async def save(self, unit: CaseUnit) -> SavedCase:
        """Raises NotSaved where the unit is in the outbox only: nobody waits longer than `save_s`."""
        at_ms, given_up = now_ms(), threading.Event()
        writing = self._in(self._writers, lambda: self._writer.save(unit, given_up))
        try:
            # Shielded: a thread cannot be stopped, and what it still commits is known by its ids.
            case, has_voice = await asyncio.wait_for(asyncio.shield(writing), self._save_s)
        except Exception as error:
            # Before the outbox takes it: the thread must not begin the same write after that.
            given_up.set()
            writing.add_done_callback(_let_go)
            await self._in(self._keeping, lambda: self._outbox.add(unit, at_ms))
            self._unsaved.set()
            raise NotSaved(repr(error)) from error
        await self._state_news()
        if unit.voice:
            has_voice = await self._add_voice_soon(case, unit.voice, unit.change_id) or has_voice
        return SavedCase(case=case, has_voice=has_voice)

    async def carry_out(self, number: str, command: CaseCommand) -> Case:
        """See `casework.port`."""
        if isinstance(command, Register):
            return await self._now(lambda changes: changes.carry_out_all(number, (command,)))
        return await self._now(lambda changes: changes.carry_out(number, command))

    async def link_call(self, call_id: str, to: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        """See `casework.port`."""
        link = Link(change_id=change_id, actor=actor, at_ms=at_ms, call_id=call_id)
        return await self._now(lambda changes: changes.link_call(call_id, to, link))

    async def undo(self, number: str, event_id: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        """See `casework.port`."""
        undone = await self._in(self._readers, lambda: self._writer.event(event_id))
        if undone is None or undone.case_number != number:
            raise LookupError(f"{number[:40]!r} has no event {event_id[:40]!r}")
        undo = Undo(change_id=change_id, actor=actor, at_ms=at_ms, undone=undone)
        return await self._now(lambda changes: changes.undo(number, undo))

    async def case_of_call(self, call_id: str) -> Case | None:
        """The case that a call is about, as far as it is known by now. Raises StoreUnusable."""
        return await self._in(self._readers, lambda: self._writer.case_of_call(call_id))

    async def _now(self, work: Callable[[Changes], Case]) -> Case:
        """For whoever waits at a page: it is written when this returns, or not at all."""
        given_up = threading.Event()
        writing = self._in(self._writers, lambda: self._writer.write(work, given_up))
        try:
            case, _ = await asyncio.wait_for(asyncio.shield(writing), _PATIENCE_S)
        except (TimeoutError, asyncio.CancelledError) as error:
            given_up.set()
            writing.add_done_callback(_let_go)
            if isinstance(error, TimeoutError):
                raise StoreBusy("the database is locked by somebody else") from error
            raise
        await self._state_news()
        return case

    def _in(self, threads: ThreadPoolExecutor, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        return asyncio.get_running_loop().run_in_executor(threads, work)

    # --- what has happened, in the order of commits -------------------------------------------------

    def _committed(self, news: tuple[Event, ...]) -> None:
        """In a writer's thread. Queued before whoever waits for the commit hears of it."""
        self._loop.call_soon_threadsafe(self._queue, news)

    def _queue(self, news: tuple[Event, ...]) -> None:
        self._news.extend(news)
        self._has_news.set()

    async def _tell(self) -> None:
        """Also what nobody waits for any more."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            await self._state_news()

    async def _state_news(self) -> None:
        async with self._telling:
            while self._news:
                event = self._news.popleft()
                try:
                    await self._bus.publish(event.stream, event)
                except Exception:  # the log has it: the bridge folds it when it starts anew
                    log.exception("event_not_published", subject=event.subject, kind=type(event).__name__)

    # --- voices, and what waits ---------------------------------------------------------------------

    async def _add_voice_soon(self, case: Case, voice: Sound, change_id: str) -> bool:
        """The case is saved already: a voice that takes long is waited for by nobody, and saved anyway."""
        adding = self._in(self._voices, partial(self._writer.add_voice, case, voice, change_id))
        try:
            has_voice = await asyncio.wait_for(asyncio.shield(adding), _VOICE_S)
        except TimeoutError:
            log.warning("voice_waits", case=case.number)
            return False
        await self._state_news()
        return has_voice

    async def _retry(self) -> None:
        """Write what is in the outbox as soon as the database takes it, first what an earlier run left."""
        await self._in(self._keeping, lambda: old_spool.take_in(self._old_spool, self._outbox))
        while True:
            self._unsaved.clear()
            await self._in(self._voices, lambda: self._outbox.drain(self._keep))
            # A case that came while we drained has set the event; one that stayed behind sets nothing.
            if self._outbox.is_empty:
                # Nor does a person who has it tried again, by the command line.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._unsaved.wait()
            else:
                await asyncio.sleep(self._retry_s)

    def _keep(self, unit: CaseUnit) -> None:
        """In the thread of voices: the turn at the database is that of the one writer."""
        case, _ = self._writers.submit(self._writer.save, unit).result()
        if unit.voice:
            self._writer.add_voice(case, unit.voice, unit.change_id)
        log.info("unsaved_case_written", case=case.number)


def _let_go(writing: "asyncio.Future[tuple[Case, bool]]") -> None:
    """Nobody waits for this write any more: what becomes of it is told here."""
    error = None if writing.cancelled() else writing.exception()
    if error and not isinstance(error, NotSaved):
        log.warning("write_failed_after_all", error=repr(error))
