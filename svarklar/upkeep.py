"""What goes on beside the calls: old things go, a changed knowledge base takes effect, a model is fetched."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

import structlog

from casestore import fact_log, knowledge, recordings, users
from casestore.clock_check import is_ahead_of_the_store
from casestore.db import Store, Transaction
from casework import case_facts
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from domain.articles import Article
from domain.clock import now_ms
from domain.facts import retention_days
from domain.vocabulary import KINDS
from ivr.speech.models.installed import ModelUnusable, best, fetch, installed
from svarklar.settings import Settings

log = structlog.get_logger()

_DAY_S, _DAY_MS, _HOUR_MS = 86_400, 86_400_000, 3_600_000
_LEARN_S = 30
_BATCH = 1_000
# What happened to a case is its history: it is kept as long as the case is.
_EXPIRE = tuple(kind for kind in KINDS if kind not in case_facts.KINDS)


class TwoClocks:
    """Whether wall clock and monotonic clock have run alike since this was made: the wall clock may jump."""

    def __init__(
        self, wall_ms: Callable[[], int] = now_ms, steady_s: Callable[[], float] = monotonic
    ) -> None:
        self._wall_ms, self._steady_s = wall_ms, steady_s
        self._apart_ms = wall_ms() - steady_s() * 1000

    def agree(self) -> bool:
        """Within an hour: a machine that slept, or whose clock was set right, tidies tomorrow."""
        apart_ms = self._wall_ms() - self._steady_s() * 1000
        if abs(apart_ms - self._apart_ms) < _HOUR_MS:
            return True
        log.warning(
            "not_tidied", reason="the clock has jumped", by_s=round((apart_ms - self._apart_ms) / 1000)
        )
        self._apart_ms = apart_ms
        return False


async def tidy_daily(settings: Settings, store: Store) -> None:
    """What was kept long enough goes: callers' voices, facts by their kind, logins that are over."""
    clocks = TwoClocks()
    while True:
        if clocks.agree():
            await asyncio.to_thread(tidy, settings, store, now_ms())
        await asyncio.sleep(_DAY_S)


def tidy(settings: Settings, store: Store, at_ms: int) -> None:
    """Blocking, a short transaction at a time: nobody waits long for it. Raises StoreUnusable."""
    folder = settings.recordings_folder
    with store.uow() as tx:
        # First, so that files without a row grow old and go as well.
        recordings.take_in(tx, folder)
    _repeat(store, lambda tx: recordings.expire(tx, folder, settings.statement_days, at_ms, limit=_BATCH))
    with store.reading() as tx:
        if is_ahead_of_the_store(tx, at_ms):
            return
    for kind, days in retention_days(settings.fact_days, settings.personal_days, _EXPIRE).items():
        _repeat(store, partial(_expire_facts, kind, at_ms - days * _DAY_MS))
    with store.uow() as tx:
        users.end_expired_sessions(tx, at_ms)


def articles_of(store: Store) -> tuple[Article, ...]:
    """The whole knowledge base."""
    with store.reading() as tx:
        return knowledge.articles(tx)


def study(articles: Sequence[Article]) -> tuple[Understanding, Ranking]:
    """What is judged and searched by."""
    ranking = Ranking(articles)
    return Understanding(ranking), ranking


async def refresh_knowledge(casework: CaseService, known: Sequence[Article], store: Store) -> None:
    """An import into the knowledge base takes effect within a minute, without a restart."""
    while True:
        await asyncio.sleep(_LEARN_S)
        articles = await asyncio.to_thread(articles_of, store)
        # Compared whole: an import may come from another process, which cannot tell us.
        if articles != known:
            casework.learn(*await asyncio.to_thread(study, articles))
            known = articles
            log.info("knowledge_learned", articles=len(articles))


async def fetch_english(settings: Settings) -> None:
    """The official English model, where it can be reached; calls use it once it is there. Never raises."""
    try:
        there = await asyncio.to_thread(installed, settings)
        if not settings.fetch_model or not best(there, "en").bundled:
            return
        model = await fetch(settings, "en")
        log.info("model_fetched", model=model.name)
    except ModelUnusable as error:
        log.info("model_not_fetched", reason=str(error))
    except Exception as error:  # a full disk, say: nobody waits for this, so it is said here or nowhere
        log.warning("model_not_fetched", reason=repr(error))


def _expire_facts(kind: str, before_ms: int, tx: Transaction) -> int:
    return fact_log.expire(tx, kind, before_ms, limit=_BATCH)


def _repeat(store: Store, expire: Callable[[Transaction], int]) -> None:
    while True:
        with store.uow() as tx:
            if expire(tx) < _BATCH:
                return
