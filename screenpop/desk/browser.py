"""One open page: frames go into a bounded outbox, one task writes them, nobody waits for anybody."""

import asyncio

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from domain.users import Role
from screenpop.server.sessions import SignedIn

log = structlog.get_logger()

SESSION_ENDED = 4401  # close code: log in again, do not just reconnect


class Browser:
    """A page's end of the live connection; hashable by identity."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, signed_in: SignedIn, frames: int
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._outbox: asyncio.Queue[bytes | int] = asyncio.Queue(frames)
        self.signed_in = signed_in

    @property
    def username(self) -> str:
        return self.signed_in.user.username

    @property
    def role(self) -> Role:
        return self.signed_in.user.role

    @property
    def language(self) -> str:
        return self.signed_in.user.language

    def send(self, frame: bytes) -> None:
        """Queue a text frame. A page too slow to empty its outbox is cut off: it comes back for the rest."""
        self._put(frame)

    def send_disposable(self, frame: bytes) -> None:
        """Queue a frame that a page can do without; a slow one does without it."""
        # Half the outbox stays free for what must arrive.
        if self._outbox.qsize() <= self._outbox.maxsize // 2:
            self._put(frame)

    def end(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Close politely after what is queued; the page may then go on by the close code."""
        self._put(code)

    async def write(self) -> None:
        """The one writer; ends with the connection."""
        while True:
            item = await self._outbox.get()
            try:
                if isinstance(item, int):
                    await self._socket.close(code=item)
                    return
                await self._socket.send_frame(item, WSMsgType.TEXT)
            except ConnectionError:
                return

    def _put(self, item: bytes | int) -> None:
        try:
            self._outbox.put_nowait(item)
        except asyncio.QueueFull:
            if not self._transport.is_closing():
                log.warning("slow_browser_dropped", username=self.username, frames=self._outbox.qsize())
                # Not `close`: its farewell would wait behind everything that the page does not take.
                self._transport.abort()
