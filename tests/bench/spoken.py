"""What the speech bench speaks and hears: sentences, call audio, and one utterance through the recogniser."""

import asyncio
import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.speech import Failed, Heard, Overloaded, Recogniser, SpeechStopped, Stream
from tests.speech_samples import (
    ESPEAK_VOICES,
    FLITE_VOICES,
    FRAME_S,
    Sound,
    frames,
    join,
    noise,
    say,
    silence,
    through,
    trimmed,
    with_noise,
)

VOICES = (*FLITE_VOICES, *ESPEAK_VOICES)
CODECS = {"pcmu": 8000, "pcma": 8000, "g722": 16000}
NOISE_DB = 15.0

_BREATH_S = 0.15
_LINE_NOISE = 10.0  # root mean square of a quiet line


@dataclass(frozen=True)
class Sentence:
    """What is said, and the articles that should be found for it."""

    text: str
    articles: tuple[str, ...]
    held: bool


@dataclass(frozen=True)
class Hearing:
    """What became of one spoken sentence."""

    said: Sentence
    voice: str
    codec: str
    noisy: bool
    heard: Heard


def sentences() -> list[Sentence]:
    """The test sentences."""
    listed = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))["sentence"]
    return [Sentence(one["text"], tuple(one["articles"]), one["set"] == "held") for one in listed]


def on_the_line(text: str, voice: str, codec: str, *, noisy: bool, seed: int) -> Sound:
    """A sentence as it arrives: a moment of quiet before and after, noise, codec."""
    rate_hz = CODECS[codec]
    sound = join(silence(0.4, rate_hz), say(text, voice, rate_hz), silence(0.9, rate_hz))
    return through(codec, with_noise(sound, NOISE_DB, seed) if noisy else sound)


def call(seed: int, seconds: float, *, silent_share: float) -> Sound:
    """A caller at 8 kHz: sentences with pauses so that this share of the time is a quiet line."""
    sound = _sentences(seed, seconds, lambda spoken_s: spoken_s * silent_share / (1 - silent_share))
    return through("pcmu", sound + noise(len(sound) / 8000, _LINE_NOISE, seed=seed))


def talk(seed: int, seconds: float) -> Sound:
    """A caller at 8 kHz who makes no pause that would end what they say."""
    return _sentences(seed, seconds, lambda spoken_s: _BREATH_S)


def _sentences(seed: int, seconds: float, pause_s: Callable[[float], float]) -> Sound:
    """Sentences of one voice, before each a pause; `pause_s` makes it from the sentence's length."""
    drawn, parts, texts = random.Random(seed), [], sentences()
    voice, length = FLITE_VOICES[seed % len(FLITE_VOICES)], 0
    while length < seconds * 8000:
        spoken = trimmed(say(drawn.choice(texts).text, voice))
        pause = silence(pause_s(len(spoken) / 8000))
        parts += [pause, spoken]
        length += len(pause) + len(spoken)
    return join(*parts)[: int(seconds * 8000)]


async def hear(
    recogniser: Recogniser, sound: Sound, rate_hz: int, grammar: tuple[str, ...] | None = None
) -> Heard:
    """The words in a sound, as fast as it goes; waits while the machine is full. Raises RuntimeError."""
    while True:
        try:
            stream = await recogniser.open("en", rate_hz, grammar)
            break
        except Overloaded:
            await asyncio.sleep(FRAME_S)
    for frame in frames(sound, rate_hz):
        stream.feed(frame)
    stream.finish()
    async for result in stream:
        match result:
            case Heard():
                return result
            case Failed(reason):
                raise RuntimeError(reason)
    raise RuntimeError("the stream ended without a result")


class Caller:
    """One caller in real time, whose utterances follow each other; keeps what the delays were."""

    def __init__(self, recogniser: Recogniser, sound: Sound) -> None:
        self.finals_s: list[float] = []  # from the end of speech to the words
        self.failed = 0
        self._recogniser = recogniser
        self._frames = frames(sound)

    async def talk(self, seconds: float) -> None:
        """Talk for so long, in time with the clock."""
        loop = asyncio.get_running_loop()
        began_s, at = loop.time(), 0
        stream = await self._recogniser.open("en", 8000)
        listening = asyncio.create_task(self._listen(stream))
        while (now_s := loop.time()) - began_s < seconds:
            due = int((now_s - began_s) / FRAME_S)
            for place in range(at, due):
                stream.feed(self._frames[place % len(self._frames)])
            at = due
            if listening.done():
                stream = await self._recogniser.open("en", 8000)
                listening = asyncio.create_task(self._listen(stream))
            await asyncio.sleep(max(0.0, began_s + (at + 1) * FRAME_S - loop.time()))
        await stream.close()
        await listening

    async def _listen(self, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        stopped_s = 0.0
        async for result in stream:
            match result:
                case SpeechStopped():
                    stopped_s = loop.time()
                case Heard():
                    self.finals_s.append(loop.time() - stopped_s)
                case Failed():
                    self.failed += 1
