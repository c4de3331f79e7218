"""What Asterisk is sent on a media WebSocket: prompts and flushes, by one writer in one order.

Asterisk paces what we send and holds at most 20 s of it, so prompts go out in pieces with a mark after each;
the next piece leaves when an earlier one has been heard. However many wish something said, one task sends, so
prompts never mix. A flush raises the generation: what belongs to an older one is not sent any more, though
it may be half sent.
"""

import asyncio
import json
from collections import deque

from aiohttp import web

_PIECE_S = 4
_PIECES_AHEAD = 2  # 8 s: far from Asterisk's 20, far from running dry
_MESSAGE_BYTES = 16_000


class MediaWriter:
    """Holds what is to be said; `run` sends it. Nothing else waits for the connection."""

    def __init__(self, socket: web.WebSocketResponse, rate_hz: int) -> None:
        self._socket = socket
        self._piece_bytes = _PIECE_S * rate_hz * 2
        self._waiting: deque[tuple[bytes, str]] = deque()  # pieces; mark "" is not a prompt's last
        self._sent: dict[str, str] = {}  # Asterisk's mark -> the prompt's mark
        self._marks = 0
        self._generation = 0  # how often was flushed
        self._changed = asyncio.Event()  # there may be something to send

    def add(self, sound: bytes, mark: str) -> None:
        """Send the sound after what waits already."""
        size = self._piece_bytes
        # A prompt without sound is one piece too: its mark has to come back.
        pieces = [sound[start : start + size] for start in range(0, len(sound), size)] or [b""]
        self._waiting.extend((piece, "") for piece in pieces[:-1])
        self._waiting.append((pieces[-1], mark))
        self._changed.set()

    def flush(self) -> list[str]:
        """Drop what was not heard, here and in Asterisk; the marks of the prompts it ended."""
        unheard = [*self._sent.values(), *(mark for _, mark in self._waiting)]
        self._sent.clear()
        self._waiting.clear()
        self._generation += 1
        self._changed.set()
        return [mark for mark in unheard if mark]

    def heard(self, identifier: str) -> str:
        """Asterisk has come to one of its marks: the mark of the prompt that ends there, else empty."""
        self._changed.set()
        return self._sent.pop(identifier, "")

    async def run(self) -> None:
        """Send until cancelled. Raises ConnectionError."""
        flushed = self._generation
        while True:
            # Before anything that waits: what is said after a flush belongs to what follows.
            if flushed != self._generation:
                flushed = self._generation
                await self._command("FLUSH_MEDIA")
            elif self._waiting and len(self._sent) < _PIECES_AHEAD:
                await self._send(*self._waiting.popleft())
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _send(self, piece: bytes, mark: str) -> None:
        """Each send may wait, and a flush come meanwhile: what is begun is ended, the rest is dropped.

        STOP goes before the flush: Asterisk queues what is left of the last frame, then drops all of it.
        """
        generation = self._generation
        self._marks += 1
        identifier = str(self._marks)
        self._sent[identifier] = mark
        await self._command("START_MEDIA_BUFFERING")
        for start in range(0, len(piece), _MESSAGE_BYTES):
            if generation == self._generation:
                await self._socket.send_bytes(piece[start : start + _MESSAGE_BYTES])
        await self._command("STOP_MEDIA_BUFFERING")
        if generation == self._generation:
            await self._command("MARK_MEDIA", correlation_id=identifier)

    async def _command(self, command: str, **values: str) -> None:
        await self._socket.send_str(json.dumps({"command": command, **values}))
