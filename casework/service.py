"""What a dialogue asks of the casework, answered from the case store in threads of its own."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from casestore import cases, contacts
from casestore.db import Store, Transaction
from casework.case_writer import CaseWriter
from casework.port import CaseChange, Found, NotSaved, SavedCase, Sound
from casework.said import Said
from casework.search.ranking import Ranking
from casework.spool import Spool
from casework.triage.understand import Understanding
from cti.bus import Publisher
from cti.work import Work
from domain.cases import Case, CaseRegistered, Judgement, Suggestion, summary
from domain.clock import now_ms
from domain.contacts import Callers, Contact, How
from domain.dialogue import StatementHeard
from domain.event import CallEvent
from domain.numbers import decide, normalise

log = structlog.get_logger()

_READERS, _WRITERS = 4, 2  # apart, so that a write that waits for a locked database delays no reading
_VOICE_S = 1.0
_DECIDES: Mapping[str, How] = {"e164": "ani", "extension": "extension"}

Result = TypeVar("Result")


class CaseService:
    """`casework.port.Casework` over a case store; an asynchronous context manager that retries the spool."""

    def __init__(
        self,
        store: Store,
        bus: Publisher,
        understanding: Understanding,
        ranking: Ranking,
        *,
        region: str,
        statements: Path,
        spool: Path,
        save_s: float = 3.0,
        retry_s: float = 5.0,
    ) -> None:
        """`statements` is the folder of recordings, `spool` the file of cases that could not be saved.

        A locked database must not hold the caller longer than `save_s`: the spool takes the case, and is
        tried again every `retry_s`.
        """
        self._store, self._bus = store, bus
        self._understanding, self._ranking = understanding, ranking
        self._region = region
        self._writer = CaseWriter(store, statements)
        self._spool = Spool(spool)
        self._unsaved = asyncio.Event()
        self._work = Work()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="casework-reads")
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="casework-writes")
        self._spooling = ThreadPoolExecutor(1, thread_name_prefix="casework-spool")  # a caller waits for it
        self._save_s, self._retry_s = save_s, retry_s

    async def __aenter__(self) -> "CaseService":
        self._work.start("spool", self._retry)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._work.close()
        for threads in (self._readers, self._writers, self._spooling):
            await asyncio.to_thread(threads.shutdown)

    @property
    def state(self) -> str:
        """`ok`, or how many cases wait for the database, were put aside, or what has failed, for health."""
        return "; ".join(state for state in (self._spool.state, self._work.state) if state != "ok") or "ok"

    def learn(self, understanding: Understanding, ranking: Ranking) -> None:
        """Judge and search by these from now on: the knowledge base has changed."""
        self._understanding, self._ranking = understanding, ranking

    async def callers(self, number: str) -> Callers:
        caller = normalise(number, self._region)

        def look(tx: Transaction) -> tuple[Contact, ...]:
            match caller.kind:
                case "e164":
                    return contacts.by_number(tx, caller.number)
                case "extension":
                    return contacts.by_extension(tx, caller.number)
                case _:
                    return ()

        found = await self._read(look)
        how = _DECIDES.get(caller.kind, "nothing") if found else "nothing"
        return Callers(decide(caller, found), caller.number, found, how)

    async def employees(self, number: str) -> tuple[Contact, ...]:
        return await self._read(lambda tx: contacts.by_employee_number(tx, number))

    async def open_cases(self, contact_id: int) -> tuple[Case, ...]:
        return await self._read(lambda tx: cases.open_of_contact(tx, contact_id))

    async def judge(self, said: Said, language: str, desk: str = "") -> Judgement:
        return await self._thread(lambda: self._understanding.understand(said, language, desk))

    async def save(self, change: CaseChange) -> SavedCase:
        """Write the case; raises NotSaved where it could only be spooled."""
        at_ms, given_up = now_ms(), threading.Event()
        writing = asyncio.ensure_future(
            self._thread(lambda: self._writer.write(change, at_ms, given_up=given_up), self._writers)
        )
        try:
            # Shielded: a thread cannot be stopped, and what it still commits is known by its change id.
            saved = await asyncio.wait_for(asyncio.shield(writing), self._save_s)
        except Exception as error:
            # Before the spool takes it: the thread must not begin the same write after that.
            given_up.set()
            if not writing.done():
                writing.add_done_callback(_let_go)
            await self._thread(lambda: self._spool.add(change, at_ms), self._spooling)
            self._unsaved.set()
            raise NotSaved(repr(error)) from error
        return await self._with_voice_soon(saved, change.voice, change.change_id) if change.voice else saved

    async def find(self, said: Said, language: str, but: str, desk: str = "") -> Found:
        known = await self._read(cases.open_cases)
        others = tuple(case for case in known if case.number != but)
        return await self._thread(lambda: _found(self._ranking, said, others, language, desk))

    async def heard_again(self, statement: StatementHeard) -> None:
        """Nothing yet."""

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
        try:
            await self._bus.publish(event.stream, event)
        except Exception:
            log.exception("event_not_published", call_id=event.call_id, kind=type(event).__name__)

    async def _thread(self, work: Callable[[], Result], threads: ThreadPoolExecutor | None = None) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads or self._readers, work)

    async def _read(self, work: Callable[[Transaction], Result]) -> Result:
        def inside() -> Result:
            with self._store.reading() as tx:
                return work(tx)

        return await self._thread(inside)

    async def _with_voice_soon(self, saved: SavedCase, voice: Sound, change_id: str) -> SavedCase:
        """The case is saved already: a voice that takes long is waited for by nobody, and saved anyway."""
        adding = asyncio.ensure_future(
            self._thread(lambda: self._writer.add_voice(saved, voice, change_id), self._writers)
        )
        try:
            return await asyncio.wait_for(asyncio.shield(adding), _VOICE_S)
        except TimeoutError:
            log.warning("voice_waits", case=saved.case.number)
            return saved

    async def _retry(self) -> None:
        """Write what is in the spool as soon as the database takes it; what an earlier run has left first."""
        loop = asyncio.get_running_loop()

        def keep(change: CaseChange, at_ms: int) -> None:
            registered = self._write_late(change, at_ms)
            # Not waited for: the spool would hold the next case back for a slow bus.
            asyncio.run_coroutine_threadsafe(self.publish(registered), loop)

        while True:
            self._unsaved.clear()
            await self._thread(lambda: self._spool.drain(keep), self._writers)
            # A case that came while we drained has set the event; one that stayed behind sets nothing.
            if await self._thread(lambda: len(self._spool), self._writers):
                await asyncio.sleep(self._retry_s)
            else:
                await self._unsaved.wait()

    def _write_late(self, change: CaseChange, at_ms: int) -> CaseRegistered:
        saved = self._writer.write(change, at_ms, late=True)
        if change.voice:
            saved = self._writer.add_voice(saved, change.voice, change.change_id)
        log.info("unsaved_case_registered", case=saved.case.number, call_id=change.call_id)
        return CaseRegistered(
            at_ms=now_ms(),
            call_id=change.call_id,
            case=summary(saved.case, has_voice=saved.has_voice),
            open_cases=tuple(summary(case) for case in saved.others),
        )


def _let_go(writing: "asyncio.Future[SavedCase]") -> None:
    """Nobody waits for this write any more: what becomes of it is told here."""
    error = None if writing.cancelled() else writing.exception()
    if error and not isinstance(error, NotSaved):
        log.warning("write_failed_after_all", error=repr(error))


def _found(ranking: Ranking, said: Said, others: tuple[Case, ...], language: str, desk: str) -> Found:
    suggestions = tuple(
        Suggestion(
            article=ranked.article.key, title=ranked.article.title, score=ranked.score, because=ranked.because
        )
        for ranked in ranking.suggest(said.weighted(), language, desk=desk)
    )
    similar = ranking.similar_cases(said.text, others, language)
    return Found(suggestions=suggestions, similar=tuple(summary(case) for case in similar))
