"""Prompts: text → sound, made once and kept as files; a recording dropped in the folder wins.

`own/LANGUAGE/KEY.wav` replaces the prompt KEY (a recording cannot say a name, so only prompts without
values are replaced); `made/` holds what was synthesised, named by voice, rate and a hash of the text.
"""

import asyncio
import hashlib
import os
import tempfile
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from ivr.speaking.voices import Speaker, SpeechFailed, resample

log = structlog.get_logger()

RATES_HZ = (8000, 16000)
_MOST_CHARACTERS = 1_000  # of one prompt: a hostile name must not become an hour of speech
_PAUSE_S = 0.12  # after each prompt, so that two in a row do not run together


class Prompts:
    """What the dialogue says, as sound."""

    def __init__(self, folder: Path, voices: Sequence[Speaker], own: Path | None = None) -> None:
        self._made = folder / "made"
        self._own = own or folder / "own"
        self._voices = voices

    async def sound(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        """The prompt as signed 16-bit mono; silence, and a log line, where no voice can say it."""
        return await asyncio.to_thread(self.make, language, key, text, rate_hz)

    def make(self, language: str, key: str, text: str, rate_hz: int) -> bytes:
        """The same, blocking."""
        recording = self._recorded(language, key, rate_hz)
        if recording is not None:
            return recording
        text = text[:_MOST_CHARACTERS]
        for voice in self._voices:
            if language in voice.languages():
                try:
                    return self._spoken(voice, language, text, rate_hz)
                except (SpeechFailed, OSError) as error:
                    log.warning("voice_failed", voice=voice.name, key=key, error=str(error)[:200])
        return b""

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

    def _spoken(self, voice: Speaker, language: str, text: str, rate_hz: int) -> bytes:
        digest = hashlib.sha256(f"{language}\0{text}".encode()).hexdigest()[:24]
        path = self._made / voice.name / str(rate_hz) / f"{digest}.pcm"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        from_hz, sound = voice.say(text, language)
        sound = resample(sound, from_hz, rate_hz) + bytes(int(_PAUSE_S * rate_hz) * 2)
        _write(path, sound)
        return sound


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
