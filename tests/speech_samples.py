"""Spoken test sentences: synthetic voices, telephone codecs and noise.

Sound is a numpy array of signed 16-bit mono samples. The voices are flite's (`slt`, `rms`, `awb`, `kal16`),
from the unpacked Asterisk prefix or the system, and espeak-ng's (`en-us`, `en`, `en-us+f3` …). What was said
once is kept in the temporary folder, since flite takes a tenth of a second a sentence.
"""

import ctypes
import hashlib
import os
import tempfile
import threading
import wave
from functools import cache
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
import numpy.typing as npt
import soxr

from ivr.speaking.voices import Flite, find_flite
from phone.codecs import codec
from tests.checkout import ROOT

Sound = npt.NDArray[np.int16]

FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_VOICES = ("en-us", "en", "en-us+f3", "en-gb-scotland")
FRAME_S = 0.02

_LOUDNESS = 3000.0  # root mean square, about -21 dB of full scale, as a telephone sends it
_espeak_lock = threading.Lock()


def clear_voice() -> str:
    """The voice that recognition hears best here."""
    return "rms" if _flite_command() else "en-us"


def say(text: str, voice: str = "", rate_hz: int = 8000) -> Sound:
    """The sentence in a voice (the clearest by default), levelled, at the sample rate."""
    sound, native_hz = _spoken(text, voice or clear_voice())
    changed = soxr.resample(sound.astype(np.float32), native_hz, rate_hz)
    loud = np.sqrt(np.mean(np.square(changed)) + 1e-9)
    return _clipped(changed * (_LOUDNESS / loud))


def trimmed(sound: Sound) -> Sound:
    """Without the silence that voices put around a sentence."""
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > _LOUDNESS / 20)
    spoken: Sound = sound[loud[0] : loud[-1] + 1]
    return spoken


def silence(seconds: float, rate_hz: int = 8000) -> Sound:
    """Digital silence."""
    return np.zeros(int(seconds * rate_hz), np.int16)


def join(*parts: Sound) -> Sound:
    """One sound after the other."""
    return np.concatenate(parts)


def noise(seconds: float, rms: float = 1000.0, rate_hz: int = 8000, seed: int = 1) -> Sound:
    """White noise of a loudness (root mean square)."""
    drawn = np.random.default_rng(seed).normal(0.0, rms, int(seconds * rate_hz))
    return _clipped(drawn)


def with_noise(sound: Sound, snr_db: float, seed: int = 1) -> Sound:
    """The sound in white noise so many decibels below the loudness of `say`; silence gets it too."""
    drawn = noise(len(sound), _LOUDNESS / 10 ** (snr_db / 20), rate_hz=1, seed=seed)
    return _clipped(sound.astype(np.int32) + drawn)


def through(name: str, sound: Sound) -> Sound:
    """What is left of the sound after a telephone codec: pcmu, pcma (8 kHz) or g722 (16 kHz)."""
    line = codec(name)
    parts = [line.decode(line.encode(frame)) for frame in frames(sound, line.rate_hz)]
    return np.frombuffer(b"".join(parts), "<i2")


def frames(sound: Sound, rate_hz: int = 8000) -> list[bytes]:
    """The sound in 20 ms frames; the last one is filled up with silence."""
    size = int(rate_hz * FRAME_S)
    filled = join(sound, np.zeros(-len(sound) % size, np.int16))
    return [part.tobytes() for part in filled.reshape(-1, size)]


def _clipped(samples: npt.NDArray[Any]) -> Sound:
    sound: Sound = np.clip(samples, -32768, 32767).astype(np.int16)
    return sound


@cache
def _flite_command() -> tuple[str, ...]:
    unpacked = ROOT / "var/asterisk"
    return find_flite(Path(os.environ.get("SVARKLAR_ASTERISK_PREFIX", unpacked))) or ()


def _spoken(text: str, voice: str) -> tuple[Sound, int]:
    folder = Path(tempfile.gettempdir()) / f"svarklar-voices-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(f'{voice}/{text}'.encode()).hexdigest()[:24]}.wav"
    if not path.exists():
        made, rate_hz = _flite(text, voice) if voice in FLITE_VOICES else _espeak(text, voice)
        _keep(path, made, rate_hz)
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def _keep(path: Path, sound: bytes, rate_hz: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as raw, wave.open(raw, "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(sound)
    os.replace(name, path)


def _flite(text: str, voice: str) -> tuple[bytes, int]:
    if not _flite_command():
        raise RuntimeError("no flite: run `make setup` once, or install it (apt install flite)")
    rate_hz, sound = Flite(_flite_command(), voice).say(text, "en")
    return sound, rate_hz


def _espeak(text: str, voice: str) -> tuple[bytes, int]:
    heard: list[bytes] = []

    def collect(samples: int | None, count: int, _events: int) -> int:
        if samples and count:
            heard.append(ctypes.string_at(samples, count * 2))
        return 0

    with _espeak_lock:
        library, rate_hz = _espeak_library()
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(collect)
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        words = text.encode()
        library.espeak_Synth(words, len(words) + 1, 0, 1, 0, 1, None, None)  # 1: UTF-8
        library.espeak_Synchronize()
    return b"".join(heard), rate_hz


@cache
def _espeak_library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0x8000)
    return library, rate_hz
