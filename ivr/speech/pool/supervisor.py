"""Keeps the speech processes alive: starts them, gives them models, replaces the dead and the stalled."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from ivr.speech.engines import MODULES, engines_of
from ivr.speech.models.installed import Model, installed
from ivr.speech.pool.decoder import Decoder, spawn
from ivr.speech.settings import SpeechSettings

WATCH_S = 0.25  # a fraction of STALL_S: a dead process must not cost its callers another look
_RESCAN_WATCHES = 8  # every two seconds: is there a new model?
_SHORT_LIFE_S = 2.0  # a process that died younger is replaced only after as long again

log = structlog.get_logger()


class Supervisor:
    """So many living decoders, whatever happens.

    Engines that hear whole utterances have a process apart, which is there as soon as one of their models is:
    what they take of memory and time, and what they may die of, is no streaming caller's.
    """

    def __init__(self, settings: SpeechSettings, wanted: int, modules: Sequence[str] = MODULES) -> None:
        """`wanted` processes for streaming engines; `modules` have the engines."""
        self.decoders: list[Decoder] = []
        self.installed: tuple[Model, ...] = ()  # weakest first, without those that could not be read
        self._settings, self._wanted, self._modules = settings, wanted, tuple(modules)
        self._engines = tuple(engines_of(modules).values())
        self._has_whole = False  # whether the process apart was asked for
        self._broken: set[Path] = set()
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Look for models, start the processes and keep watch."""
        await self._rescan()
        await asyncio.gather(*(self._add() for _ in range(self._wanted)))
        self._in_background(self._watch())

    @property
    def wanted(self) -> int:
        return self._wanted + self._has_whole

    async def news(self, timeout_s: float) -> None:
        """Wait until a model has been loaded, a process lost, or the time is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), timeout_s)

    async def close(self) -> None:
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for decoder in list(self.decoders):
            decoder.kill("closed")
        await asyncio.gather(*self._tasks)

    def loaded(self, decoder: Decoder, folder: Path, error: str) -> None:
        """A decoder has read a model, or could not."""
        if error:
            self._distrust(folder, error)
        else:
            cost = round(decoder.models[folder], 4)
            log.info("speech_model_loaded", model=folder.name, pid=decoder.pid, cost=cost)
        self._tell()

    def gone(self, decoder: Decoder, reason: str) -> None:
        """A process has ended: another takes its place."""
        self.decoders.remove(decoder)
        # Reaped in a thread, or it would stay a zombie.
        self._in_background(asyncio.to_thread(decoder.wait))
        self._tell()
        if self._closed:
            return
        log.error("speech_process_lost", pid=decoder.pid, reason=reason, streams=decoder.lost)
        # A model that brings a process down would bring down the next one, and the one after.
        for folder in decoder.loading:
            self._distrust(folder, "its process ended while reading it")
        after_s = _SHORT_LIFE_S if decoder.age_s < _SHORT_LIFE_S else 0.0
        self._in_background(self._replace(after_s, whole=decoder.whole))

    def _distrust(self, folder: Path, error: str) -> None:
        if any(model.path == folder and model.bundled for model in self.installed):
            return  # it ships with us: what went wrong was not the model
        log.error("speech_model_unusable", model=folder.name, error=error)
        self._broken.add(folder)
        self.installed = tuple(model for model in self.installed if model.path != folder)

    async def _replace(self, after_s: float, *, whole: bool) -> None:
        """Try until there is a process again: the system may have none to give for a while."""
        while True:
            await asyncio.sleep(after_s)
            try:
                await self._add(whole=whole)
            except OSError as error:
                log.error("speech_process_not_started", error=str(error))
                after_s = _SHORT_LIFE_S
            else:
                return

    async def _add(self, *, whole: bool = False) -> None:
        process, connection = await asyncio.to_thread(spawn, self._modules)
        decoder = Decoder(process, connection, self, whole=whole)
        self.decoders.append(decoder)
        self._load_into(decoder)
        if self._closed:
            decoder.kill("closed")

    async def _watch(self) -> None:
        """For ever: what goes wrong in one look is logged, and the next look is taken."""
        watches = 0
        while True:
            await asyncio.sleep(WATCH_S)
            watches += 1
            try:
                await self._look(rescan=watches % _RESCAN_WATCHES == 0)
            except Exception:
                log.exception("speech_watch_failed")

    async def _look(self, *, rescan: bool) -> None:
        for decoder in list(self.decoders):
            self._check(decoder)
        if rescan:
            await self._rescan()

    def _check(self, decoder: Decoder) -> None:
        if decoder.stalled():
            decoder.kill("stalled")
        if decoder not in self.decoders:
            return
        decoder.tick()

    async def _rescan(self) -> None:
        found = await asyncio.to_thread(installed, self._settings, self._engines)
        self.installed = tuple(model for model in found if model.path not in self._broken)
        if not self._has_whole and any(model.whole for model in self.installed):
            self._has_whole = True
            self._in_background(self._replace(0.0, whole=True))
        for decoder in self.decoders:
            self._load_into(decoder)

    def _load_into(self, decoder: Decoder) -> None:
        for model in self._needed(whole=decoder.whole):
            if model.path not in decoder.models and model.path not in decoder.loading:
                decoder.load(model)

    def _needed(self, *, whole: bool) -> list[Model]:
        """The best model of every language, and what ships with us: it is small and always ready."""
        known = [model for model in self.installed if model.whole == whole]
        best = {language: model for model in known for language in model.languages}
        return [model for model in known if model.bundled or model in best.values()]

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("speech_task_failed", error=repr(error), exc_info=error)
