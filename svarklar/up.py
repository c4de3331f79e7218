"""`svarklar up`: Asterisk and `svarklar serve` together, watched, and ended together.

`serve` is a process of its own, so that a crash or a hang of it never takes Asterisk and its callers along:
it is started again, and meanwhile the dialplan sends every caller straight to the queue.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import aiohttp
import structlog

from cti.asterisk.install.binary import find_asterisk
from cti.asterisk.install.configuration import write_configuration
from cti.asterisk.process import AsteriskFailed, AsteriskProcess
from cti.processes import end, go_first, port_taken, with_our_death
from svarklar.secrets import Secrets
from svarklar.settings import Settings

log = structlog.get_logger()

_LOOK_S, _LOOK_TIMEOUT_S, _MOST_MISSES = 1.0, 2.0, 3
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_RESTART_PAUSE_S = 1.0


class StartFailed(Exception):
    """A part did not start; the message says which and why."""


class ServeProcess:
    """The `svarklar serve` process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._environment = os.environ | settings.environment()
        self._url = f"http://{settings.host}:{settings.web_port}/healthz"
        self._process: Process | None = None

    async def start(self) -> None:
        """Return when it answers. Raises StartFailed."""
        self._refuse_taken_ports()
        # A process group of its own: Ctrl-C reaches it through `stop`, after the watching has ended.
        self._process = await asyncio.create_subprocess_exec(
            *with_our_death(),
            sys.executable,
            "-m",
            "svarklar",
            "serve",
            env=self._environment,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while not await self.healthy():
                    if self._process.returncode is not None:
                        raise StartFailed(f"svarklar serve ended with code {self._process.returncode}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            await self.stop()
            raise StartFailed(f"svarklar serve does not answer at {self._url}") from None

    def _refuse_taken_ports(self) -> None:
        """Another server at our address would be taken for ours."""
        for name in ("web_port", "agi_port", "media_port"):
            port = getattr(self._settings, name)
            if port_taken(self._settings.host, port, socket.SOCK_STREAM):
                raise StartFailed(f"port {port} is in use: end what uses it, or set {name} to another")

    async def stop(self, patience_s: float = _STOP_TIMEOUT_S) -> None:
        """End it, by force if it does not listen."""
        process, self._process = self._process, None
        if process:
            await end(process, "serve", patience_s)

    async def healthy(self) -> bool:
        """Whether it answers; what it says of its parts is not for us to mend."""
        timeout = aiohttp.ClientTimeout(total=_LOOK_TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self._url) as response:
                return response.status in (200, 503)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def failed(self) -> str:
        """Return why, when it has ended or hangs."""
        misses = 0
        while misses < _MOST_MISSES:
            await asyncio.sleep(_LOOK_S)
            if self._process is None or self._process.returncode is not None:
                return "ended"
            misses = 0 if await self.healthy() else misses + 1
        return "hangs"


@contextlib.asynccontextmanager
async def running(settings: Settings, secrets: Secrets, agents: Sequence[str]) -> AsyncIterator[None]:
    """Asterisk and `serve`, kept alive until the block ends. Raises StartFailed, AsteriskFailed."""
    go_first()
    binary = await asyncio.to_thread(find_asterisk, settings)
    write_configuration(settings, secrets, agents, binary)
    asterisk, serve = AsteriskProcess(settings, secrets, binary), ServeProcess(settings)
    watching: list[asyncio.Task[None]] = []
    try:
        # Side by side: each waits for the other by itself.
        await asyncio.gather(asterisk.start(), serve.start())
        watching = [
            asyncio.create_task(_supervise_serve(serve)),
            asyncio.create_task(_supervise_asterisk(asterisk)),
        ]
        yield
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await serve.stop()
        await asterisk.stop()


async def _supervise_serve(serve: ServeProcess) -> None:
    while True:
        reason = await serve.failed()
        log.error("serve_restarted", reason=reason)
        await serve.stop(patience_s=0)  # it does not listen, and its callers wait for it
        await _again(serve.start)


async def _again(start: Callable[[], Awaitable[None]]) -> None:
    """Start until it has started: giving up would leave callers without a desk."""
    while True:
        await asyncio.sleep(_RESTART_PAUSE_S)
        try:
            return await start()
        except (StartFailed, AsteriskFailed) as error:
            log.error("start_failed", reason=str(error))


async def _supervise_asterisk(asterisk: AsteriskProcess) -> None:
    while True:
        code = await asterisk.wait()
        log.error("asterisk_restarted", code=code)
        await _again(asterisk.start)


async def until_told_to_stop() -> None:
    """Return at Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
