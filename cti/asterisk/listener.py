"""A door that Asterisk knocks at: it listens, and goes on listening whatever becomes of one connection.

`accept()` may fail without any fault of the listener: no descriptor is left (EMFILE, ENFILE), no memory
(ENOBUFS, ENOMEM), or the other side has gone again (ECONNABORTED). Meanwhile callers wait in the backlog.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()

_BACKLOG = 256
_PAUSE_S = 0.1  # after a failure: without it the loop would do nothing but fail

Take = Callable[[socket.socket], None]


class Listener:
    """One listening socket; every accepted connection is handed to `take`, which must not wait."""

    def __init__(self, name: str, take: Take) -> None:
        """`name` begins the lines in the log: agi, media."""
        self._name = name
        self._take = take
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._failure = ""

    def start(self, host: str, port: int) -> int:
        """Listen, on IPv4 or IPv6; the port in use, which port 0 leaves to the system. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(self._socket))
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        """Stop listening; what was accepted lives on."""
        if self._accepting:
            self._accepting.cancel()
            with suppress(asyncio.CancelledError):
                await self._accepting
        if self._socket:
            self._socket.close()

    @property
    def state(self) -> str:
        """`ok`, or why nobody gets in."""
        if self._accepting is None or self._accepting.done():
            return "does not listen"
        return f"cannot accept: {self._failure}" if self._failure else "ok"

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                self._failed(error)
                await asyncio.sleep(_PAUSE_S)
                continue
            if self._failure:
                log.info(f"{self._name}_accepts_again")
                self._failure = ""
            self._hand_over(connection)
            await asyncio.sleep(0)  # in a storm of connections the others have their turn too

    def _hand_over(self, connection: socket.socket) -> None:
        try:
            self._take(connection)
        except Exception:
            log.exception(f"{self._name}_connection_not_taken")  # it costs itself only
            connection.close()

    def _failed(self, error: OSError) -> None:
        """Said once for all failures in a row: there may be ten a second, for hours."""
        if not self._failure:
            log.error(f"{self._name}_accept_failed", error=str(error))
        self._failure = error.strerror or repr(error)
