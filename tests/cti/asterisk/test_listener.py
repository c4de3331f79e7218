"""A door stays open though for a while no connection can be taken: staged with real descriptors used up."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from cti.asterisk.agi import AgiServer
from cti.asterisk.listener import Listener
from cti.asterisk.media import MediaServer

PROGRAM = """
import asyncio, os, resource, sys
from cti.asterisk.agi import AgiServer
from cti.asterisk.media import MediaServer

async def main():
    async def intake(agi):
        await agi.variable("${X}")

    door = AgiServer({"intake": intake}) if sys.argv[1] == "agi" else MediaServer()
    port = await door.start("127.0.0.1", 0)
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    print(f"port {port}", flush=True)
    held = []
    while command := (await commands.readline()).strip():
        if command == b"fill":
            try:
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                pass
        if command == b"free":
            while held:
                os.close(held.pop())
        print("state", door.state, flush=True)

asyncio.run(main())
"""

QUESTION = {
    "agi": b"agi_request: agi://x/intake\n\n",
    "media": b"GET /media?call=none HTTP/1.1\r\nHost: x\r\n\r\n",
}
ANSWER = {"agi": b"GET FULL VARIABLE", "media": b"HTTP/1.1 403 Forbidden"}


class Door:
    """The program, in a process of its own since its limit is the process's."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.log: list[str] = []

    async def said(self, word: str) -> str:
        """The rest of the next line that begins with the word; others are its log."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while line := (await self._process.stdout.readline()).decode():
                if line.startswith(word):
                    return line.removeprefix(word).strip()
                self.log.append(line)
        raise AssertionError(f"the door has ended: {self.log}")

    async def do(self, command: str) -> str:
        """Give the command; the door's state after it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        return await self.said("state")


@pytest.fixture
async def door(kind: str) -> AsyncIterator[Door]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, kind, stdin=pipe, stdout=pipe
    )
    yield Door(process)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def knock(port: int, kind: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(QUESTION[kind])
    return reader, writer


@pytest.mark.parametrize("kind", ["agi", "media"])
async def test_a_door_without_descriptors_answers_again_when_there_are_some(door: Door, kind: str) -> None:
    port = int(await door.said("port"))
    assert await door.do("fill") == "ok"
    waiting = await knock(port, kind)
    async with asyncio.timeout(20):
        while (state := await door.do("look")) == "ok":
            pass
    assert state == "cannot accept: Too many open files"
    await door.do("free")
    for reader, writer in (waiting, await knock(port, kind)):
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(ANSWER[kind])
        writer.close()
    assert await door.do("look") == "ok"
    assert len([line for line in door.log if f"{kind}_accept_failed" in line]) == 1


async def test_a_connection_that_cannot_be_taken_costs_itself_only() -> None:
    taken: asyncio.Queue[socket.socket] = asyncio.Queue()
    broken = [True]

    def take(connection: socket.socket) -> None:
        if broken.pop():
            raise RuntimeError("a bug")
        taken.put_nowait(connection)

    listener = Listener("agi", take)
    port = listener.start("127.0.0.1", 0)
    first, _ = await asyncio.open_connection("127.0.0.1", port)
    assert await asyncio.wait_for(first.read(), 20) == b""
    broken.append(False)
    _, second = await asyncio.open_connection("127.0.0.1", port)
    (await asyncio.wait_for(taken.get(), 20)).close()
    second.close()
    await listener.close()


@pytest.mark.parametrize("make", [lambda: AgiServer({}), MediaServer], ids=["agi", "media"])
async def test_a_door_says_whether_it_listens(make: type[MediaServer]) -> None:
    door = make()
    assert door.state == "does not listen"
    await door.start("127.0.0.1", 0)
    assert door.state == "ok"
    await door.close()
    assert door.state == "does not listen"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="the machine has no IPv6")
@pytest.mark.parametrize("make", [lambda: AgiServer({}), MediaServer], ids=["agi", "media"])
async def test_a_door_listens_on_an_ipv6_address(make: type[MediaServer]) -> None:
    door = make()
    port = await door.start("::1", 0)
    _, writer = await asyncio.open_connection("::1", port)
    writer.close()
    await door.close()
