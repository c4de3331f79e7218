"""Text to speech, offline: espeak-ng is the floor, a better voice wins where one is installed.

A voice turns text into signed 16-bit mono at its own rate. Speaking blocks: call it in a thread.
"""

import ctypes
import shutil
import subprocess
import tempfile
import threading
import wave
from functools import cache
from pathlib import Path
from typing import Protocol

import espeakng_loader
import numpy
import soxr

from cti.processes import ordinary

_ESPEAK_VOICES = {"en": "en-us", "sv": "sv", "nb": "nb"}
_ESPEAK_RETRIEVAL, _ESPEAK_DONT_EXIT = 1, 0x8000
_ESPEAK_UTF8, _ESPEAK_WORDS_PER_MINUTE, _ESPEAK_RATE = 1, 1, 155
_FLITE_TIMEOUT_S = 20


class SpeechFailed(Exception):
    """The voice could not say this text."""


class Speaker(Protocol):
    """One speaker of one or more languages."""

    @property
    def name(self) -> str:
        """Engine and voice, part of the name under which sound is cached."""

    def languages(self) -> frozenset[str]:
        """What it speaks: en, sv, nb."""

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        """Rate in Hz and the sound; blocks. Raises SpeechFailed."""


class Espeak:
    """espeak-ng by its library: every language, 10 ms a prompt, plainly a machine."""

    name = "espeak"

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate_hz = self._library.espeak_Initialize(_ESPEAK_RETRIEVAL, 0, data, _ESPEAK_DONT_EXIT)
        if self._rate_hz <= 0:
            raise SpeechFailed("espeak-ng does not start")
        self._pieces: list[bytes] = []
        callback = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._collect = callback(self._heard)  # kept, or the library would call freed memory
        self._library.espeak_SetSynthCallback(self._collect)
        self._library.espeak_SetParameter(_ESPEAK_WORDS_PER_MINUTE, _ESPEAK_RATE, 0)
        self._one_at_a_time = threading.Lock()  # the library has one state for the whole process

    def _heard(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    def languages(self) -> frozenset[str]:
        return frozenset(_ESPEAK_VOICES)

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        with self._one_at_a_time:
            self._pieces.clear()
            # To the library a NUL is the end of the text.
            encoded = text.replace("\0", " ").encode()
            self._library.espeak_SetVoiceByName(_ESPEAK_VOICES[language].encode())
            failed = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _ESPEAK_UTF8, None, None)
            if failed or self._library.espeak_Synchronize():
                raise SpeechFailed("espeak-ng refused the text")
            return self._rate_hz, b"".join(self._pieces)


class Flite:
    """flite's own voices: English, clear to people and to recognisers."""

    def __init__(self, command: tuple[str, ...], voice: str = "slt") -> None:
        self._command = command
        self._voice = voice

    @property
    def name(self) -> str:
        return f"flite-{self._voice}"

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        # The text by stdin: arguments can be read by everybody on the machine, and callers' names are in it.
        # The sound by a file: flite goes back in it to the header after each sentence.
        spoken = text.replace("\0", " ").encode()
        try:
            with tempfile.TemporaryDirectory() as folder:
                made = f"{folder}/made.wav"
                arguments = [*ordinary(), *self._command, "-voice", self._voice, "-f", "-", "-o", made]
                subprocess.run(  # noqa: S603  # our own command
                    arguments, input=spoken, capture_output=True, timeout=_FLITE_TIMEOUT_S, check=True
                )
                with wave.open(made) as sound:
                    return sound.getframerate(), sound.readframes(sound.getnframes())
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
            raise SpeechFailed(f"flite: {error}") from error


def find_flite(prefix: Path) -> tuple[str, ...] | None:
    """The command that runs flite: the one unpacked beside Asterisk, else the system's, else None."""
    program = prefix / "usr/bin/flite"
    loader = next(prefix.glob("usr/lib*/ld-linux-*.so.*"), None)
    libraries = next(prefix.glob("usr/lib/*-linux-gnu"), None)
    if program.exists() and loader and libraries:
        return str(loader), "--library-path", str(libraries), str(program)
    system = shutil.which("flite")
    return (system,) if system else None


@cache
def espeak() -> Espeak:
    """The one espeak-ng of this process: its library keeps global state."""
    return Espeak()


def best_voices(prefix: Path) -> tuple[Speaker, ...]:
    """The installed voices, best first; the last speaks every language."""
    flite = find_flite(prefix)
    return (*((Flite(flite),) if flite else ()), espeak())


def resample(sound: bytes, from_hz: int, to_hz: int) -> bytes:
    """The same sound at another rate."""
    if from_hz == to_hz:
        return sound
    samples = numpy.frombuffer(sound, "<i2").astype("float32")
    changed = soxr.resample(samples, from_hz, to_hz)
    return bytes(numpy.clip(changed, -32768, 32767).astype("<i2").tobytes())
