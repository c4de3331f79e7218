"""The server, put together: every part is built here, visibly, and nothing connects before it is started."""

import asyncio
import gc
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict

import structlog
from aiohttp import web

from casestore import calls, knowledge, recordings, users
from casestore.db import Store
from casework.port import summary
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from cti.asterisk.agi import AgiServer
from cti.asterisk.ami import Ami
from cti.asterisk.channel import Channel
from cti.asterisk.gate import OfferGate
from cti.asterisk.intake import Intake
from cti.asterisk.media import MediaServer
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.recovery import unfinished
from domain.events import CallAnswered, now_ms
from domain.records import Call, CaseSummary
from domain.views import ArticleView, CaseView
from ivr.flows.intake import intake
from ivr.session import Dialogues
from ivr.speech import Recogniser
from ivr.speech.models.installed import ModelUnusable, best, fetch, installed
from ivr.speech.pool.recogniser import start_recogniser
from screenpop.app import make_app
from screenpop.server.config import WebConfig
from svarklar.loop_watch import LoopWatch
from svarklar.preparation import prepare, prompts
from svarklar.secrets import Secrets
from svarklar.settings import Settings
from svarklar.up import until_told_to_stop

log = structlog.get_logger()

_DAY_S = 86_400
_BATCH = 500
_LEARN_S = 30
_THREAD_TURN_S = 0.0005  # ten times shorter than Python's: a busy thread must not hold up the event loop


async def run_server(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises OSError when a port is taken."""
    configure_log(settings)
    _give_the_loop_its_turn()
    secrets, _ = await asyncio.to_thread(prepare, settings)
    async with AsyncExitStack() as parts:
        store = Store(settings.database)  # `prepare` has upgraded it
        parts.callback(store.close)
        bus = MemoryBus()
        recogniser = await start_recogniser(settings)
        parts.push_async_callback(recogniser.close)
        ami, bridge = await _start_bridge(settings, secrets, store, bus)
        parts.push_async_callback(ami.close)
        parts.push_async_callback(bridge.close)
        await _start_voice(settings, store, bus, recogniser, parts)
        watch = parts.enter_context(LoopWatch())

        def health() -> Mapping[str, str]:
            return {"asterisk": "ok" if ami.state == "ready" else ami.state, "speech": recogniser.state}

        def figures() -> Mapping[str, float]:
            decoders = recogniser.decoders()
            return {
                "loop_longest_stall_ms": watch.take_longest_ms(),
                "speech_streams": sum(decoder.streams for decoder in decoders),
                "speech_lag_ms": max((decoder.lag_ms for decoder in decoders), default=0),
            }

        config = web_config(settings, secrets)
        await _start_web(make_app(config, store, bus, health=health, figures=figures), settings, parts)
        for task in (_tidy(settings, store), _fetch_english(settings)):
            parts.callback(asyncio.create_task(task).cancel)
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked through while callers talk: 100 ms at a time
        log.info("serving", web=f"http://{settings.host}:{settings.web_port}")
        await until_told_to_stop()


def _give_the_loop_its_turn() -> None:
    """Who holds up the event loop holds up every caller: threads and the garbage collector."""
    sys.setswitchinterval(_THREAD_TURN_S)
    gc.set_threshold(10_000, 20, 100)


async def _start_bridge(
    settings: Settings, secrets: Secrets, store: Store, bus: MemoryBus
) -> tuple[Ami, Bridge]:
    """What calls are, folded from what everybody says; takes up the calls that lived when we last ended."""

    def save(call: Call) -> None:
        with store.uow() as tx:
            calls.save(tx, asdict(call))

    def summarise(case: CaseView) -> CaseSummary:
        return summary(
            case, has_voice=recordings.find(tx, settings.recordings_folder, case.number) is not None
        )

    with store.uow() as tx:
        recordings.take_in(tx, settings.recordings_folder)
        living = unfinished(tx, summarise)
    ami = Ami()
    bridge = Bridge(
        bus=bus,
        ami=ami,
        save=save,
        queue=settings.queue,
        wrapup_s=settings.wrapup_s,
        calls=living,
    )
    await bridge.start()
    await ami.connect(settings.host, settings.ami_port, "svarklar", secrets.ami)
    return ami, bridge


async def _start_voice(
    settings: Settings, store: Store, bus: MemoryBus, recogniser: Recogniser, parts: AsyncExitStack
) -> None:
    """The IVR: dialogues, and the two servers that Asterisk talks to."""
    articles = await asyncio.to_thread(_articles, store)
    casework = await parts.enter_async_context(
        CaseService(
            store,
            bus,
            *await asyncio.to_thread(_study, articles, settings),
            region=settings.region,
            statements=settings.recordings_folder,
            spool=settings.unsaved_cases_file,
        )
    )
    parts.callback(asyncio.create_task(_refresh_knowledge(casework, articles, store, settings)).cancel)
    kept = settings.statement_days > 0
    dialogues = Dialogues(
        flow=lambda: intake(
            ask_language=settings.ask_language, language=settings.language, voice_is_kept=kept
        ),
        recogniser=recogniser,
        prompts=prompts(settings),
        casework=casework,
        language=settings.language,
        voice_is_kept=kept,
    )

    async def dialogue(call: CallAnswered, channel: Channel) -> Mapping[str, str]:
        result = await dialogues.run(call, channel)
        # Two underscores: the agent's channel inherits it, and with it the INVITE.
        return {"__SVARKLAR_CASE": result.case_number, "QUEUE_PRIO": str(result.queue_priority)}

    media = MediaServer()
    await media.start(settings.host, settings.media_port)
    parts.push_async_callback(media.close)
    agi = AgiServer({"intake": Intake(bus, media, dialogue), "offer": OfferGate(bus, settings.offer_cap_ms)})
    await agi.start(settings.host, settings.agi_port)
    parts.push_async_callback(agi.close)


def _articles(store: Store) -> tuple[ArticleView, ...]:
    with store.reading() as tx:
        return knowledge.articles(tx)


def _study(articles: Sequence[ArticleView], settings: Settings) -> tuple[Understanding, Ranking]:
    ranking = Ranking(articles)
    return Understanding(ranking, settings.priorities), ranking


async def _refresh_knowledge(
    casework: CaseService, known: Sequence[ArticleView], store: Store, settings: Settings
) -> None:
    """An import into the knowledge base takes effect within a minute, without a restart."""
    while True:
        await asyncio.sleep(_LEARN_S)
        try:
            articles = await asyncio.to_thread(_articles, store)
            if articles != known:
                casework.learn(*await asyncio.to_thread(_study, articles, settings))
                known = articles
                log.info("knowledge_learned", articles=len(articles))
        except Exception:
            log.exception("knowledge_not_learned")


async def _start_web(app: web.Application, settings: Settings, parts: AsyncExitStack) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, settings.host, settings.web_port).start()


def web_config(settings: Settings, secrets: Secrets) -> WebConfig:
    """The web server's share of settings and secrets."""
    return WebConfig(
        statements=settings.recordings_folder,
        api_token=secrets.api_token,
        sip_passwords=secrets.sip,
        sip_host=settings.host,
        support_number=settings.support_number,
        asterisk_http_port=settings.asterisk_http_port,
    )


async def _fetch_english(settings: Settings) -> None:
    """The official English model, where it can be reached; calls use it once it is there."""
    if not settings.fetch_model or not best(installed(settings), "en").bundled:
        return
    try:
        model = await fetch(settings, "en")
        log.info("model_fetched", model=model.name)
    except ModelUnusable as error:
        log.info("model_not_fetched", reason=str(error))


async def _tidy(settings: Settings, store: Store) -> None:
    """Daily: the callers' voices are kept no longer than the setting says, nor logins that are over."""

    def expire_recordings() -> int:
        with store.uow() as tx:
            return recordings.expire(
                tx, settings.recordings_folder, settings.statement_days, now_ms(), limit=_BATCH
            )

    def tidy() -> None:
        with store.uow() as tx:
            recordings.take_in(tx, settings.recordings_folder)
        while expire_recordings() == _BATCH:
            pass
        with store.uow() as tx:
            users.end_expired_sessions(tx, now_ms())

    while True:
        try:
            await asyncio.to_thread(tidy)
        except Exception:
            log.exception("not_tidied")
        await asyncio.sleep(_DAY_S)


def configure_log(settings: Settings) -> None:
    """Lines for people, or JSON lines for machines."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
