"""A manager port that plays what a real Asterisk has said (tests/transcripts), over real TCP.

Logins and pings are answered as Asterisk does; every other action is put into `actions` and answered
with `Success`, or with what `answers` has for its name.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


def transcript(name: str) -> bytes:
    """The bytes of a recorded session, from FullyBooted on."""
    return (TRANSCRIPTS / f"{name}.txt").read_bytes()


def packet(**fields: str) -> bytes:
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()


BOOTED = packet(Event="FullyBooted", Privilege="system,all", Status="Fully Booted")


@contextlib.contextmanager
def log_lines() -> Iterator[asyncio.Queue[Any]]:
    """Every log line as it is written, so that a test can wait for one."""
    lines: asyncio.Queue[Any] = asyncio.Queue()

    def take(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        lines.put_nowait(line)
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]
    before = processors.copy()
    processors[:] = [take]
    try:
        yield lines
    finally:
        processors[:] = before


class ReplayedAsterisk:
    """`async with ReplayedAsterisk() as asterisk:`; `login()` waits for the next one of a client."""

    secret = "secret"

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.actions: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.answers: dict[str, str] = {}
        self.silent_to: set[str] = set()
        self._sessions: asyncio.Queue[Session] = asyncio.Queue()
        self._open: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def __aenter__(self) -> "ReplayedAsterisk":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        serving = dict(self._open)
        for writer in serving.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, serving))
        await self._server.wait_closed()

    async def login(self) -> "Session":
        return await self._sessions.get()

    async def action(self, name: str) -> dict[str, str]:
        """The next action of this name; those before it are skipped."""
        while (action := await self.actions.get())["Action"] != name:
            pass
        return action

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[asyncio.current_task()] = writer
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.splitlines() if line)
                if action["Action"] in self.silent_to:
                    continue
                if action["Action"] == "Login":
                    if not self._admit(writer, action):
                        return
                    continue
                if action["Action"] != "Ping":
                    self.actions.put_nowait(action)
                self._answer(writer, action, self.answers.get(action["Action"], ""))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            del self._open[asyncio.current_task()]
            writer.close()

    def _admit(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> bool:
        good = action["Secret"] == self.secret
        self._answer(writer, action, "" if good else "Authentication failed")
        if good:
            self._sessions.put_nowait(Session(writer))
        return good

    def _answer(self, writer: asyncio.StreamWriter, action: dict[str, str], refusal: str) -> None:
        response, message = ("Error", refusal) if refusal else ("Success", "done")
        writer.write(packet(Response=response, ActionID=action["ActionID"], Message=message))


class Session:
    """One login of a client."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def say(self, data: bytes, chunk: int = 65536) -> None:
        """Send these bytes in packets of so many, each of which the client gets alone."""
        for start in range(0, len(data), chunk):
            self._writer.write(data[start : start + chunk])
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def cut(self) -> None:
        """The connection breaks."""
        self._writer.transport.abort()
