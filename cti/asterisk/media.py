"""The WebSocket that Asterisk dials: a caller's sound and keys in, prompts out (chan_websocket)."""

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from aiohttp import WSMsgType, web

from cti.asterisk.channel import ChannelEvent, Frame, HungUp, Key, Played
from cti.asterisk.listener import Listener
from cti.asterisk.media_writer import MediaWriter

log = structlog.get_logger()

_MOST_EVENTS = 1_500  # a minute of frames nobody reads: the dialogue has stopped
_FRAME_S = 0.04  # two of Asterisk's at once: half the work for all who take them; joined nowhere else
_CLOSE_S = 1.0  # a connection that does not take our farewell by then is cut off
_MOST_CONNECTIONS = 1_000
_TICKET_S = 5.0  # Asterisk shows its ticket at once; whoever does not is not Asterisk


class MediaChannel:
    """`cti.asterisk.channel.Channel` over one of Asterisk's WebSockets."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport, rate_hz: int) -> None:
        self._socket = socket
        self._transport = transport
        self._rate_hz = rate_hz
        self._events: asyncio.Queue[ChannelEvent] = asyncio.Queue(_MOST_EVENTS)
        self._heard = b""  # not a whole frame yet
        self._writer = MediaWriter(socket, rate_hz)

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    async def events(self) -> AsyncIterator[ChannelEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, HungUp):
                return

    async def play(self, sound: bytes, mark: str) -> None:
        """Queue the sound; `Played(mark)` follows when the caller has heard it."""
        self._writer.add(sound, mark)

    async def flush(self) -> None:
        for mark in self._writer.flush():
            self._put(Played(mark))

    async def close(self) -> None:
        """Close the WebSocket: Dial returns and the caller goes on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._socket.close()
        if self._transport.get_write_buffer_size():
            self._transport.abort()  # it takes nothing any more, so never our farewell

    async def run(self) -> None:
        """Turn Asterisk's messages into events, and prompts into messages, until it hangs up."""
        writing = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    self._hear(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._control(message.data)
        finally:
            writing.cancel()
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

    def _control(self, text: str) -> None:
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
            mark = self._writer.heard(str(message.get("correlation_id")))
            if mark:
                self._put(Played(mark))

    async def _write(self) -> None:
        try:
            await self._writer.run()
        except ConnectionError as error:
            log.info("media_broken", error=repr(error))
        except Exception:
            log.exception("media_writer_failed")
        await self.close()  # a caller to whom we can say nothing more goes on to the queue

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

    def __init__(self, most_connections: int = _MOST_CONNECTIONS, ticket_s: float = _TICKET_S) -> None:
        """`ticket_s`: how long a connection may take to show its ticket."""
        self._tickets: dict[str, Ticket] = {}
        self._channels: set[MediaChannel] = set()
        self._strangers: set[asyncio.BaseTransport] = set()  # have not shown a ticket yet
        self._opening: set[asyncio.Task[None]] = set()
        self._most, self._ticket_s = most_connections, ticket_s
        self._runner: web.AppRunner | None = None
        self._listener = Listener("media", self._take)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use, which port 0 leaves to the system. Raises OSError."""
        app = web.Application()
        app.router.add_get("/media", self._connected)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        return self._listener.start(host, port)

    async def close(self) -> None:
        """Stop listening; every caller who is talking goes on to the queue."""
        await self._listener.close()
        await asyncio.gather(*(channel.close() for channel in self._channels))
        if self._runner:
            await self._runner.cleanup()

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, for the health page."""
        return self._listener.state

    def expect(self, rate_hz: int) -> Ticket:
        """A new ticket, its identifier random and good for one connection."""
        ticket = Ticket(secrets.token_urlsafe(16), rate_hz)
        self._tickets[ticket.identifier] = ticket
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """The call has gone on: the ticket is void, and whoever waits for its channel is told."""
        self._tickets.pop(ticket.identifier, None)
        ticket.channel.cancel()

    def _take(self, connection: socket.socket) -> None:
        connections = len(self._opening) + len(self._strangers) + len(self._channels)
        if connections >= self._most:
            log.warning("media_refused", reason="full", connections=connections)
            connection.close()
            return
        task = asyncio.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        """Hand the connection to the web server, which calls `_connected` when a whole request has come."""
        loop = asyncio.get_running_loop()
        assert self._runner is not None
        assert self._runner.server is not None
        try:
            transport, _ = await loop.connect_accepted_socket(self._runner.server, connection)
        except OSError as error:
            log.warning("media_connection_lost", error=str(error))
            connection.close()
            return
        self._strangers.add(transport)
        loop.call_later(self._ticket_s, self._drop_stranger, transport)

    def _drop_stranger(self, transport: asyncio.Transport) -> None:
        if transport in self._strangers:
            self._strangers.discard(transport)
            transport.abort()

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        # Taken out at once: a second connection with the same ticket is a stranger's.
        ticket = self._tickets.pop(request.query.get("call", ""), None)
        transport = request.transport
        if ticket is None or transport is None:
            log.warning("media_refused", reason="unknown or used id", peer=request.remote)
            raise web.HTTPForbidden
        self._strangers.discard(transport)
        answer = web.WebSocketResponse(
            # The subprotocol that chan_websocket asks for.
            protocols=("media",),
            autoping=True,
            timeout=_CLOSE_S,
            # Sound hardly shrinks, and compressing it would be work on the event loop.
            compress=False,
            writer_limit=0,  # a send waits as soon as Asterisk is behind: a flush overtakes what is not sent
        )
        await answer.prepare(request)
        channel = MediaChannel(answer, transport, ticket.rate_hz)
        self._channels.add(channel)
        # `forget` may have come while the handshake was answered.
        if not ticket.channel.done():
            ticket.channel.set_result(channel)
        try:
            await channel.run()
        finally:
            self._channels.discard(channel)
        return answer
