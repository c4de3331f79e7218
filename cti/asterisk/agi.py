"""FastAGI: Asterisk asks us what to do with a channel. The only import of pyst2, repaired.

pyst2 0.5.1 as it comes installs a signal handler (so works on the main thread alone), quotes nothing,
takes a HANGUP line for a result and reads for ever after a 520: `_Agi` mends those four.
"""

import asyncio
import contextlib
import io
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import structlog
from asterisk.agi import AGI, AGIAppError, AGIError, AGIHangup

log = structlog.get_logger()

_COMMAND_S = 10.0
_LINE_BYTES = 65_536
_GREETING_LINES = 200
_RESULT = re.compile(r"^(\d{3})[ -](?:result=(-?\d+))?\s*(?:\((.*)\))?", re.DOTALL)


class Hangup(Exception):
    """The channel is gone: nothing more can be asked of it."""


class _Agi(AGI):  # type: ignore[misc]  # pyst2 is untyped
    """pyst2's AGI over a socket: no signal handler, quoting that holds, results that end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.stdin = connection.makefile("r", encoding="utf-8", errors="replace", newline="\n")
        self.stdout = connection.makefile("w", encoding="utf-8", newline="\n")
        self.stderr = io.StringIO()  # pyst2 traces there; emptied after every command
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()

    def _line(self) -> str:
        line = self.stdin.readline(_LINE_BYTES)
        if not line.endswith("\n"):
            raise AGIHangup("connection closed")
        return line.rstrip("\r\n")

    def _get_agi_env(self) -> None:
        for _ in range(_GREETING_LINES):
            line = self._line()
            if not line:
                return
            key, _, value = line.partition(":")
            self.env[key.strip()] = value.strip()
        raise AGIError("greeting does not end")

    def _quote(self, string: object) -> str:
        text = str(string)
        if "\n" in text or "\r" in text or "\0" in text:
            raise ValueError("a line break in an AGI argument")
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:
        """The answer to one command: {"result": (value, data)}. Raises AGIHangup, AGIError."""
        while (line := self._line()) == "HANGUP":
            pass  # an announcement, not an answer
        self.stderr.seek(0)
        self.stderr.truncate()
        match = _RESULT.match(line)
        if not match:
            raise AGIError(f"not a result: {line[:80]!r}")
        code, value, data = match.groups(default="")
        if code == "511":
            raise AGIHangup("command on a dead channel")
        if code != "200":
            while line.startswith("520-"):
                line = self._line()
            raise AGIError(line[:200])
        return {"result": (value, data)}

    def ask(self, timeout_s: float | None, command: str, *arguments: object) -> tuple[str, str]:
        """Run one command, its arguments quoted; (value, data). timeout_s None waits for ever."""
        self._connection.settimeout(timeout_s)
        return self.execute(command, *map(self._quote, arguments))["result"]  # type: ignore[no-any-return]


class AgiChannel:
    """One channel that Asterisk has handed to us, for as long as the handler runs."""

    def __init__(self, agi: _Agi, run: Callable[..., Awaitable[tuple[str, str]]]) -> None:
        self._agi = agi
        self._run = run

    @property
    def environment(self) -> Mapping[str, str]:
        """Asterisk's greeting: agi_channel, agi_callerid, agi_uniqueid, agi_arg_1 …"""
        return self._agi.env

    async def variable(self, expression: str) -> str:
        """The value of a dialplan expression such as `${CHANNEL(linkedid)}`; empty where unset."""
        _, value = await self._ask(_COMMAND_S, "GET FULL VARIABLE", expression)
        return value

    async def set_variable(self, name: str, value: object) -> None:
        """Set a channel variable for the dialplan."""
        await self._ask(_COMMAND_S, "SET VARIABLE", name, value)

    async def execute(self, application: str, arguments: str) -> str:
        """Run a dialplan application to its end, however long that takes; its result code."""
        value, _ = await self._ask(None, "EXEC", application, arguments)
        return value

    async def _ask(self, timeout_s: float | None, command: str, *arguments: object) -> tuple[str, str]:
        try:
            return await self._run(self._agi.ask, timeout_s, command, *arguments)
        except (AGIHangup, AGIAppError, ConnectionError) as error:
            raise Hangup(str(error)) from error


Handler = Callable[[AgiChannel], Awaitable[None]]


class AgiServer:
    """Listens for Asterisk and runs the handler named by the script's path, one thread a channel.

    Threads, because pyst2 blocks; they do nothing but wait for the socket.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], most_channels: int = 400, greeting_s: float = 5.0
    ) -> None:
        """`greeting_s`: Asterisk greets at once; whoever does not is not Asterisk."""
        self._handlers = handlers
        self._greeting_s = greeting_s
        self._most = most_channels
        self._threads = ThreadPoolExecutor(most_channels, thread_name_prefix="agi")
        self._connections: set[asyncio.Task[None]] = set()
        self._sockets: set[socket.socket] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use, which port 0 leaves to the system. Raises OSError."""
        self._listener = socket.create_server((host, port), backlog=256)
        self._listener.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(self._listener))
        return int(self._listener.getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every channel; their callers go on to the queue."""
        if self._accepting:
            self._accepting.cancel()
        if self._listener:
            self._listener.close()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._threads.shutdown(wait=False)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            if len(self._connections) >= self._most:
                log.warning("agi_refused", channels=len(self._connections))
                connection.close()
                continue
            task = asyncio.create_task(self._serve(connection))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()

        async def run(function: Callable[..., tuple[str, str]], *arguments: object) -> tuple[str, str]:
            return await loop.run_in_executor(self._threads, function, *arguments)

        self._sockets.add(connection)
        script = ""
        try:
            connection.settimeout(self._greeting_s)
            agi = await loop.run_in_executor(self._threads, _Agi, connection)
            script = urlsplit(agi.env.get("agi_request", "")).path.strip("/")
            handler = self._handlers.get(script)
            if handler is None:
                log.warning("agi_unknown_script", script=script[:80])
            else:
                await handler(AgiChannel(agi, run))
        except (Hangup, AGIHangup, ConnectionError):
            log.info("agi_hangup", script=script)
        except TimeoutError:
            log.warning("agi_stalled", script=script)
        except Exception:
            log.exception("agi_failed", script=script)
        finally:
            self._sockets.discard(connection)
            connection.close()
