"""A few seconds of speech to find out how many callers this machine can hear at once."""

import wave
from pathlib import Path

RATE_HZ = 8000

_SAMPLE = Path(__file__).parents[1] / "models/bundled/calibration.wav"


def sample() -> bytes:
    """A sentence of a support desk, spoken; signed 16-bit little-endian mono at 8 kHz."""
    with wave.open(str(_SAMPLE)) as file:
        return bytes(file.readframes(file.getnframes()))


def limit(cost: float) -> int:
    """How many callers one process carries when a second of speech costs it so many processor seconds.

    A caller talks half the time. In real time, piece by piece beside others, the same speech was seen to cost
    half as much again. A tenth of the core is left for the ends of sentences; where all this is too hopeful,
    the lag of the process tells.
    """
    # One at least: a slow machine hears one caller badly rather than none at all.
    return max(1, int(0.9 / (cost * 1.5 * 0.5)))


def whole_limit(cost: float) -> int:
    """The same for an engine that hears whole utterances, which wait for each other.

    Busy for more than six tenths of the time it would have callers wait longer for their turn than for their
    words (a queue with one server waits p / (1 - p) times what it takes for one).
    """
    return max(1, int(0.6 / (cost * 0.5)))
