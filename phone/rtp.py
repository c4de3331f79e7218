"""The sound of one call: RTP out every 20 ms, RTP in, keys as telephone events (RFC 3550, RFC 4733)."""

import asyncio
import contextlib
import secrets
import struct
from collections import deque

import numpy

from phone.codecs import Codec

_FRAME_S = 0.02
_TELEPHONE_EVENT = 101
KEYS = "0123456789*#ABCD"
_KEY_PACKETS, _KEY_LAST_PACKETS = 8, 3  # 160 ms of key, its end said three times
_VOICE_LEVEL = 250  # root mean square above which somebody or something is heard
_MOST_RECORDED_S = 600


class RtpSession(asyncio.DatagramProtocol):
    """Sends silence, speech and keys; hears, records and knows when it last heard a voice."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.heard = bytearray()
        self.last_voice_s: float | None = None
        self._queue: deque[bytes | str] = deque()  # a frame of sound, or a key
        self._idle = asyncio.Event()
        self._idle.set()
        self._remote: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self._sequence = secrets.randbelow(30_000)
        self._timestamp = secrets.randbelow(1 << 30)
        self._source = secrets.randbelow(1 << 32)

    async def open(self, host: str) -> int:
        """Take a port on this address; its number."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        return int(transport.get_extra_info("sockname")[1])

    def start(self, remote: tuple[str, int]) -> None:
        """Send to this address from now on."""
        self._remote = remote
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    def close(self) -> None:
        """Stop sending and hearing."""
        if self._sending:
            self._sending.cancel()
        if self._transport:
            self._transport.close()
        self._idle.set()

    def say(self, sound: bytes) -> None:
        """Queue speech at the codec's rate."""
        size = int(self.codec.rate_hz * _FRAME_S) * 2
        for start in range(0, len(sound), size):
            self._queue.append(sound[start : start + size].ljust(size, b"\0"))
        self._idle.clear()

    def press(self, keys: str) -> None:
        """Queue keys, each one of KEYS."""
        self._queue.extend(keys)
        self._idle.clear()

    async def said(self) -> None:
        """Wait until all that was queued has been sent, or the call is over."""
        await self._idle.wait()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear one packet."""
        # Telephone events and comfort noise are no sound.
        if len(data) < 12 or data[1] & 0x7F != self.codec.payload_type:
            return
        sound = self.codec.decode(data[12:])
        if len(self.heard) < _MOST_RECORDED_S * self.codec.rate_hz * 2:
            self.heard += sound
        samples = numpy.frombuffer(sound, "<i2").astype("float32")
        if float(samples @ samples) > _VOICE_LEVEL**2 * max(1, samples.size):
            self.last_voice_s = asyncio.get_running_loop().time()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        silence = bytes(int(self.codec.rate_hz * _FRAME_S) * 2)
        next_s = loop.time()
        while True:
            item = self._queue.popleft() if self._queue else silence
            if isinstance(item, bytes):
                self._packet(self.codec.payload_type, self.codec.encode(item), self._timestamp)
                next_s = await _pace(next_s)
            else:
                next_s = await self._send_key(item, next_s)
            if not self._queue:
                self._idle.set()

    async def _send_key(self, key: str, next_s: float) -> float:
        began = self._timestamp
        for number in range(_KEY_PACKETS):
            ended = number >= _KEY_PACKETS - _KEY_LAST_PACKETS
            duration = 160 * min(number + 1, _KEY_PACKETS - _KEY_LAST_PACKETS + 1)
            event = struct.pack("!BBH", KEYS.index(key), (0x80 if ended else 0) | 10, duration)
            self._packet(_TELEPHONE_EVENT, event, began, marker=number == 0)
            next_s = await _pace(next_s)
        return next_s

    def _packet(self, payload_type: int, payload: bytes, timestamp: int, marker: bool = False) -> None:
        kind = payload_type | (0x80 if marker else 0)
        head = struct.pack(
            "!BBHII", 0x80, kind, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._source
        )
        if self._transport and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # the far end is gone: the signalling will say so
                self._transport.sendto(head + payload, self._remote)
        self._sequence += 1
        self._timestamp += 160  # RTP's clock is 8 kHz for all three codecs


async def _pace(next_s: float) -> float:
    """Sleep until the next packet is due; after a long stall, start counting anew."""
    now_s = asyncio.get_running_loop().time()
    # At most ten packets are caught up with at once: no telephone sends more.
    next_s = max(next_s + _FRAME_S, now_s - 0.2)
    await asyncio.sleep(max(0.0, next_s - now_s))
    return next_s
