"""A page's outbox: what it needs is queued, what it can do without is left out where it is slow."""

import asyncio
from typing import Any

from screenpop.desk.browser import Browser


class Socket:
    """Takes every frame."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def send_frame(self, frame: bytes, _kind: Any) -> None:
        self.frames.append(frame)

    async def close(self, code: int) -> None:
        pass


async def test_a_page_whose_outbox_is_half_full_does_without_disposable_frames() -> None:
    socket: Any = Socket()
    transport: Any = None
    signed_in: Any = None
    page = Browser(socket, transport, signed_in, frames=6)
    for number in range(3):
        page.send_disposable(b"word %d" % number)
        page.send(b"change %d" % number)
    page.end()
    await asyncio.wait_for(page.write(), 10)
    assert socket.frames == [b"word 0", b"change 0", b"word 1", b"change 1", b"change 2"]
