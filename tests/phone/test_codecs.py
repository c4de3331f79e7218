"""The codecs keep the sound."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.codecs import codec, codec_of


@pytest.mark.parametrize("name", ["pcmu", "pcma"])
@given(samples=st.lists(st.integers(-32000, 32000), min_size=160, max_size=160))
def test_g711_keeps_every_sample_within_its_step(name: str, samples: list[int]) -> None:
    coder = codec(name)
    sound = numpy.array(samples, "<i2")
    heard = numpy.frombuffer(coder.decode(coder.encode(sound.tobytes())), "<i2").astype(int)
    assert (numpy.abs(heard - sound) <= 8 + numpy.abs(sound.astype(int)) / 16).all()


@pytest.mark.parametrize("name", ["pcmu", "pcma"])
def test_g711_codes_are_fixed_points(name: str) -> None:
    coder = codec(name)
    sound = coder.decode(bytes(range(256)))
    assert coder.decode(coder.encode(sound)) == sound


def test_the_tables_are_those_of_the_recommendation() -> None:
    mu, a = codec("pcmu"), codec("pcma")
    assert numpy.frombuffer(mu.decode(b"\x00\x80\xff\x7f"), "<i2").tolist() == [-32124, 32124, 0, 0]
    assert numpy.frombuffer(a.decode(b"\xaa\x2a\xd5\x55"), "<i2").tolist() == [32256, -32256, 8, -8]


def test_g722_carries_a_tone_above_the_narrow_band() -> None:
    coder = codec("g722")
    time = numpy.arange(320)
    heard = b""
    for frame in range(25):
        tone = 8000 * numpy.sin(2 * numpy.pi * 6000 * (time + frame * 320) / 16000)
        heard += coder.decode(coder.encode(tone.astype("<i2").tobytes()))
    spectrum = numpy.abs(numpy.fft.rfft(numpy.frombuffer(heard, "<i2")[3200:6400]))
    assert abs(int(spectrum.argmax()) * 16000 / 3200 - 6000) < 10


def test_the_first_offered_codec_of_ours_is_taken() -> None:
    assert codec_of((111, 9, 0)).encoding == "G722"


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown codec"):
        codec("opus")
    with pytest.raises(ValueError, match="no codec"):
        codec_of((111,))
