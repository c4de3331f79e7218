"""A process of its own on the bus, for tests that kill it: `publish` and `follow`, see the functions."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from cti.bus import Position
from cti.bus.follow import follow
from cti.bus.redis_streams import RedisBus
from domain.dialogue import PartialHeard
from domain.event import Event
from domain.streams import CALLS
from tests.bus_events import state


async def publish(url: str, who: str, count: str) -> None:
    """State so many numbered things."""
    bus = RedisBus(url)
    await state(bus, *(f"{who} {number}" for number in range(int(count))))
    await bus.close()


async def run_follower(url: str, folder: str, dies_at: str = "") -> None:
    """Note what is heard, then where that leaves us, and take up after it; may die between the two."""
    heard, kept = Path(folder, "heard"), Path(folder, "position")

    async def handle(event: Event, position: Position) -> None:
        assert isinstance(event, PartialHeard)
        _add_line(heard, event.text)
        if event.text == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        _keep(kept, position)

    await follow(RedisBus(url), CALLS, handle, after=_kept(kept))


def _add_line(file: Path, line: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{line}\n")


def _keep(file: Path, position: Position) -> None:
    """Whole or not at all."""
    new = file.with_suffix(".new")
    new.write_text(position)
    new.replace(file)


def _kept(file: Path) -> Position:
    return file.read_text() if file.exists() else ""


if __name__ == "__main__":
    asyncio.run({"publish": publish, "follow": run_follower}[sys.argv[1]](*sys.argv[2:]))
