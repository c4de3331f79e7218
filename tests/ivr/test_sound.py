"""Sums on sound: loudness, the tone, and recordings that begin where the words do."""

import numpy as np
import pytest

from ivr.sound import Recording, is_loud, tone

FRAME_S = 0.02


def frame(number: int) -> bytes:
    """20 ms at 8 kHz, all samples the same, to recognise it by."""
    return np.full(160, number, "<i2").tobytes()


def test_silence_and_a_quiet_line_are_not_loud_and_speech_is():
    noise = np.random.default_rng(1).normal(0, 30, 160).astype("<i2").tobytes()
    speech = (np.sin(np.arange(160) / 5) * 1000).astype("<i2").tobytes()
    assert [is_loud(sound) for sound in (b"", b"\x00", bytes(320), noise, speech)] == [False] * 4 + [True]


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_the_tone_is_a_quarter_of_a_second_without_clicks(rate_hz):
    samples = np.frombuffer(tone(rate_hz), "<i2")
    assert len(samples) == rate_hz // 4
    assert abs(int(samples[0])) < 100
    assert abs(int(samples[-1])) < 100


def test_a_recording_begins_shortly_before_the_words():
    recording = Recording(8000, most_s=60)
    for number in range(500):
        recording.hear(frame(number))
        if number == 420:  # the detector needs a moment to be sure
            recording.begin(8.2)
    assert recording.start_s == pytest.approx(7.8)
    assert recording.sound == b"".join(frame(number) for number in range(390, 500))


def test_a_recording_has_an_end():
    recording = Recording(8000, most_s=1)
    recording.begin()
    for number in range(500):
        recording.hear(frame(number))
    assert len(recording.sound) == 16_000


def test_nothing_is_kept_of_who_does_not_speak():
    recording = Recording(8000, most_s=60)
    for number in range(500):
        recording.hear(frame(number))
    assert not recording.began
    assert recording.sound == b""


def test_a_recording_that_begins_now_has_the_last_moment_before():
    recording = Recording(8000, most_s=60)
    for number in range(100):
        recording.hear(frame(number))
    recording.begin()
    assert recording.sound == b"".join(frame(number) for number in range(80, 100))
