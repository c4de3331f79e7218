"""Where speech begins and ends: in silence, in noise, and what is no speech at all."""

import numpy as np
import pytest

from ivr.speech.activity import FRAME_MS, Activity, Phase
from tests.speech_samples import Sound, frames, join, noise, say, silence, through, trimmed, with_noise

SENTENCE = "i can not connect to the network from home"
PAUSE_MS = 600


def course(sound: Sound, rate_hz: int = 8000) -> list[Phase]:
    activity = Activity(rate_hz, PAUSE_MS)
    return [activity.hear(frame) for frame in frames(sound, rate_hz)]


def at_ms(voices: list[Phase], wanted: Phase) -> int:
    return (voices.index(wanted) + 1) * FRAME_MS


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_speech_has_one_beginning_and_one_end(rate_hz: int) -> None:
    spoken = say(SENTENCE, rate_hz=rate_hz)
    voices = course(join(silence(0.5, rate_hz), spoken, silence(1.0, rate_hz)), rate_hz)
    assert voices.count(Phase.BEGAN) == 1
    assert 500 < at_ms(voices, Phase.BEGAN) < 900
    end_ms = 500 + len(spoken) * 1000 // rate_hz
    assert end_ms + PAUSE_MS - 400 < at_ms(voices, Phase.STOPPED) <= end_ms + 700
    assert voices[-1] is Phase.STOPPED


@pytest.mark.parametrize("snr_db", [15, 10])
def test_noise_hides_neither_beginning_nor_end(snr_db: int) -> None:
    sound = with_noise(join(silence(1.0), say(SENTENCE), silence(1.5)), snr_db)
    voices = course(through("pcmu", sound))
    assert voices.count(Phase.BEGAN) == 1
    assert 1000 <= at_ms(voices, Phase.BEGAN) < 1800
    end_ms = 1000 + len(say(SENTENCE)) // 8
    assert end_ms - 300 < at_ms(voices, Phase.STOPPED) <= end_ms + 700


def test_who_talks_at_once_is_heard() -> None:
    assert at_ms(course(say(SENTENCE)), Phase.BEGAN) < 600


def test_a_pause_within_a_sentence_is_no_end() -> None:
    voices = course(
        join(silence(0.3), trimmed(say("my printer")), silence(0.25), trimmed(say("is broken")), silence(1.0))
    )
    assert voices.count(Phase.BEGAN) == 1
    stopped = voices.index(Phase.STOPPED)
    assert Phase.TALK in voices[voices.index(Phase.PAUSE) : stopped]
    assert set(voices[stopped:]) == {Phase.STOPPED}


@pytest.mark.parametrize(
    "sound",
    [
        silence(2.0),
        noise(4.0, rms=300),
        noise(4.0, rms=3000),
        np.full(16000, 4000, np.int16),
        join(silence(1.0), np.full(160, 20000, np.int16), silence(1.0)),
        (say(SENTENCE) / 300).astype(np.int16),
    ],
    ids=["silence", "soft noise", "loud noise", "constant", "click", "a voice from the next room"],
)
def test_what_is_no_speech_begins_nothing(sound: Sound) -> None:
    assert set(course(sound)) == {Phase.QUIET}


def test_noise_that_sets_in_is_learnt_within_seconds() -> None:
    voices = course(
        join(silence(1.0), noise(3.0, rms=800), with_noise(say(SENTENCE), 15), noise(1.5, rms=500))
    )
    assert Phase.BEGAN in voices
    assert voices[-1] is Phase.STOPPED
