"""What goes on beside the calls: old things go, a changed knowledge base takes effect, a model is fetched."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from casestore import knowledge, recordings
from casestore.clock_check import is_ahead_of_the_store
from casestore.db import Store
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from domain.articles import Article
from domain.clock import now_ms
from domain.desks import DeskBook
from ivr.desk_prompts import desk_prompts
from ivr.speaking.prompts import RATES_HZ, Prompts
from ivr.speech.models.installed import ModelUnusable, best, fetch, installed
from svarklar.retention import Tidying, tidy
from svarklar.settings import Settings

log = structlog.get_logger()

_DAY_S, _HOUR_MS = 86_400, 3_600_000
_LEARN_S = 30
_BREATH_S = 0.2  # a voice takes a whole core for a moment


class TwoClocks:
    """Whether the wall clock can be believed: it may jump, or have been wrong before we started.

    `is_doubtful`: it was far ahead of all that is stored when nothing had been written by it yet.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int] = now_ms,
        steady_s: Callable[[], float] = monotonic,
        *,
        is_doubtful: bool = False,
    ) -> None:
        self._wall_ms, self._steady_s = wall_ms, steady_s
        self._apart_ms = wall_ms() - steady_s() * 1000
        self._is_doubtful = is_doubtful

    def agree(self) -> bool:
        """Whether both have run alike since last asked, within an hour; what was doubtful is so only once.

        A machine that slept, or whose clock was set right, tidies tomorrow.
        """
        was_doubtful, self._is_doubtful = self._is_doubtful, False
        before_ms, self._apart_ms = self._apart_ms, self._wall_ms() - self._steady_s() * 1000
        jumped_ms = self._apart_ms - before_ms
        if abs(jumped_ms) >= _HOUR_MS:
            log.warning("not_tidied", reason="the clock has jumped", by_s=round(jumped_ms / 1000))
            return False
        return not was_doubtful


async def tidy_daily(settings: Settings, store: Store, clocks: TwoClocks) -> None:
    """What was kept long enough goes, as `retention` has it; begins by tidying.

    Recordings without a row are to have been taken in by then.
    """
    while True:
        if clocks.agree():
            await asyncio.to_thread(tidy, Tidying(settings=settings, store=store, at_ms=now_ms()))
        await asyncio.sleep(_DAY_S)
        await asyncio.to_thread(take_in_recordings, settings, store)


def clocks_at_start(store: Store) -> TwoClocks:
    """To be made before anything is written by the clock of now. Blocking; raises StoreUnusable."""
    with store.reading() as tx:
        return TwoClocks(is_doubtful=is_ahead_of_the_store(tx, now_ms()))


def take_in_recordings(settings: Settings, store: Store) -> None:
    """Files without a row, of a crash, are found, grow old and go as the others. Blocking."""
    with store.uow() as tx:
        recordings.take_in(tx, settings.recordings_folder)


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
