"""What goes on beside the calls: old things go, a changed knowledge base takes effect, a model is fetched."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

import structlog

from casestore import audit, fact_log, knowledge, recordings, users
from casestore.clock_check import is_ahead_of_the_store
from casestore.db import Store, Transaction
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from domain.articles import Article
from domain.clock import now_ms
from domain.desks import DeskBook
from domain.facts import retention_days
from domain.vocabulary import KINDS
from ivr.desk_prompts import desk_prompts
from ivr.speaking.prompts import RATES_HZ, Prompts
from ivr.speech.models.installed import ModelUnusable, best, fetch, installed
from svarklar.settings import Settings

log = structlog.get_logger()

_DAY_S, _DAY_MS, _HOUR_MS = 86_400, 86_400_000, 3_600_000
_LEARN_S = 30
_BATCH = 1_000
_BREATH_S = 0.2  # a voice takes a whole core for a moment
_SETTLE_S = 20  # after a start the models are loaded first: without them nobody is heard


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
    for kind, days in retention_days(settings.fact_days, settings.personal_days, KINDS).items():
        _repeat(store, partial(_expire_facts, kind, at_ms - days * _DAY_MS))
    _repeat(store, lambda tx: audit.expire(tx, at_ms - settings.audit_days * _DAY_MS, limit=_BATCH))
    with store.uow() as tx:
        users.end_expired_sessions(tx, at_ms)


def articles_of(store: Store) -> tuple[Article, ...]:
    """The whole knowledge base."""
    with store.reading() as tx:
        return knowledge.articles(tx)


def study(articles: Sequence[Article], settings: Settings) -> tuple[Understanding, Ranking]:
    """What is judged and searched by."""
    ranking = Ranking(articles)
    return Understanding(ranking, settings.priorities), ranking


async def refresh_knowledge(
    casework: CaseService, known: Sequence[Article], store: Store, settings: Settings
) -> None:
    """An import into the knowledge base takes effect within a minute, without a restart."""
    while True:
        await asyncio.sleep(_LEARN_S)
        articles = await asyncio.to_thread(articles_of, store)
        # Compared whole: an import may come from another process, which cannot tell us.
        if articles != known:
            casework.learn(*await asyncio.to_thread(study, articles, settings))
            known = articles
            log.info("knowledge_learned", articles=len(articles))


async def speak_desk_prompts(prompts: Prompts, desks: Callable[[], DeskBook], changed: asyncio.Event) -> None:
    """Greetings and menus, so that no first caller waits for a voice; slowly, for nobody waits yet."""
    await asyncio.sleep(_SETTLE_S)
    while True:
        changed.clear()
        for prompt in [prompt for desk in desks().desks for prompt in desk_prompts(desk)]:
            for rate_hz in RATES_HZ:
                await asyncio.to_thread(prompts.make, *prompt, rate_hz)
                await asyncio.sleep(_BREATH_S)
        await changed.wait()


async def fetch_english(settings: Settings) -> None:
    """The official English model, where it can be reached; calls use it once it is there. Never raises."""
    try:
        there = await asyncio.to_thread(installed, settings)
        if not settings.fetch_model or not best([model for model in there if not model.whole], "en").bundled:
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
