"""The server, put together: every part is built here, visibly, and nothing connects before it is started."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from aiohttp import web

from casestore import calls, knowledge, recordings
from casestore.db import Store
from casestore.ranking import Ranking
from cti.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.events import CallAnswered
from cti.loop_watch import LoopWatch
from cti.preparation import open_store, prepare, prompts
from cti.secrets import Secrets
from cti.settings import Settings
from cti.up import until_told_to_stop
from ivr.agi import AgiServer
from ivr.channel import Channel
from ivr.flows.intake import intake
from ivr.house import StoreHouse
from ivr.intake import Intake
from ivr.media import MediaServer
from ivr.offer import OfferGate
from ivr.session import Dialogues
from ivr.speech import Recogniser
from ivr.speech.pool import start_recogniser
from ivr.understand import Understanding
from screenpop.app import make_app
from screenpop.config import WebConfig

log = structlog.get_logger()

_DAY_S = 86_400


async def run_server(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises OSError when a port is taken."""
    configure_log(settings)
    secrets, _ = await asyncio.to_thread(prepare, settings)
    async with AsyncExitStack() as parts:
        store = await asyncio.to_thread(open_store, settings)
        parts.callback(store.close)
        bus = MemoryBus()
        recogniser = await start_recogniser(settings)
        parts.push_async_callback(recogniser.close)
        bridge = await _start_bridge(settings, secrets, store, bus)
        parts.push_async_callback(bridge.close)
        await _start_voice(settings, store, bus, recogniser, parts)
        watch = parts.enter_context(LoopWatch())

        def health() -> Mapping[str, str]:
            return {"asterisk": bridge.state, "speech": recogniser.state, "loop": watch.state}

        await _start_web(settings, secrets, store, bus, health, parts)
        expiring = asyncio.create_task(_expire_recordings(settings))
        parts.callback(expiring.cancel)
        log.info("serving", web=f"http://{settings.host}:{settings.web_port}")
        await until_told_to_stop()


async def _start_bridge(settings: Settings, secrets: Secrets, store: Store, bus: MemoryBus) -> Bridge:
    def save(call: Mapping[str, object]) -> None:
        with store.uow() as tx:
            calls.save(tx, call)

    bridge = Bridge(Ami(), bus, save, queue=settings.queue, wrapup_s=settings.wrapup_s)
    await bridge.start(settings.host, settings.ami_port, "svarklar", secrets.ami)
    return bridge


async def _start_voice(
    settings: Settings, store: Store, bus: MemoryBus, recogniser: Recogniser, parts: AsyncExitStack
) -> None:
    """The IVR: dialogues, and the two servers that Asterisk talks to."""
    with store.uow() as tx:
        articles = knowledge.articles(tx)
    house = await parts.enter_async_context(
        StoreHouse(
            store,
            bus,
            await asyncio.to_thread(Understanding, articles),
            await asyncio.to_thread(Ranking, articles),
            region=settings.region,
            statements=statements(settings),
            spool=settings.var / "unsaved-cases.jsonl",
        )
    )
    kept = settings.statement_days > 0
    dialogues = Dialogues(
        flow=lambda: intake(
            ask_language=settings.ask_language, language=settings.language, voice_is_kept=kept
        ),
        recogniser=recogniser,
        prompts=prompts(settings),
        house=house,
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


async def _start_web(
    settings: Settings, secrets: Secrets, store: Store, bus: MemoryBus, health: object, parts: AsyncExitStack
) -> None:
    config = WebConfig(
        statements=statements(settings),
        api_token=secrets.api_token,
        sip_passwords=secrets.sip,
        sip_host=settings.host,
        support_number=settings.support_number,
        asterisk_http_port=settings.asterisk_http_port,
    )
    runner = web.AppRunner(make_app(config, store, bus, health=health), access_log=None)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, settings.host, settings.web_port).start()


async def _expire_recordings(settings: Settings) -> None:
    """The callers' voices are kept no longer than the setting says."""
    while True:
        await asyncio.to_thread(recordings.expire, statements(settings), settings.statement_days)
        await asyncio.sleep(_DAY_S)


def statements(settings: Settings) -> Path:
    """Where the callers' own voices are kept."""
    return settings.var / "recordings"


def configure_log(settings: Settings) -> None:
    """Lines for people, or JSON lines for machines."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if settings.log_json else structlog.dev.ConsoleRenderer(colors=False)
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
    )
