"""The WebSocket that Asterisk dials: a caller's sound and keys in, prompts out (chan_websocket).

Asterisk paces what we send and holds at most 20 s of it, so prompts go out in pieces with a mark after each;
the next piece leaves when an earlier one has been heard. Flushing drops what Asterisk and we still hold.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator

import structlog
from aiohttp import WSMsgType, web

from cti.asterisk.channel import ChannelEvent, Frame, HungUp, Key, Played

log = structlog.get_logger()

_PIECE_S = 4
_PIECES_AHEAD = 2  # 8 s: far from Asterisk's 20, far from running dry
_MESSAGE_BYTES = 16_000
_MOST_EVENTS = 1_500  # a minute of frames nobody reads: the dialogue has stopped
_FRAME_S = 0.04  # the recogniser is given as much at once: half the work for each of Asterisk's 20 ms


class MediaChannel:
    """`cti.asterisk.channel.Channel` over one of Asterisk's WebSockets."""

    def __init__(self, socket: web.WebSocketResponse, rate_hz: int) -> None:
        self._socket = socket
        self._rate_hz = rate_hz
        self._events: asyncio.Queue[ChannelEvent] = asyncio.Queue(_MOST_EVENTS)
        self._heard = b""  # not a whole frame yet
        self._waiting: deque[tuple[bytes, str]] = (
            deque()
        )  # pieces not sent yet; mark "" is not a prompt's last
        self._sent: dict[str, str] = {}  # Asterisk's mark -> the prompt's mark
        self._marks = 0

    @property
    def rate_hz(self) -> int:
        """Samples a second, in both directions."""
        return self._rate_hz

    async def events(self) -> AsyncIterator[ChannelEvent]:
        """What comes from the caller, in order; ends after HungUp."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, HungUp):
                return

    async def play(self, sound: bytes, mark: str) -> None:
        """Queue the sound; `Played(mark)` follows when the caller has heard it."""
        size = _PIECE_S * self._rate_hz * 2
        pieces = [sound[start : start + size] for start in range(0, len(sound), size)] or [b""]
        self._waiting.extend((piece, "") for piece in pieces[:-1])
        self._waiting.append((pieces[-1], mark))
        await self._send_ahead()

    async def flush(self) -> None:
        """Silence at once."""
        unheard = [*self._sent.values(), *(mark for _, mark in self._waiting)]
        self._sent.clear()
        self._waiting.clear()
        await self._command("FLUSH_MEDIA")
        for mark in filter(None, unheard):
            self._put(Played(mark))

    async def close(self) -> None:
        """Close the WebSocket: Dial returns and the caller goes on."""
        await self._socket.close()

    async def read(self) -> None:
        """Turn Asterisk's messages into events until it hangs up."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    self._hear(message.data)
                elif message.type is WSMsgType.TEXT:
                    await self._control(message.data)
        finally:
            self._put_heard()
            self._put(HungUp())

    def _hear(self, sound: bytes) -> None:
        self._heard += sound
        if len(self._heard) >= _FRAME_S * self._rate_hz * 2:
            self._put_heard()

    def _put_heard(self) -> None:
        if self._heard:
            self._put(Frame(self._heard))
            self._heard = b""

    async def _control(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = message["event"]
        except (ValueError, TypeError, KeyError):
            log.warning("media_message_malformed", text=text[:200])
            return
        if kind == "DTMF_END":
            self._put_heard()
            self._put(Key(str(message.get("digit", ""))[:1]))
        elif kind == "MEDIA_MARK_PROCESSED":
            mark = self._sent.pop(str(message.get("correlation_id")), "")
            if mark:
                self._put(Played(mark))
            await self._send_ahead()

    async def _send_ahead(self) -> None:
        while self._waiting and len(self._sent) < _PIECES_AHEAD:
            piece, mark = self._waiting.popleft()
            self._marks += 1
            identifier = str(self._marks)
            self._sent[identifier] = mark
            await self._command("START_MEDIA_BUFFERING")
            for start in range(0, len(piece), _MESSAGE_BYTES):
                await self._socket.send_bytes(piece[start : start + _MESSAGE_BYTES])
            await self._command("STOP_MEDIA_BUFFERING")
            await self._command("MARK_MEDIA", correlation_id=identifier)

    async def _command(self, command: str, **values: str) -> None:
        if not self._socket.closed:
            await self._socket.send_str(json.dumps({"command": command, **values}))

    def _put(self, event: ChannelEvent) -> None:
        if self._events.full():
            lost = self._events.get_nowait()  # the oldest sound; the newest event may be the hang-up
            log.warning("media_event_dropped", kind=type(lost).__name__)
        self._events.put_nowait(event)


class Ticket:
    """The right to one media connection, for one call."""

    def __init__(self, identifier: str, rate_hz: int) -> None:
        self.identifier = identifier
        self.rate_hz = rate_hz
        self.channel: asyncio.Future[MediaChannel] = asyncio.get_running_loop().create_future()


class MediaServer:
    """Admits each ticket's connection once; everything else is refused with a log line."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use, which port 0 leaves to the system. Raises OSError."""
        app = web.Application()
        app.router.add_get("/media", self._connected)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening; every caller who is talking goes on to the queue."""
        for socket in tuple(self._sockets):
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    def expect(self, rate_hz: int) -> Ticket:
        """A new ticket, its identifier random and good for one connection."""
        ticket = Ticket(secrets.token_urlsafe(16), rate_hz)
        self._tickets[ticket.identifier] = ticket
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """The call has gone on: the ticket is void, and whoever waits for its channel is told."""
        self._tickets.pop(ticket.identifier, None)
        ticket.channel.cancel()

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        ticket = self._tickets.pop(request.query.get("call", ""), None)
        if ticket is None:
            log.warning("media_refused", reason="unknown or used id", peer=request.remote)
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(protocols=("media",), autoping=True, timeout=1.0, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        channel = MediaChannel(socket, ticket.rate_hz)
        if not ticket.channel.done():
            ticket.channel.set_result(channel)
        try:
            await channel.read()
        finally:
            self._sockets.discard(socket)
        return socket
