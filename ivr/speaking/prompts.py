"""Prompts: text → sound, made once and kept as files; a recording dropped in the folder wins.

`own/LANGUAGE/KEY.wav` replaces the prompt KEY (a recording cannot say a name, so only prompts without
values are replaced). `fixed/` holds what is the same for every caller, `for_callers/` what has names,
titles, words and numbers in it, which goes as a whole where somebody is to be forgotten. Both by voice,
rate and a hash of the text.
"""

import asyncio
import hashlib
import os
import shutil
import tempfile
import wave
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from domain.languages import LANGUAGES
from ivr.speaking.voices import Speaker, SpeechFailed, resample
from ivr.texts import catalogue, placeholders

log = structlog.get_logger()

RATES_HZ = (8000, 16000)
_FIXED, _FOR_CALLERS = "fixed", "for_callers"
_OF_CALLERS = frozenset(("name", "number", "text", "title"))
_BEFORE = "made"  # of the version before: both in one folder
_MOST_CHARACTERS = 1_000  # of one prompt: a hostile name must not become an hour of speech
_READERS = 2
_SPEAKERS = 2  # a voice takes a whole core for some hundredths of a second
_PAUSE_S = 0.12  # after each prompt, so that two in a row do not run together


class Prompts:
    """What the dialogue says, as sound."""

    def __init__(self, folder: Path, voices: Sequence[Speaker], own: Path | None = None) -> None:
        self._folder = folder
        self._own = own or folder / "own"
        self._voices = voices
        # Threads of our own, and apart: a voice that hangs holds up neither the rest of the server
        # nor callers who need only what is there already.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="prompt-reader")
        self._speakers = ThreadPoolExecutor(_SPEAKERS, thread_name_prefix="speaker")

    async def sound(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        """The prompt as signed 16-bit mono; silence, and a log line, where no voice can say it."""
        loop, prompt = asyncio.get_running_loop(), (language, key, text, rate_hz)
        # A file is read in less than a millisecond: it must not queue behind what has to be spoken.
        there = await loop.run_in_executor(self._readers, self._there, *prompt)
        if there is not None:
            return there
        return await loop.run_in_executor(self._speakers, self.make, *prompt)

    async def close(self) -> None:
        """Speak no more; what a voice is saying is waited for, what waits for a voice is dropped."""
        for threads in (self._readers, self._speakers):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)

    def make(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        """The same as `sound`, blocking."""
        recording = self._recorded(language, key, rate_hz)
        if recording is not None:
            return recording
        text = text[:_MOST_CHARACTERS]
        for voice in self._voices:
            if language in voice.languages():
                try:
                    return self._spoken(voice, language, key, text, rate_hz)
                except (SpeechFailed, OSError) as error:
                    log.warning("voice_failed", voice=voice.name, key=key, error=str(error)[:200])
        return b""

    def _there(self, language: str, key: str, text: str, rate_hz: int) -> bytes | None:
        """What need not be spoken: an own recording, or what the best voice has said before."""
        recording = self._recorded(language, key, rate_hz)
        if recording is not None:
            return recording
        voice = next((voice for voice in self._voices if language in voice.languages()), None)
        if voice is None:
            return b""
        return self._kept(self._path(voice, language, key, text[:_MOST_CHARACTERS], rate_hz))

    def _recorded(self, language: str, key: str, rate_hz: int) -> bytes | None:
        path = self._own / language / f"{key}.wav"
        if not path.is_file():
            return None
        try:
            with wave.open(str(path)) as file:
                if file.getnchannels() != 1 or file.getsampwidth() != 2:
                    raise wave.Error("not 16-bit mono")
                return resample(file.readframes(file.getnframes()), file.getframerate(), rate_hz)
        except (wave.Error, EOFError, OSError) as error:
            log.warning("own_recording_unusable", path=str(path), error=str(error))
            return None

    def _spoken(self, voice: Speaker, language: str, key: str, text: str, rate_hz: int) -> bytes:
        path = self._path(voice, language, key, text, rate_hz)
        kept = self._kept(path)
        if kept is not None:
            return kept
        from_hz, sound = voice.say(text, language)
        sound = resample(sound, from_hz, rate_hz) + bytes(int(_PAUSE_S * rate_hz) * 2)
        _write(path, sound)
        return sound

    def _path(self, voice: Speaker, language: str, key: str, text: str, rate_hz: int) -> Path:
        digest = hashlib.sha256(f"{language}\0{text}".encode()).hexdigest()[:24]
        kind = _FIXED if _is_fixed(language, key) else _FOR_CALLERS
        return self._folder / kind / voice.name / str(rate_hz) / f"{digest}.pcm"

    def _kept(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except OSError:
            return None  # mostly it was never said; else saying it again tells what is wrong


def forget_spoken(folder: Path, before_s: float | None = None) -> int:
    """Delete what was spoken for single callers, where given only what is older (by `time.time()`).

    How many prompts; a running server speaks again what it needs. Raises OSError.
    """
    shutil.rmtree(folder / _BEFORE, ignore_errors=True)
    files = [path for path in (folder / _FOR_CALLERS).rglob("*") if path.is_file()]
    old = [path for path in files if before_s is None or path.stat().st_mtime < before_s]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _is_fixed(language: str, key: str) -> bool:
    """Whether nothing of a caller is put into this text; a key that is not known might be anybody's."""
    text = catalogue(language).prompts.get(key) if language in LANGUAGES else None
    return text is not None and _OF_CALLERS.isdisjoint(name for name, _ in placeholders(text))


def _write(path: Path, sound: bytes) -> None:
    """Whole or not at all: two callers may make the same prompt at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(sound)
    Path(name).replace(path)


def make_all(prompts: Prompts, catalogue: Iterable[tuple[str, str, str]]) -> int:
    """Make every (language, key, text) in both rates before the first call; how many prompts."""
    count = 0
    for language, key, text in catalogue:
        for rate_hz in RATES_HZ:
            prompts.make(language, key, text, rate_hz)
        count += 1
    return count
