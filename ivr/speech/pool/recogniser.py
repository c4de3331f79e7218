"""The recogniser: a pool of speech processes, one a core, shared by all calls.

Admission: a process takes a limited number of streams (set, or worked out from what a second of speech costs
on this machine) and none while it is behind. A stream whose process is lost fails: its dialogue goes by keys.

A language is heard by its best streaming model; by one that hears whole utterances where it has no other.
Where it has both, free speech is heard by both: the streaming engine's words at once, and again, better, by
the other one if that has room.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ivr.speech import OPEN_S, NoModel, Overloaded, Stream, Thresholds
from ivr.speech.engines import MODULES
from ivr.speech.models.installed import Model, best
from ivr.speech.pool import calibration
from ivr.speech.pool.decoder import Decoder
from ivr.speech.pool.heard_twice import HeardTwice
from ivr.speech.pool.stream import RemoteStream
from ivr.speech.pool.supervisor import Supervisor
from ivr.speech.settings import SpeechSettings

ADMIT_LAG_S = 0.3  # a process so far behind takes nobody new
_ADMIT_WAITING_S = 4.0  # nor one whose waiting utterances take it so long
_USUAL_SPOKEN_S = 4.0  # what a caller says at a time

log = structlog.get_logger()


@dataclass(frozen=True)
class DecoderState:
    """One process, for `doctor` and the health page."""

    pid: int
    models: tuple[str, ...]
    streams: int
    limit: int
    lag_ms: int


class Pool:
    """A Recogniser (ivr.speech); made by `start_recogniser`."""

    def __init__(self, supervisor: Supervisor, streams_per_decoder: int) -> None:
        self._supervisor = supervisor
        self._limit = streams_per_decoder

    def languages(self) -> frozenset[str]:
        """The languages that some installed model speaks."""
        return frozenset(language for model in self._supervisor.installed for language in model.languages)

    def thresholds(self, language: str) -> Thresholds:
        """How far the model in use for this language can be trusted; raises NoModel."""
        return self._in_use(language).thresholds

    def model(self, language: str) -> Model:
        """The model in use for this language; raises NoModel."""
        return self._in_use(language)

    async def open(self, language: str, rate_hz: int, grammar: tuple[str, ...] | None = None) -> Stream:
        """Begin to hear, in the process with the fewest streams; raises NoModel, Overloaded."""
        # For its NoModel: a language that no model speaks is not waited for.
        best(self._supervisor.installed, language)
        await self.ready(language, OPEN_S)
        # Only now: while we waited, a better model may have been loaded.
        model = self._in_use(language)
        try:
            first = self._open(model, language, rate_hz, grammar)
        except Overloaded:
            log.warning("speech_overloaded", streams=[len(one.streams) for one in self._supervisor.decoders])
            raise
        again = self._rehearing(language) if grammar is None and not model.whole else None
        try:
            return HeardTwice(first, self._open(again, language, rate_hz, grammar)) if again else first
        except Overloaded:
            return first  # heard once, by the engine that carries more callers

    def _open(
        self, model: Model, language: str, rate_hz: int, grammar: tuple[str, ...] | None
    ) -> RemoteStream:
        ready = [decoder for decoder in self._supervisor.decoders if model.path in decoder.models]
        free = [decoder for decoder in ready if self._free(decoder)]
        if not free:
            raise Overloaded("no speech process has room" if ready else "the speech model is not loaded yet")
        chosen = min(free, key=lambda decoder: len(decoder.streams))
        return chosen.open(model, language, rate_hz, grammar)

    async def ready(self, language: str, timeout_s: float) -> bool:
        """Wait until some process can hear the language; False where that took too long."""
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        while not self._loaded(language):
            left_s = deadline_s - asyncio.get_running_loop().time()
            if left_s <= 0:
                return False
            await self._supervisor.news(left_s)
        return True

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, for the health page."""
        decoders, wanted = self._supervisor.decoders, self._supervisor.wanted
        if not any(decoder.models for decoder in decoders):
            return "no speech process has a model: callers go by keys"
        if len(decoders) < wanted:
            return f"{len(decoders)} of {wanted} speech processes: fewer callers can be heard"
        return "ok"

    def decoders(self) -> tuple[DecoderState, ...]:
        return tuple(
            DecoderState(
                pid=decoder.pid,
                models=tuple(folder.name for folder in decoder.models),
                streams=len(decoder.streams),
                limit=self._limit_of(decoder),
                lag_ms=int(decoder.lag_s * 1000),
            )
            for decoder in self._supervisor.decoders
        )

    async def close(self) -> None:
        await self._supervisor.close()

    def _in_use(self, language: str) -> Model:
        """The best model that some process has in memory; the best installed one while none has."""
        loaded = self._loaded(language)
        streaming = [model for model in loaded if not model.whole]
        try:
            return best(streaming or loaded, language)
        except NoModel:
            return best(self._supervisor.installed, language)

    def _rehearing(self, language: str) -> Model | None:
        """The best one in memory that hears whole utterances."""
        whole = [model for model in self._loaded(language) if model.whole]
        return best(whole, language) if whole else None

    def _loaded(self, language: str) -> list[Model]:
        in_memory = {folder for decoder in self._supervisor.decoders for folder in decoder.models}
        return [
            model
            for model in self._supervisor.installed
            if language in model.languages and model.path in in_memory
        ]

    def _free(self, decoder: Decoder) -> bool:
        if len(decoder.streams) >= self._limit_of(decoder) or decoder.lag_s > ADMIT_LAG_S:
            return False
        if not decoder.whole:
            return True
        return decoder.unheard * max(decoder.models.values()) * _USUAL_SPOKEN_S <= _ADMIT_WAITING_S

    def _limit_of(self, decoder: Decoder) -> int:
        if self._limit or not decoder.models:
            return self._limit
        limit = calibration.whole_limit if decoder.whole else calibration.limit
        return limit(max(decoder.models.values()))


async def start_recogniser(settings: SpeechSettings, engines: Sequence[str] = MODULES) -> Pool:
    """Start the processes; their models load while this returns. `engines` are modules with an ENGINE."""
    supervisor = Supervisor(settings, settings.decoders or len(os.sched_getaffinity(0)), engines)
    await supervisor.start()
    return Pool(supervisor, settings.streams_per_decoder)
