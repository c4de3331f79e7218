"""What a dialogue asks of the casework, answered from the case store in threads of its own."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from casestore import cases, contacts, recordings
from casestore.cases import NewCase
from casestore.db import Store, StoreUnusable, Transaction
from casework.port import CaseChange, Found, NotSaved, SavedCase, Sound, summary
from casework.search.ranking import Ranking
from casework.spool import Spool
from casework.triage.understand import Understanding
from cti.bus import Publisher
from domain.events import CALLS, CallEvent, CaseRegistered, now_ms
from domain.numbers import decide, normalise
from domain.records import Suggestion
from domain.views import Callers, CaseView, ContactView

log = structlog.get_logger()

_READERS, _WRITERS = 4, 2  # apart: who waits for a locked database is in nobody's way
_SAVE_S = 3.0  # a locked database must not hold the caller longer: the spool takes the case
_VOICE_S = 1.0
_RETRY_S = 5.0
_BY = "ivr"

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
    ) -> None:
        """`statements` is the folder of recordings, `spool` the file of cases that could not be saved."""
        self._store, self._bus = store, bus
        self._understanding, self._ranking = understanding, ranking
        self._region, self._statements = region, statements
        self._spool = Spool(spool)
        self._unsaved = asyncio.Event()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="casework-reads")
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="casework-writes")

    async def __aenter__(self) -> "CaseService":
        self._unsaved.set()  # what an earlier run has left
        self._retrying = asyncio.create_task(self._retry())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._retrying.cancel()
        await asyncio.gather(self._retrying, return_exceptions=True)
        for threads in (self._readers, self._writers):
            await asyncio.to_thread(threads.shutdown)

    def learn(self, understanding: Understanding, ranking: Ranking) -> None:
        """Judge and search by these from now on: the knowledge base has changed."""
        self._understanding, self._ranking = understanding, ranking

    async def callers(self, number: str) -> Callers:
        """Whose caller ID this is."""
        caller = normalise(number, self._region)

        def look(tx: Transaction) -> tuple[ContactView, ...]:
            match caller.kind:
                case "e164":
                    return contacts.by_number(tx, caller.number)
                case "extension":
                    return contacts.by_extension(tx, caller.number)
                case _:
                    return ()

        found = await self._read(look)
        how = {"e164": "ani", "extension": "extension"}.get(caller.kind, "nothing") if found else "nothing"
        return Callers(decide(caller, found), caller.number, found, how)

    async def employees(self, number: str) -> tuple[ContactView, ...]:
        """Whose employee number this is."""
        return await self._read(lambda tx: contacts.by_employee_number(tx, number))

    async def open_cases(self, contact_id: int) -> tuple[CaseView, ...]:
        """The contact's open cases."""
        return await self._read(lambda tx: cases.open_of_contact(tx, contact_id))

    async def judge(self, text: str, alternatives: tuple[str, ...], language: str) -> Mapping[str, Any]:
        """The fields of a case that the words decide."""
        understood = await self._thread(lambda: self._understanding.understand(text, alternatives, language))
        return asdict(understood)

    async def save(self, change: CaseChange) -> SavedCase:
        """Write the case; raises NotSaved where it could only be spooled."""
        at_ms, given_up = now_ms(), threading.Event()
        writing = asyncio.ensure_future(
            self._thread(lambda: self._write(change, at_ms, given_up), self._writers)
        )
        try:
            saved = await asyncio.wait_for(asyncio.shield(writing), _SAVE_S)
        except Exception as error:
            given_up.set()
            writing.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.to_thread(self._spool.add, change, at_ms)
            self._unsaved.set()
            raise NotSaved(repr(error)) from error
        return await self._with_voice_soon(saved, change.voice) if change.voice else saved

    async def find(self, texts: tuple[tuple[str, float], ...], language: str, but: str) -> Found:
        """Solutions and open cases like the weighted texts."""

        def look(tx: Transaction) -> Found:
            others = tuple(case for case in cases.open_cases(tx) if case.number != but)
            return Found(
                suggestions=tuple(
                    Suggestion(
                        article=ranked.article.key,
                        title=ranked.article.title,
                        score=ranked.score,
                        because=ranked.because,
                    )
                    for ranked in self._ranking.suggest(texts, language)
                ),
                similar=tuple(
                    summary(case) for case in self._ranking.similar_cases(texts[0][0], others, language)
                ),
            )

        return await self._read(look)

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
        try:
            await self._bus.publish(CALLS, event)
        except Exception:
            log.exception("event_not_published", call_id=event.call_id, kind=type(event).__name__)

    async def _thread(self, work: Callable[[], Result], threads: ThreadPoolExecutor | None = None) -> Result:
        return await asyncio.get_running_loop().run_in_executor(threads or self._readers, work)

    async def _read(self, work: Callable[[Transaction], Result]) -> Result:
        def inside() -> Result:
            with self._store.reading() as tx:
                return work(tx)

        return await self._thread(inside)

    def _write(self, change: CaseChange, at_ms: int, given_up: threading.Event | None = None) -> SavedCase:
        """Write the case, unless it was given up (and spooled) before the database let us."""
        with self._store.uow() as tx:
            if given_up and given_up.is_set():
                raise NotSaved("the spool has it by now")
            case = _write_change(tx, change, at_ms)
            known = cases.open_of_contact(tx, case.contact_id) if case.contact_id is not None else ()
            has_voice = recordings.find(tx, self._statements, case.number) is not None
        return SavedCase(
            case=case,
            has_voice=has_voice,
            others=tuple(other for other in known if other.number != case.number),
        )

    async def _with_voice_soon(self, saved: SavedCase, voice: Sound) -> SavedCase:
        """The case is saved already: a voice that takes long is waited for by nobody, and saved anyway."""
        keeping = asyncio.ensure_future(self._thread(lambda: self._with_voice(saved, voice), self._writers))
        try:
            return await asyncio.wait_for(asyncio.shield(keeping), _VOICE_S)
        except TimeoutError:
            log.warning("voice_waits", case=saved.case.number)
            return saved

    def _with_voice(self, saved: SavedCase, voice: Sound) -> SavedCase:
        """What goes wrong is logged. The number is committed before a file bears it: it is nobody else's."""
        number = saved.case.number
        try:
            recording = recordings.write(
                self._statements, number, voice.sound, voice.rate_hz, now_ms=now_ms()
            )
            with self._store.uow() as tx:
                recordings.add(tx, recording)
        except (OSError, StoreUnusable) as error:
            log.error("voice_not_kept", case=number, error=str(error))
            return saved
        except Exception:
            log.exception("voice_not_kept", case=number)
            return saved
        return replace(saved, has_voice=True)

    async def _retry(self) -> None:
        """Register what is in the spool as soon as the database takes it."""
        loop = asyncio.get_running_loop()
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()

            def keep(change: CaseChange, at_ms: int) -> None:
                saved = self._write(change, at_ms)
                saved = self._with_voice(saved, change.voice) if change.voice else saved
                registered = CaseRegistered(
                    at_ms=now_ms(),
                    call_id=change.call_id,
                    case=summary(saved.case, has_voice=saved.has_voice),
                    open_cases=tuple(summary(case) for case in saved.others),
                )
                asyncio.run_coroutine_threadsafe(self.publish(registered), loop)
                log.info("unsaved_case_registered", case=saved.case.number, call_id=change.call_id)

            try:
                await self._thread(lambda: self._spool.drain(keep), self._writers)
                waiting = await asyncio.to_thread(len, self._spool)
            except OSError as error:
                log.error("spool_unreadable", error=str(error))
                waiting = 1
            if waiting:
                await asyncio.sleep(_RETRY_S)
                self._unsaved.set()


def _write_change(tx: Transaction, change: CaseChange, at_ms: int) -> CaseView:
    """Register or amend, with one line of history in the caller's own terms; a call registers one case."""
    before = cases.get(tx, change.number) if change.number else cases.of_call(tx, change.call_id)
    if before is None and not change.number:
        case = cases.register(tx, NewCase(**change.fields), by=_BY, now_ms=at_ms)
    else:
        number = before.number if before else change.number
        case = cases.amend(tx, number, change.fields, by=_BY, what=change.what, now_ms=at_ms)
        if case != before:
            return case
    if change.what:
        cases.note(tx, case.number, by=_BY, what=change.what, now_ms=at_ms)
    return case
