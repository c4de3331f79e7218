"""The server, put together: every part is built here, visibly, and nothing connects before it is started."""

import asyncio
import gc
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

import structlog
from aiohttp import web

from casestore.db import Store
from casework.assigning import Assigning
from casework.service import CaseService
from cti.agent_events import Serves
from cti.asterisk.agi import AgiServer
from cti.asterisk.ami import Ami
from cti.asterisk.gate import OfferGate
from cti.asterisk.intake import Intake
from cti.asterisk.media import MediaServer
from cti.asterisk.settings import Node
from cti.bridge import FOLLOWED, Bridge
from cti.bus import Bus
from cti.bus.memory import MemoryBus
from cti.bus.outlet import Outlet, PatientPublisher
from cti.bus.redis_streams import RedisBus
from cti.call_store import CallStore
from cti.work import Work
from domain.agents import StaffChanged
from domain.clock import now_ms
from domain.desks import DeskBook
from domain.endpoints import WEBCALLER, endpoints_of
from domain.streams import WISHES
from ivr.flows.intake import intake
from ivr.session import Dialogues
from ivr.speech.pool.recogniser import Pool, start_recogniser
from screenpop.app import make_app
from screenpop.server.config import WebConfig
from svarklar.desk_records import DeskRecords
from svarklar.log import configure_log
from svarklar.loop_watch import LoopWatch
from svarklar.preparation import prepare, prompts
from svarklar.secrets import Secrets
from svarklar.settings import Settings
from svarklar.staff import Agents, follow_staff
from svarklar.up import until_told_to_stop
from svarklar.upkeep import (
    articles_of,
    clocks_at_start,
    fetch_english,
    refresh_knowledge,
    speak_desk_prompts,
    study,
    take_in_recordings,
    tidy_daily,
)

log = structlog.get_logger()

_THREAD_TURN_S = 0.0005  # ten times shorter than Python's: a busy thread must not hold up the event loop


async def run_server(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises OSError when a port is taken, StoreUnusable."""
    configure_log(settings)
    _give_the_loop_its_turn()
    secrets, agents = await asyncio.to_thread(prepare, settings)
    async with AsyncExitStack() as parts:
        server = _Server(settings, secrets, agents, parts)
        await server.start()
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked through while callers talk: 100 ms at a time
        log.info("serving", web=settings.web_url)
        await until_told_to_stop()


def _give_the_loop_its_turn() -> None:
    """Whatever holds up the event loop holds up every caller: threads, and the garbage collector."""
    sys.setswitchinterval(_THREAD_TURN_S)
    # Rarer collections of the young, and hardly ever one of everything: those stop all threads.
    gc.set_threshold(10_000, 20, 100)


class _Server:
    """All parts in one process; what is entered into `parts` is ended in the opposite order."""

    def __init__(self, settings: Settings, secrets: Secrets, agents: Agents, parts: AsyncExitStack) -> None:
        self._settings, self._secrets, self._parts = settings, secrets, parts
        self._agents = agents
        self._sip_passwords = _endpoints_of(agents, secrets)
        self._store = Store(settings.database)  # `prepare` has upgraded it
        self._bus: Bus = RedisBus(settings.bus) if settings.bus else MemoryBus()
        self._work = Work()
        self._outlet = Outlet(self._bus)
        self._to_bus = PatientPublisher(self._outlet)  # of the voice: one, so that its facts keep their order
        self._amis = {settings.node: Ami(settings.node)} | {n.name: Ami(n.name) for n in settings.nodes}
        self._media = MediaServer()

    async def start(self) -> None:
        """Bridge, voice, pages, in that order: there is a listener before anything is stated."""
        # Entered first, so ended last: what ends before may still want to write and to state.
        self._parts.callback(self._store.close)
        self._parts.push_async_callback(self._bus.close)
        self._parts.push_async_callback(self._work.close)
        self._recogniser = await start_recogniser(self._settings)
        self._parts.push_async_callback(self._recogniser.close)
        clocks = await asyncio.to_thread(clocks_at_start, self._store)
        await asyncio.to_thread(take_in_recordings, self._settings, self._store)
        await self._start_desks()
        await self._start_bridge()
        await self._start_voice()
        await self._start_pages()
        self._say_staff(self._agents)
        follow = partial(follow_staff, self._settings, self._store, self._agents, self._take_staff)
        self._work.start("staff", follow)
        self._work.start("upkeep", partial(tidy_daily, self._settings, self._store, clocks))
        fetching = asyncio.create_task(fetch_english(self._settings))
        self._parts.callback(fetching.cancel)

    async def _start_desks(self) -> None:
        self._desks = DeskRecords(self._settings, self._store)
        await asyncio.to_thread(self._desks.load)
        self._work.start("desks", self._desks.watch)

    async def _start_bridge(self) -> None:
        """The owner of calls and agents; takes up the calls that lived when we last ended."""
        settings = self._settings
        kept = CallStore(self._store, now_ms)
        self._bridge = Bridge(
            bus=self._bus,
            ami=self._amis[settings.node],
            others={node.name: self._amis[node.name] for node in settings.nodes},
            store=kept,
            queue=default.queue if (default := self._desks.book.default) else settings.queue,
            wrapup_s=settings.wrapup_s,
            desks=lambda: self._desks.book,
            node=settings.node,
            recovered=await asyncio.to_thread(kept.recover, FOLLOWED),
        )
        await self._bridge.start()
        self._parts.push_async_callback(self._bridge.close)
        self._desks.on_change(self._tell_who_serves)
        # After the bridge has begun: the first thing that Asterisk says is a list that must not be missed.
        own = Node(
            name=settings.node, host=settings.host, ami_port=settings.ami_port, ami_secret=self._secrets.ami
        )
        for node in (own, *settings.nodes):
            ami = self._amis[node.name]
            await ami.connect(node.host, node.ami_port, "svarklar", node.ami_secret)
            self._parts.push_async_callback(ami.close)

    def _tell_who_serves(self, desks: DeskBook) -> None:
        for agent in self._agents:
            self._bridge.tell(Serves(agent, desks.served_by(agent)))

    async def _start_voice(self) -> None:
        """Dialogues, and the two doors that Asterisk talks to."""
        settings, parts = self._settings, self._parts
        self._work.start("facts of the voice", self._outlet.run)
        speaking = prompts(settings)
        parts.push_async_callback(speaking.close)
        changed = asyncio.Event()
        self._desks.on_change(lambda _: changed.set())
        speak = partial(speak_desk_prompts, speaking, lambda: self._desks.book, changed)
        self._work.start("desk prompts", speak)
        voice_is_kept = settings.statement_days > 0
        dialogues = Dialogues(
            flow=partial(intake, voice_is_kept=voice_is_kept),
            recogniser=self._recogniser,
            prompts=speaking,
            casework=await self._start_casework(),
            language=settings.language,
            voice_is_kept=voice_is_kept,
        )
        parts.push_async_callback(dialogues.rehearings.close)
        await self._media.start(settings.host, settings.media_port)
        parts.push_async_callback(self._media.close)
        # Its own way to the bus: an offer must not wait behind what dialogues have to say.
        self._gate = OfferGate(self._bus, settings.offer_cap_ms, settings.node)
        parts.push_async_callback(self._gate.close)
        await self._gate.start()
        intake_door = Intake(
            self._to_bus, self._media, dialogues.run, lambda: self._desks.book, node=settings.node
        )
        self._agi = AgiServer({"intake": intake_door, "offer": self._gate})
        # The last door: whoever comes in finds media, gate and casework there.
        await self._agi.start(settings.host, settings.agi_port)
        parts.push_async_callback(self._agi.close)

    async def _start_casework(self) -> CaseService:
        articles = await asyncio.to_thread(articles_of, self._store)
        casework = CaseService(
            self._store,
            self._to_bus,
            *await asyncio.to_thread(study, articles),
            region=self._settings.region,
            statements=self._settings.recordings_folder,
            outbox=self._settings.outbox_file,
            old_spool=self._settings.unsaved_cases_file,
            priorities=self._settings.priorities,
        )
        await self._parts.enter_async_context(casework)
        self._casework = casework
        self._work.start("assigning", Assigning(self._bus, casework.save).run)
        refresh = partial(refresh_knowledge, casework, articles, self._store)
        self._work.start("knowledge", refresh)
        return casework

    async def _start_pages(self) -> None:
        self._watch = self._parts.enter_context(LoopWatch())
        config = web_config(self._settings, self._secrets, self._sip_passwords)
        app = make_app(
            config, self._store, self._bus, self._casework, health=self._health, figures=self._figures
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._parts.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, self._settings.host, self._settings.web_port).start()

    async def _take_staff(self, agents: Agents, secrets: Secrets) -> None:
        """Pages give out the telephones that are in here by now."""
        self._sip_passwords.clear()
        self._sip_passwords.update(_endpoints_of(agents, secrets))
        self._say_staff(agents)
        self._agents = agents
        self._tell_who_serves(self._desks.book)

    def _say_staff(self, agents: Agents) -> None:
        self._outlet.publish(WISHES, StaffChanged(at_ms=now_ms(), agents=agents))

    def _health(self) -> Mapping[str, str]:
        return {
            "asterisk": self._amis[self._settings.node].state,
            **{f"asterisk {node.name}": self._amis[node.name].state for node in self._settings.nodes},
            "agi": self._agi.state,
            "media": self._media.state,
            "offers": self._gate.state,
            "speech": self._recogniser.state,
            "cases": self._casework.state,
            "desks": self._desks.state,
            "bus": self._bus.state if self._bus.state != "ok" else self._outlet.state,
            "upkeep": self._work.state,
            **self._bridge.state(),
        }

    def _figures(self) -> Mapping[str, float]:
        return {"loop_longest_stall_ms": self._watch.take_longest_ms(), **_speech_figures(self._recogniser)}


def _speech_figures(recogniser: Pool) -> Mapping[str, float]:
    decoders = recogniser.decoders()
    return {
        "speech_streams": sum(decoder.streams for decoder in decoders),
        "speech_lag_ms": max((decoder.lag_ms for decoder in decoders), default=0),
    }


def _endpoints_of(agents: Agents, secrets: Secrets) -> dict[str, str]:
    """The passwords of those who are there; the file may have some of others."""
    there = {WEBCALLER, *(endpoint for agent in agents for endpoint in endpoints_of(agent))}
    return {endpoint: password for endpoint, password in secrets.sip.items() if endpoint in there}


def web_config(settings: Settings, secrets: Secrets, sip_passwords: Mapping[str, str]) -> WebConfig:
    """The web server's share of settings and secrets."""
    return WebConfig(
        statements=settings.recordings_folder,
        api_token=secrets.api_token,
        sip_passwords=sip_passwords,
        sip_host=settings.host,
        support_number=settings.support_number,
        asterisk_http_port=settings.asterisk_http_port,
    )
