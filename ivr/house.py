"""What a dialogue asks of the house, answered from the case store in threads of its own."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from casestore import cases, contacts, recordings
from casestore.cases import NewCase
from casestore.db import Store, Transaction
from casestore.ranking import Ranking
from casestore.views import CaseView, ContactView
from cti.bus import Publisher
from cti.events import CALLS, CallEvent, CaseRegistered, now_ms
from cti.identify import decide, normalise
from cti.records import Suggestion
from ivr.services import CaseChange, Found, Kept, NotKept, summary
from ivr.spool import Spool
from ivr.steps import Callers
from ivr.understand import Understanding

log = structlog.get_logger()

_THREADS = 4
_KEEP_S = 3.0  # a locked database must not hold the caller longer: the spool takes the case
_RETRY_S = 5.0
_BY = "ivr"

Result = TypeVar("Result")


class StoreHouse:
    """`ivr.services.House` over a case store; an asynchronous context manager that retries the spool."""

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
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="house")

    async def __aenter__(self) -> "StoreHouse":
        self._unsaved.set()  # what an earlier run has left
        self._retrying = asyncio.create_task(self._retry())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._retrying.cancel()
        await asyncio.gather(self._retrying, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)

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

    async def keep(self, change: CaseChange) -> Kept:
        """Write the case; raises NotKept where it could only be spooled."""
        at_ms = now_ms()
        writing = asyncio.ensure_future(self._thread(lambda: self._write(change, at_ms)))
        try:
            return await asyncio.wait_for(asyncio.shield(writing), _KEEP_S)
        except Exception as error:
            writing.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.to_thread(self._spool.add, change, at_ms)
            self._unsaved.set()
            raise NotKept(repr(error)) from error

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

    async def state(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
        try:
            await self._bus.publish(CALLS, event)
        except Exception:
            log.exception("event_not_published", call_id=event.call_id, kind=type(event).__name__)

    async def _thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _read(self, work: Callable[[Transaction], Result]) -> Result:
        def inside() -> Result:
            with self._store.reading() as tx:
                return work(tx)

        return await self._thread(inside)

    def _write(self, change: CaseChange, at_ms: int) -> Kept:
        with self._store.uow() as tx:
            case = _written(tx, change, at_ms)
            known = cases.open_of_contact(tx, case.contact_id) if case.contact_id is not None else ()
        if change.voice:
            try:
                recordings.save(self._statements, case.number, change.voice.sound, change.voice.rate_hz)
            except OSError as error:
                log.error("voice_not_kept", case=case.number, error=str(error))
        return Kept(
            case=case,
            has_voice=recordings.find(self._statements, case.number) is not None,
            others=tuple(other for other in known if other.number != case.number),
        )

    async def _retry(self) -> None:
        """Register what is in the spool as soon as the database takes it."""
        loop = asyncio.get_running_loop()
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()

            def keep(change: CaseChange, at_ms: int) -> None:
                kept = self._write_once(change, at_ms)
                registered = CaseRegistered(
                    at_ms=now_ms(),
                    call_id=change.call_id,
                    case=summary(kept.case, has_voice=kept.has_voice),
                    open_cases=tuple(summary(case) for case in kept.others),
                )
                asyncio.run_coroutine_threadsafe(self.state(registered), loop)
                log.info("unsaved_case_registered", case=kept.case.number, call_id=change.call_id)

            try:
                await self._thread(lambda: self._spool.drain(keep))
                waiting = await asyncio.to_thread(len, self._spool)
            except OSError as error:
                log.error("spool_unreadable", error=str(error))
                waiting = 1
            if waiting:
                await asyncio.sleep(_RETRY_S)
                self._unsaved.set()

    def _write_once(self, change: CaseChange, at_ms: int) -> Kept:
        """Like `_write`; a case that was registered after all, too late for its caller, is amended."""
        with self._store.reading() as tx:
            same = (case.number for case in cases.open_cases(tx) if case.call_id == change.call_id)
            number = change.number or next(same, "")
        return self._write(replace(change, number=number), at_ms)


def _written(tx: Transaction, change: CaseChange, at_ms: int) -> CaseView:
    """Register or amend, with one line of history in the caller's own terms."""
    if not change.number:
        case = cases.register(tx, NewCase(**change.fields), by=_BY, now_ms=at_ms)
    else:
        before = cases.get(tx, change.number)
        case = cases.amend(tx, change.number, change.fields, by=_BY, what=change.what, now_ms=at_ms)
        if case != before:
            return case
    if change.what:
        cases.note(tx, case.number, by=_BY, what=change.what, now_ms=at_ms)
    return case
