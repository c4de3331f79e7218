"""The telephone's codecs: 20 ms of signed 16-bit mono ↔ the payload of one RTP packet.

G.711 tables are computed as ITU-T G.711 defines them; G.722 is a library's.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy
from G722 import G722
from numpy.typing import NDArray


class Codec(Protocol):
    """One direction-keeping coder and decoder of one call."""

    @property
    def payload_type(self) -> int:
        """RTP's number for it."""

    @property
    def encoding(self) -> str:
        """SDP's name for it."""

    @property
    def rate_hz(self) -> int:
        """Samples a second."""

    def encode(self, sound: bytes) -> bytes:
        """20 ms of sound as a payload of 160 bytes."""

    def decode(self, payload: bytes) -> bytes:
        """A payload as sound."""


@cache
def _mu_law() -> NDArray[numpy.int16]:
    code = ~numpy.arange(256, dtype=numpy.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return numpy.where(code & 0x80, -magnitude, magnitude).astype(numpy.int16)


@cache
def _a_law() -> NDArray[numpy.int16]:
    code = numpy.arange(256, dtype=numpy.int32) ^ 0x55
    segment, magnitude = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = numpy.where(segment == 0, magnitude + 8, (magnitude + 0x108) << numpy.maximum(segment - 1, 0))
    return numpy.where(code & 0x80, magnitude, -magnitude).astype(numpy.int16)


@cache
def _nearest(name: str) -> NDArray[numpy.uint8]:
    """For each of the 65,536 samples, the code whose value lies nearest."""
    values = (_mu_law() if name == "pcmu" else _a_law()).astype(numpy.int32)
    # Both laws have two codes for zero; a stable order always takes the same.
    order = numpy.argsort(values, kind="stable")
    between = (values[order][1:] + values[order][:-1]) / 2
    return order[numpy.searchsorted(between, numpy.arange(-32768, 32768))].astype(numpy.uint8)


@dataclass(frozen=True)
class G711:
    """PCMU or PCMA: 8 kHz."""

    name: str
    payload_type: int
    encoding: str
    rate_hz: int = 8000

    def encode(self, sound: bytes) -> bytes:
        """Each sample as one byte."""
        samples = numpy.frombuffer(sound, "<i2").astype(numpy.int32) + 32768
        return _nearest(self.name)[samples].tobytes()

    def decode(self, payload: bytes) -> bytes:
        """Each byte as one sample."""
        table = _mu_law() if self.name == "pcmu" else _a_law()
        return table[numpy.frombuffer(payload, numpy.uint8)].astype("<i2").tobytes()


class Wideband:
    """G.722: 16 kHz; RTP's clock for it says 8000 by a mistake the RFC keeps (RFC 3551)."""

    payload_type, encoding, rate_hz = 9, "G722", 16000

    def __init__(self) -> None:
        self._encoder: Any = G722(16000, 64000)
        self._decoder: Any = G722(16000, 64000)

    def encode(self, sound: bytes) -> bytes:
        """Two samples a byte."""
        return bytes(self._encoder.encode(numpy.frombuffer(sound, "<i2")))

    def decode(self, payload: bytes) -> bytes:
        """A byte as two samples."""
        return numpy.asarray(self._decoder.decode(payload)).astype("<i2").tobytes()


def codec(name: str) -> Codec:
    """A codec by name: pcmu, pcma or g722. Raises ValueError."""
    match name:
        case "pcmu":
            return G711("pcmu", 0, "PCMU")
        case "pcma":
            return G711("pcma", 8, "PCMA")
        case "g722":
            return Wideband()
    raise ValueError(f"unknown codec {name!r}: pcmu, pcma or g722")


def codec_of(payload_types: tuple[int, ...]) -> Codec:
    """The first of the offered payload types that we speak. Raises ValueError."""
    for number in payload_types:
        name = {0: "pcmu", 8: "pcma", 9: "g722"}.get(number)
        if name:
            return codec(name)
    raise ValueError(f"no codec of ours among {payload_types}")
