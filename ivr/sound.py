"""Small sums on sound: how loud it is, a tone, a recording that begins where the words do. Pure.

Sound is signed 16-bit little-endian mono.
"""

from collections import deque

import numpy as np

from ivr.taps import Tap

_LOUD = 150  # root mean square; a quiet line stays under 60, speech on a telephone is at 500–5000
_BEFORE_SPEECH_S = 0.4
_KEPT_BEFORE_S = 5.0  # the engine may tell late that somebody speaks


def is_loud(sound: bytes) -> bool:
    """Whether somebody might be talking."""
    samples = np.frombuffer(sound, "<i2", len(sound) // 2).astype(np.float32)
    return float(samples @ samples) >= _LOUD**2 * max(1, samples.size)


def tone(rate_hz: int) -> bytes:
    """A quarter of a second of 1 kHz, without clicks: now you may talk."""
    count = rate_hz // 4
    time_s = np.arange(count) / rate_hz
    swell = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (rate_hz * 0.01))
    return bytes((8000 * swell * np.sin(2 * np.pi * 1000 * time_s)).astype("<i2").tobytes())


class Recording(Tap):
    """The sound of one utterance, from shortly before its beginning, at most `most_s` seconds."""

    def __init__(self, rate_hz: int, most_s: float) -> None:
        self.rate_hz = rate_hz
        self._most_bytes = self._bytes(most_s)
        self._frames: deque[bytes] = deque()
        self._dropped_bytes = 0
        self._kept_bytes = 0
        self._began = False

    @property
    def began(self) -> bool:
        return self._began

    @property
    def start_s(self) -> float:
        """Where the kept sound begins, in seconds from the first frame."""
        return self._dropped_bytes / 2 / self.rate_hz

    @property
    def sound(self) -> bytes:
        """What is kept; empty before the beginning."""
        return b"".join(self._frames) if self._began else b""

    def hear(self, sound: bytes, at_s: float = 0.0) -> None:
        """Keep the next sound; before the beginning only the last moments are kept."""
        # The beginning is what matters; a caller who talks on must not fill the memory.
        if self._began and self._kept_bytes >= self._most_bytes:
            return
        self._frames.append(sound)
        self._kept_bytes += len(sound)
        if not self._began:
            self._drop_until(self._end_bytes - self._bytes(_KEPT_BEFORE_S))

    def begin(self, at_s: float | None = None) -> None:
        """Somebody speaks since `at_s` seconds from the first frame, or since now."""
        if not self._began:
            at_bytes = self._end_bytes if at_s is None else self._bytes(at_s)
            self._drop_until(at_bytes - self._bytes(_BEFORE_SPEECH_S))
            self._began = True

    @property
    def _end_bytes(self) -> int:
        return self._dropped_bytes + self._kept_bytes

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self.rate_hz) * 2

    def _drop_until(self, position: int) -> None:
        while self._frames and self._dropped_bytes + len(self._frames[0]) <= position:
            frame = self._frames.popleft()
            self._kept_bytes -= len(frame)
            self._dropped_bytes += len(frame)
