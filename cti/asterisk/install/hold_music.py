"""Music on hold, composed by formula: soft chords, so that no recording of anybody's is needed."""

import wave
from pathlib import Path

import numpy
from numpy.typing import NDArray

RATE_HZ = 16000
LEVEL_DBFS = -25.0
_CHORD_S = 5.0
# Four-part chords in semitones above A2 (110 Hz): A major 7, F♯ minor 7, D major 7, E 6; sung twice.
_CHORDS = ((0, 7, 11, 16), (-3, 7, 12, 16), (-7, 5, 9, 16), (-5, 2, 11, 16)) * 2
_PARTIALS = ((1, 1.0), (2, 0.35), (3, 0.12), (4, 0.05))  # multiple of the tone, loudness: a soft organ


def compose() -> NDArray[numpy.int16]:
    """40 s of signed 16-bit mono at 16 kHz, RMS level -25 dBFS; its end leads into its beginning."""
    step = int(_CHORD_S * RATE_HZ)
    music = numpy.zeros(step * len(_CHORDS))
    for index, chord in enumerate(_CHORDS):
        # Each chord swells over its own time and fades through the next one's; the last through the first's.
        place = (numpy.arange(2 * step) + index * step) % len(music)
        music[place] += _chord(chord, 2 * step)
    music *= 10 ** (LEVEL_DBFS / 20) / numpy.sqrt(numpy.mean(music**2))
    return (music * 32767).astype(numpy.int16)


def _chord(semitones: tuple[int, ...], samples: int) -> NDArray[numpy.float64]:
    time_s = numpy.arange(samples) / RATE_HZ
    swell = numpy.sin(numpy.pi * numpy.arange(samples) / samples) ** 2
    tones = (110.0 * 2 ** (semitone / 12) for semitone in semitones)
    sound = sum(
        loudness * numpy.sin(2 * numpy.pi * tone * multiple * time_s)
        for tone in tones
        for multiple, loudness in _PARTIALS
    )
    return numpy.asarray(sound * swell, dtype=numpy.float64)


def write_hold_music(path: Path) -> None:
    """Write it as a WAV file, once: a file that is there is left as it is."""
    if path.exists():
        return
    # Under another name until it is whole: what is there is taken for finished at the next start.
    with wave.open(str(path.with_suffix(".part")), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(compose().tobytes())
    path.with_suffix(".part").replace(path)
