"""What a way in asks of the casework, answered from the case store in threads of its own."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from casestore import cases, contacts
from casestore.db import Store, Transaction
from casework.hearing_again import heard_better
from casework.owner import CaseOwner
from casework.port import CaseUnit, Found, NotSaved, SavedCase
from casework.said import Said
from casework.search.ranking import Ranking
from casework.triage.understand import Understanding
from cti.bus import Publisher
from domain.case_commands import CaseCommand
from domain.cases import ITIL, Case, Judgement, Priorities, Suggestion, Trust
from domain.clock import now_ms
from domain.contacts import Callers, Contact, How
from domain.dialogue import StatementHeard
from domain.event import CallEvent
from domain.numbers import decide, normalise

log = structlog.get_logger()

_READERS = 4
_DECIDES: Mapping[str, How] = {"e164": "ani", "extension": "extension"}

Result = TypeVar("Result")


class CaseService:
    """`casework.port.Casework` over a case store; an asynchronous context manager that retries the outbox."""

    def __init__(
        self,
        store: Store,
        bus: Publisher,
        understanding: Understanding,
        ranking: Ranking,
        *,
        region: str,
        statements: Path,
        outbox: Path,
        old_spool: Path,
        priorities: Priorities = ITIL,
        save_s: float = 3.0,
        retry_s: float = 5.0,
    ) -> None:
        """`statements` is the folder of recordings, `outbox` the file of what could not be saved.

        A locked database must not hold the caller longer than `save_s`: the outbox takes the case, and is
        tried again every `retry_s`. `old_spool` is what the version before has left.
        """
        self._store, self._bus = store, bus
        self._understanding, self._ranking = understanding, ranking
        self._region = region
        self._owner = CaseOwner(
            store,
            bus,
            priorities=priorities,
            statements=statements,
            outbox=outbox,
            old_spool_file=old_spool,
            save_s=save_s,
            retry_s=retry_s,
        )
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="casework-reads")

    async def __aenter__(self) -> "CaseService":
        await self._owner.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._owner.close()
        await asyncio.to_thread(self._readers.shutdown)

    @property
    def state(self) -> str:
        """`ok`, or how many changes wait for the database, were refused, or what has failed, for health."""
        return self._owner.state

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

    async def save(self, unit: CaseUnit) -> SavedCase:
        return await self._owner.save(unit)

    async def carry_out(self, number: str, command: CaseCommand) -> Case:
        return await self._owner.carry_out(number, command)

    async def link_call(self, call_id: str, to: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        return await self._owner.link_call(call_id, to, actor=actor, at_ms=at_ms, change_id=change_id)

    async def undo(self, number: str, event_id: str, *, actor: str, at_ms: int, change_id: str) -> Case:
        return await self._owner.undo(number, event_id, actor=actor, at_ms=at_ms, change_id=change_id)

    async def heard_again(self, statement: StatementHeard, *, trust: Trust | None = None) -> None:
        try:
            case = await self._owner.case_of_call(statement.call_id)
            await self._owner.save(await heard_better(statement, trust, case, self.judge, now_ms()))
        except NotSaved:
            pass  # the outbox has it
        except Exception:
            log.exception("not_heard_again", call_id=statement.call_id)

    async def find(self, said: Said, language: str, but: str, desk: str = "") -> Found:
        known = await self._read(cases.open_cases)
        # What people of another desk have said is not for these agents.
        others = tuple(case for case in known if case.number != but and (not desk or case.desk in ("", desk)))
        return await self._thread(lambda: _found(self._ranking, said, others, language, desk))

    async def publish(self, event: CallEvent) -> None:
        """Publish a fact about a call; what goes wrong is logged, never raised."""
        try:
            await self._bus.publish(event.stream, event)
        except Exception:
            log.exception("event_not_published", call_id=event.call_id, kind=type(event).__name__)

    async def _thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def _read(self, work: Callable[[Transaction], Result]) -> Result:
        def inside() -> Result:
            with self._store.reading() as tx:
                return work(tx)

        return await self._thread(inside)


def _found(ranking: Ranking, said: Said, others: tuple[Case, ...], language: str, desk: str) -> Found:
    suggestions = tuple(
        Suggestion(
            article=ranked.article.key, title=ranked.article.title, score=ranked.score, because=ranked.because
        )
        for ranked in ranking.suggest(said.weighted(), language, desk=desk)
    )
    similar = ranking.similar_cases(said.text, others, language)
    return Found(suggestions=suggestions, similar=tuple(case.number for case in similar))
