"""FastAGI: Asterisk asks us what to do with a channel. The only import of pyst2, repaired.

pyst2 reads and writes AGI, and waits for nothing: here whole greetings and whole answers are gathered from
the connection, and it is given them. So a waiting channel costs no thread (decision 9). pyst2 0.5.1
as it comes installs a signal handler (so works on the main thread alone), quotes nothing, takes a HANGUP line
for an answer and reads for ever after a 520: `_Agi` and `_Connection` mend those four.
"""

import asyncio
import io
import re
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import structlog
from asterisk.agi import AGI, AGIAppError, AGIError, AGIHangup, AGIResultHangup, AGIUsageError

from cti.asterisk.listener import Listener

log = structlog.get_logger()

_COMMAND_S = 10.0  # variables come within milliseconds: a channel silent for so long is gone or hangs
_LINE_BYTES = 65_536  # longer ones are refused by the reader, not gathered in memory
_MOST_LINES = 200  # of a greeting, or of what Asterisk says about a command that it does not know
_ANSWER = re.compile(r"\d{3}[ -]")


class Hangup(Exception):
    """The channel is gone: nothing more can be asked of it."""


class _Nowhere(io.TextIOBase):
    """pyst2 traces every line to its stderr."""

    def write(self, text: str) -> int:
        return len(text)


class _Agi(AGI):  # type: ignore[misc]  # pyst2 is untyped
    """What pyst2 knows of AGI: the greeting, how a command is written, what an answer means."""

    def __init__(self, greeting: str) -> None:
        # Not pyst2's own: it would install a signal handler.
        self.stdin = io.StringIO(greeting, newline="\n")
        self.stderr = _Nowhere()
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()

    def _quote(self, string: object) -> str:
        text = str(string)
        if "\n" in text or "\r" in text or "\0" in text:
            raise ValueError("a line break in an AGI argument")
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def command(self, command: str, *arguments: object) -> str:
        """The command as a line, its arguments quoted. Raises ValueError for what would be two lines."""
        self.stdout = io.StringIO(newline="\n")
        self.send_command(command, *map(self._quote, arguments))
        return self.stdout.getvalue()

    def answer_to(self, line: str) -> tuple[str, str]:
        """(value, data) of an answer's one line. Raises AGIHangup, AGIError."""
        # After a hang-up: first -1, then a HANGUP line, then 511 to every command.
        if line.startswith("511"):
            raise AGIHangup("command on a dead channel")
        if not _ANSWER.match(line):
            raise AGIError(f"not an answer: {line[:80]!r}")
        self.stdin = io.StringIO(line, newline="\n")
        try:
            return self.get_result()["result"]  # type: ignore[no-any-return]
        except AGIResultHangup:
            return "1", "hangup"  # a variable may have this value; no command of ours answers so otherwise
        except AGIAppError:
            return "-1", ""  # the application failed or the channel is gone: the next answer tells which


class _Connection:
    """Asterisk's lines, one conversation: whole greetings and whole answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def greeting(self) -> str:
        """All its lines, with the empty one that ends it. Raises AGIHangup, AGIError."""
        lines = []
        for _ in range(_MOST_LINES):
            line = await self._line()
            lines.append(line + "\n")
            if not line:
                return "".join(lines)
        raise AGIError("greeting does not end")

    async def ask(self, command: str) -> str:
        """Send the command's line; the line that answers it. Raises AGIHangup, AGIError."""
        self._writer.write(command.encode())
        await self._writer.drain()
        while (line := await self._line()) == "HANGUP":
            pass  # an announcement, not an answer
        if line.startswith("520"):
            if line.startswith("520-"):
                await self._pass_over_usage()
            raise AGIUsageError(line[:200])
        return line

    async def _pass_over_usage(self) -> None:
        for _ in range(_MOST_LINES):
            if (await self._line()).startswith("520 "):
                return
        raise AGIError("usage does not end")

    async def _line(self) -> str:
        try:
            line = await self._reader.readline()
        except ValueError as error:
            raise AGIHangup("a line without end") from error
        if not line.endswith(b"\n"):
            raise AGIHangup("connection closed")
        return line.decode(errors="replace").rstrip("\r\n")


class AgiChannel:
    """One channel that Asterisk has handed to us, for as long as the handler runs."""

    def __init__(self, agi: _Agi, connection: _Connection) -> None:
        self._agi, self._connection = agi, connection

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
        # No deadline: Dial lasts as long as the dialogue.
        value, _ = await self._ask(None, "EXEC", application, arguments)
        return value

    async def _ask(self, timeout_s: float | None, command: str, *arguments: object) -> tuple[str, str]:
        try:
            # A timeout ends the handler: an answer that came later would be taken for the next command's.
            async with asyncio.timeout(timeout_s):
                answer = await self._connection.ask(self._agi.command(command, *arguments))
            return self._agi.answer_to(answer)
        except (AGIHangup, ConnectionError) as error:
            raise Hangup(str(error)) from error


Handler = Callable[[AgiChannel], Awaitable[None]]


class AgiServer:
    """Listens for Asterisk and runs the handler named by the script's path.

    Every script has its own limit: a full house of callers must not keep an agent's phone from its screen.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], most_channels: int = 400, greeting_s: float = 5.0
    ) -> None:
        """`most_channels` of each script, and of those that have not greeted yet.

        `greeting_s`: Asterisk greets at once; whoever does not is not Asterisk.
        """
        self._handlers = handlers
        self._greeting_s = greeting_s
        self._most = most_channels
        self._channels: Counter[str] = Counter()  # by script; "" has not greeted yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener = Listener("agi", self._take)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use, which port 0 leaves to the system. Raises OSError."""
        return self._listener.start(host, port)

    async def close(self) -> None:
        """Stop listening and drop every channel; their callers go on to the queue."""
        await self._listener.close()
        for writer in self._writers:
            writer.close()  # whoever waits for an answer is told that the channel is gone
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, for the health page."""
        full = [script for script, count in self._channels.items() if count >= self._most]
        if self._listener.state != "ok" or not full:
            return self._listener.state
        return f"full: {', '.join(script or 'not greeted yet' for script in full)}"

    def _take(self, connection: socket.socket) -> None:
        if self._is_full(""):
            connection.close()
            return
        task = asyncio.create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_full(self, script: str) -> bool:
        """Whether no more are let in; logged, for an offer refused is a phone that rings unannounced."""
        if self._channels[script] < self._most:
            return False
        log.warning("agi_refused", script=script, channels=self._channels[script])
        return True

    async def _serve(self, connection: socket.socket) -> None:
        try:
            with self._counted(""):
                reader, writer = await asyncio.open_connection(sock=connection, limit=_LINE_BYTES)
        except OSError as error:
            log.warning("agi_connection_lost", error=str(error))
            connection.close()
            return
        self._writers.add(writer)
        script = ""
        try:
            with self._counted(""):
                channel = await self._greeted(_Connection(reader, writer))
            script = urlsplit(channel.environment.get("agi_request", "")).path.strip("/")
            await self._run(script, channel)
        except (Hangup, AGIHangup, ConnectionError):
            log.info("agi_hangup", script=script)
        except TimeoutError:
            log.warning("agi_stalled", script=script)
        except Exception:
            log.exception("agi_failed", script=script)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _greeted(self, connection: _Connection) -> AgiChannel:
        async with asyncio.timeout(self._greeting_s):
            return AgiChannel(_Agi(await connection.greeting()), connection)

    async def _run(self, script: str, channel: AgiChannel) -> None:
        handler = self._handlers.get(script)
        if handler is None:
            log.warning("agi_unknown_script", script=script[:80])
        elif not self._is_full(script):
            with self._counted(script):
                await handler(channel)

    @contextmanager
    def _counted(self, script: str) -> Iterator[None]:
        self._channels[script] += 1
        try:
            yield
        finally:
            self._channels[script] -= 1
