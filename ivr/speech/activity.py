"""Voice activity: where a caller's speech begins and ends, in 20 ms frames.

Two judges must agree that a frame is voiced: WebRTC's detector, which knows the spectrum of speech, and the
level, which must stand out from the noise of the last two seconds. The noise is the least smoothed level of
that time, since speech has gaps (minimum statistics, Martin 2001). Either judge alone is fooled by noise.
"""

from collections import deque
from enum import Enum

import numpy as np
import webrtcvad

FRAME_MS = 20

_AGGRESSIVENESS = 2  # of 0–3: 3 misses soft word ends, 1 takes music for speech more often
_FLOOR_FRAMES = 100  # two seconds
_ABOVE_FLOOR = 4.0  # times the power: 6 dB
_LEAST_POWER = 3200.0  # mean square: -55 dB of full scale, softer than any caller
_BEGIN_FRAMES, _BEGIN_WINDOW = 6, 10  # 120 ms of voice within 200 ms: a click is no speech
_RUN_FRAMES = 3  # a shorter burst does not end a pause


class Phase(Enum):
    """What a frame is in the course of an utterance."""

    QUIET = "quiet"  # before the first word
    BEGAN = "began"  # this frame made it certain: the caller talks
    TALK = "talk"
    PAUSE = "pause"  # no voice for now; the caller may go on
    STOPPED = "stopped"  # the pause was long enough


class Activity:
    """Follows one utterance; after STOPPED every frame is STOPPED."""

    def __init__(self, rate_hz: int, pause_ms: int) -> None:
        self._rate_hz = rate_hz
        self._pause_frames = pause_ms // FRAME_MS
        self._detector = webrtcvad.Vad(_AGGRESSIVENESS)
        self._level = Level()
        self._recent: deque[bool] = deque(maxlen=_BEGIN_WINDOW)
        self._run = 0
        self._quiet = 0
        self._begun = False
        self._stopped = False

    @property
    def pause_ms(self) -> int:
        return self._quiet * FRAME_MS

    def hear(self, frame: bytes) -> Phase:
        """What this frame of 20 ms, signed 16-bit mono, is."""
        loud = self._level.stands_out(frame)
        voiced = loud and self._detector.is_speech(frame, self._rate_hz)
        self._run = self._run + 1 if voiced else 0
        self._quiet = 0 if self._run >= _RUN_FRAMES else self._quiet + 1
        if not self._begun:
            return self._before(voiced)
        self._stopped = self._stopped or self._quiet >= self._pause_frames
        if self._stopped:
            return Phase.STOPPED
        return Phase.PAUSE if self._quiet > _RUN_FRAMES else Phase.TALK

    def _before(self, voiced: bool) -> Phase:
        self._recent.append(voiced)
        self._begun = sum(self._recent) >= _BEGIN_FRAMES
        return Phase.BEGAN if self._begun else Phase.QUIET


class Level:
    """Loudness against the noise of the line, which is learnt as it goes."""

    def __init__(self) -> None:
        self._smoothed = 0.0
        self._heard: deque[float] = deque(maxlen=_FLOOR_FRAMES)

    def stands_out(self, frame: bytes) -> bool:
        """Whether the frame is clearly louder than the noise, and loud enough to be a voice at all."""
        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        power = float(samples @ samples) / max(1, len(samples))
        # Smoothed, or one silent frame between two words would count as the noise of the line.
        self._smoothed = power if not self._heard else 0.6 * self._smoothed + 0.4 * power
        self._heard.append(self._smoothed)
        return power >= max(_LEAST_POWER, min(self._heard) * _ABOVE_FLOOR)
