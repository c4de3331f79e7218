"""The Asterisk process: started, watched and ended as one of our own children."""

import asyncio
import socket
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from types import TracebackType
from typing import Self

import structlog

from cti.asterisk.install.binary import AsteriskBinary
from cti.asterisk.install.configuration import reachable_host
from cti.asterisk.settings import AsteriskSecrets, AsteriskSettings
from cti.processes import end, port_taken, with_our_death

log = structlog.get_logger()

_BOOT_TIMEOUT_S = 20
_STOP_TIMEOUT_S = 5
_RELOAD_TIMEOUT_S = 10
_RETRY_S = 0.02  # it boots in half a second: a longer pause would be felt


class AsteriskFailed(Exception):
    """Asterisk did not start; the message has the reason or the last lines of its log."""


class AsteriskProcess:
    """One Asterisk on a configuration that `write_configuration` has made.

    `async with` starts and stops it. It lives in a process group of its own, so that Ctrl-C reaches it
    through `stop`, after the calls were told; it dies with us if we are killed.
    """

    def __init__(self, settings: AsteriskSettings, secrets: AsteriskSecrets, binary: AsteriskBinary) -> None:
        self._settings = settings
        self._secrets = secrets
        self._binary = binary
        self._run = settings.asterisk_run_folder
        self._process: Process | None = None

    @property
    def version(self) -> str:
        """As Asterisk names it, for example 22.10.1."""
        return self._binary.version

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when it takes calls and AMI logins. Raises AsteriskFailed, and leaves nothing running."""
        self._refuse_taken_ports()
        started = time.monotonic()
        self._begin_new_log()
        console = (self._run / "log/console").open("wb")
        with console:
            self._process = await asyncio.create_subprocess_exec(
                *with_our_death("KILL"), *self.command(), "-f", "-n",  # TERM is lost on one that boots
                stdin=DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(_BOOT_TIMEOUT_S):
                await self._booted(self._process)
        # Also where we are cancelled: nobody else knows of this process.
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError | EOFError):
                raise AsteriskFailed(f"Asterisk did not start.\n{self._last_words()}") from None
            raise
        log.info("asterisk_started", version=self.version, ms=round((time.monotonic() - started) * 1000))

    def command(self, *arguments: str) -> tuple[str, ...]:
        """The command line for this configuration; with `-rx COMMAND` it asks the running Asterisk."""
        return (*self._binary.argv, "-C", str(self._run / "etc/asterisk.conf"), *arguments)

    async def reload_routes(self) -> None:
        """Have it read its numbers and queues anew: calls and whoever waits stay. Raises AsteriskFailed."""
        await self._reload("dialplan reload", b"reloaded")
        await self._reload("queue reload parameters", b"")

    async def read_telephones(self) -> None:
        """Have it read its SIP configuration again; calls go on. Raises AsteriskFailed."""
        await self._reload("module reload res_pjsip.so", b"reloaded successfully")

    async def _reload(self, command: str, answer: bytes) -> None:
        """By its own console, as its owner: the manager's user needs no right to reload anything for this."""
        asking = await asyncio.create_subprocess_exec(
            *self.command("-rx", command), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
        try:
            async with asyncio.timeout(_RELOAD_TIMEOUT_S):
                said, _ = await asking.communicate()
        except TimeoutError:
            asking.kill()
            await asking.wait()
            raise AsteriskFailed("Asterisk does not answer at its console") from None
        if asking.returncode or answer not in said:
            raise AsteriskFailed(f"{command}: {said.decode(errors='replace').strip()[-200:]}")

    async def stop(self) -> None:
        """End it: calls get their BYE; killed where that takes too long. Allowed more than once."""
        process, self._process = self._process, None
        if process:
            await end(process, "asterisk", _STOP_TIMEOUT_S)

    async def wait(self) -> int:
        """Return its exit code when it has ended; -9 means killed."""
        if self._process is None:
            raise RuntimeError("Asterisk was not started")
        return await self._process.wait()

    async def _booted(self, process: Process) -> None:
        """Wait for FullyBooted on a manager login with our secret. Raises EOFError if it ends before."""
        while process.returncode is None:
            try:
                host, port = reachable_host(self._settings), self._settings.ami_port
                reader, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                writer.write(
                    f"Action: Login\r\nUsername: svarklar\r\nSecret: {self._secrets.ami}\r\n\r\n".encode()
                )
                await reader.readuntil(b"Event: FullyBooted")
            # It listens before it is able to log anybody in, and hangs up then.
            except (ConnectionError, asyncio.IncompleteReadError):
                continue
            finally:
                writer.close()
            # Asterisk boots without SIP where it cannot have the port, and says FullyBooted all the same.
            if port_taken(self._settings.host, self._settings.sip_port, socket.SOCK_DGRAM):
                return
            break
        raise EOFError

    def _refuse_taken_ports(self) -> None:
        settings = self._settings
        ports = {
            "ami_port": (settings.ami_port, socket.SOCK_STREAM),
            "asterisk_http_port": (settings.asterisk_http_port, socket.SOCK_STREAM),
            "sip_port": (settings.sip_port, socket.SOCK_DGRAM),
        }
        for name, (port, kind) in ports.items():
            if port_taken(settings.host, port, kind):
                raise AsteriskFailed(f"port {port} is in use: end what uses it, or set {name} to another")

    def _begin_new_log(self) -> None:
        """The log of the last run is kept: it may tell why that one ended."""
        messages = self._run / "log/messages"
        if messages.exists():
            messages.replace(messages.with_suffix(".previous"))

    def _last_words(self) -> str:
        """The last lines of its log and of what it printed."""
        files = (self._run / "log/messages", self._run / "log/console")
        text = "\n".join(file.read_text(errors="replace") for file in files if file.exists())
        return "\n".join(line for line in text.splitlines()[-12:] if line.strip())
