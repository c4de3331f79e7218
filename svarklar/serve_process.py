"""The `svarklar serve` process as `svarklar up` starts it, looks after it and ends it."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp

from cti.processes import end, port_taken, with_our_death
from svarklar.last_words import LastWords
from svarklar.settings import Settings
from svarklar.var_lock import VarLock

_LOOK_S, _LOOK_TIMEOUT_S, _MOST_MISSES = 1.0, 2.0, 3
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0


class StartFailed(Exception):
    """A part did not start; the message says which and why."""


def refuse_taken_ports(settings: Settings) -> None:
    """Raises StartFailed: another server at our address would be taken for ours."""
    for name in ("web_port", "agi_port", "media_port"):
        port = getattr(settings, name)
        if port_taken(settings.host, port, socket.SOCK_STREAM):
            raise StartFailed(f"port {port} is in use: end what uses it, or set {name} to another")


class ServeProcess:
    """The `svarklar serve` process."""

    def __init__(self, settings: Settings, lock: VarLock) -> None:
        self._settings = settings
        self._lock = lock
        self._url = f"{settings.web_url}/healthz"
        self._process: Process | None = None

    async def start(self) -> None:
        """Return when it answers. Raises StartFailed, with what it said itself where it has ended."""
        refuse_taken_ports(self._settings)
        # A process group of its own: Ctrl-C reaches it through `stop`, after the watching has ended.
        process = self._process = await asyncio.create_subprocess_exec(
            *with_our_death(),
            sys.executable,
            "-m",
            "svarklar",
            "serve",
            env=os.environ | self._settings.environment() | self._lock.for_child(),
            # The var folder stays locked by it, should we be killed.
            pass_fds=[self._lock.descriptor],
            # Only until it answers: its last line says why it did not start.
            stderr=PIPE,
            start_new_session=True,
        )
        assert process.stderr
        words = LastWords(process.stderr)
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while not await self.healthy():
                    if process.returncode is not None:
                        last = await words.last_line() or f"ended with code {process.returncode}"
                        raise StartFailed(f"svarklar serve: {last}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            words.pass_on()
            await self.stop()
            raise StartFailed(f"svarklar serve does not answer at {self._url}") from None
        words.pass_on()

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
                # 503 is a server without a database: a restart would end its callers' dialogues for nothing.
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
            # In a row: one slow answer is no reason to end every dialogue.
            misses = 0 if await self.healthy() else misses + 1
        return "hangs"
