"""Prompts on a real WebSocket whose other end does not read, so that every send really waits."""

import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from cti.asterisk.channel import HungUp, Played
from cti.asterisk.media import MediaChannel

RATE_HZ = 8000
FIRST, SECOND = b"\1", b"\2"


class Asterisk:
    """The other end, with as little room for what it has not read as the system allows."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def dial(cls, port: int) -> "Asterisk":
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=1024)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /media HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def message(self) -> str | bytes:
        """The next command's name, or sound."""
        kind, size = await self._reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack(">H", await self._reader.readexactly(2))
        body = await self._reader.readexactly(size)
        return body if kind & 15 == 2 else str(json.loads(body)["command"])

    async def messages(self, until: str, times: int = 1) -> list[str | bytes]:
        """All up to and with `until`, which comes so many times."""
        seen: list[str | bytes] = []
        async with asyncio.timeout(20):
            while seen.count(until) < times:
                seen.append(await self.message())
        return seen


class Stage:
    """A media connection, both ends at hand."""

    def __init__(self, channel: MediaChannel, transport: asyncio.Transport, asterisk: Asterisk) -> None:
        self.channel, self.asterisk, self._transport = channel, asterisk, transport

    async def until_sending_waits(self) -> None:
        async with asyncio.timeout(20):
            while not self._transport.get_write_buffer_size():  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    opened: asyncio.Future[tuple[MediaChannel, asyncio.Transport]] = asyncio.Future()

    async def media(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        transport.set_write_buffer_limits(0)
        answer = web.WebSocketResponse(compress=False, timeout=0.1, writer_limit=0)
        await answer.prepare(request)
        channel = MediaChannel(answer, transport, RATE_HZ)
        opened.set_result((channel, transport))
        await channel.run()
        return answer

    app = web.Application()
    app.router.add_get("/media", media)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asterisk = await Asterisk.dial(runner.addresses[0][1])
    yield Stage(*await opened, asterisk)
    asterisk.writer.transport.abort()
    await runner.cleanup()


def prompt(sound: bytes, seconds: int) -> bytes:
    return sound * (seconds * RATE_HZ * 2)


async def test_two_who_speak_at_once_are_heard_one_after_the_other(stage: Stage) -> None:
    both = [
        asyncio.create_task(stage.channel.play(prompt(sound, 4), sound.hex())) for sound in (FIRST, SECOND)
    ]
    await stage.until_sending_waits()
    heard = await stage.asterisk.messages("MARK_MEDIA", times=2)
    await asyncio.gather(*both)
    commands = [message for message in heard if isinstance(message, str)]
    assert commands == ["START_MEDIA_BUFFERING", "STOP_MEDIA_BUFFERING", "MARK_MEDIA"] * 2
    sound = b"".join(message for message in heard if isinstance(message, bytes))
    assert sound == prompt(FIRST, 4) + prompt(SECOND, 4)


async def test_after_a_flush_nothing_of_the_old_prompt_comes_and_the_next_is_whole(stage: Stage) -> None:
    first = asyncio.create_task(stage.channel.play(prompt(FIRST, 20), "first"))
    await stage.until_sending_waits()
    flushing = asyncio.create_task(stage.channel.flush())
    await asyncio.sleep(0)
    second = asyncio.create_task(stage.channel.play(prompt(SECOND, 1), "second"))
    before = await stage.asterisk.messages("FLUSH_MEDIA")
    assert len(b"".join(message for message in before if isinstance(message, bytes))) < 4 * RATE_HZ * 2
    assert [message for message in before if isinstance(message, str)] == [
        "START_MEDIA_BUFFERING",
        "STOP_MEDIA_BUFFERING",
        "FLUSH_MEDIA",
    ]
    after = await stage.asterisk.messages("MARK_MEDIA")
    assert [message for message in after if isinstance(message, str)] == [
        "START_MEDIA_BUFFERING",
        "STOP_MEDIA_BUFFERING",
        "MARK_MEDIA",
    ]
    assert b"".join(message for message in after if isinstance(message, bytes)) == prompt(SECOND, 1)
    await asyncio.gather(first, flushing, second)
    assert await anext(stage.channel.events()) == Played("first")


async def test_who_speaks_never_waits_for_an_asterisk_that_does_not_read(stage: Stage) -> None:
    await stage.channel.play(prompt(FIRST, 20), "first")
    await stage.until_sending_waits()
    await stage.channel.play(prompt(SECOND, 20), "second")
    await stage.channel.flush()
    events = stage.channel.events()
    assert [await anext(events), await anext(events)] == [Played("first"), Played("second")]


async def test_letting_go_of_an_asterisk_that_does_not_read_does_not_wait_for_it(stage: Stage) -> None:
    await stage.channel.play(prompt(FIRST, 20), "first")
    await stage.until_sending_waits()
    async with asyncio.timeout(20):
        await stage.channel.close()
        assert [event async for event in stage.channel.events()] == [HungUp()]
