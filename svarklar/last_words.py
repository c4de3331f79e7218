"""What a child says on its stderr: held back while it starts, since its last line tells why it failed."""

import asyncio
import sys

_CHUNK = 1 << 16
_MOST = 1 << 20
_LAST_S = 1.0


class LastWords:
    """Reads a child's stderr from the first byte on, so that the child never waits for a reader."""

    def __init__(self, stderr: asyncio.StreamReader) -> None:
        self._stderr = stderr
        self._held: bytes | None = b""
        self._reading = asyncio.create_task(self._read())

    def pass_on(self) -> None:
        """It has started: from now on our stderr is its stderr."""
        held, self._held = self._held, None
        _say(held or b"")

    async def last_line(self) -> str:
        """It has ended: its last line; what it said before goes to our stderr."""
        await asyncio.wait((self._reading,), timeout=_LAST_S)  # a grandchild may hold the other end for ever
        self._reading.cancel()
        before, _, last = (self._held or b"").rstrip().rpartition(b"\n")
        _say(before + b"\n" if before else b"")
        return last.decode(errors="replace").strip()

    async def _read(self) -> None:
        while said := await self._stderr.read(_CHUNK):
            if self._held is None:
                _say(said)
            else:
                # The end of it: the last line is what counts.
                self._held = (self._held + said)[-_MOST:]


def _say(said: bytes) -> None:
    sys.stderr.buffer.write(said)
    sys.stderr.flush()
