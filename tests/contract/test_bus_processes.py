"""Processes that share a stream on Redis, and one that is killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cti.bus.redis_streams import RedisBus
from domain.streams import CALLS
from tests.bus_events import state, texts, until

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own; in the end it is killed."""
    command = [sys.executable, "-m", "tests.contract.bus_process", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def bus(redis_server):
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


async def test_a_follower_that_is_killed_at_any_time_takes_up_where_it_was(bus, redis_server, tmp_path):
    kills, count = 3, 4000
    stating = asyncio.create_task(state(bus, *map(str, range(count))))
    for kill in range(1, kills + 1):
        with running("follow", redis_server.url, str(tmp_path)):
            await until(lambda part=kill: len(_heard(tmp_path)) > part * 100)
    await stating
    with running("follow", redis_server.url, str(tmp_path)):
        await until(lambda: _heard(tmp_path)[-1:] == [str(count - 1)])
    heard = _heard(tmp_path)
    assert list(dict.fromkeys(heard)) == [str(number) for number in range(count)], "none is lost, in order"
    assert len(heard) - count <= kills, "only what a kill finds in hand is heard twice"


async def test_what_a_follower_had_in_hand_when_it_was_killed_comes_again(bus, redis_server, tmp_path):
    await state(bus, *map(str, range(6)))
    with running("follow", redis_server.url, str(tmp_path), "3") as dying:
        await until(lambda: dying.poll() is not None)
    assert _heard(tmp_path) == ["0", "1", "2", "3"]
    with running("follow", redis_server.url, str(tmp_path)):
        await until(lambda: len(_heard(tmp_path)) == 7)
    assert _heard(tmp_path)[4:] == ["3", "4", "5"]


async def test_two_processes_that_publish_keep_one_order_for_all_readers(bus, redis_server):
    readers = [await bus.subscribe(CALLS) for _ in range(3)]
    with running("publish", redis_server.url, "a", "300"), running("publish", redis_server.url, "b", "300"):
        async with asyncio.timeout(30):
            first, *others = await asyncio.gather(*(texts(reader, 600) for reader in readers))
    assert others == [first, first]
    for who in "ab":
        assert [text for text in first if text[0] == who] == [f"{who} {number}" for number in range(300)]


def _heard(folder: Path) -> list[str]:
    """Whole lines only: another process writes them."""
    file = folder / "heard"
    return file.read_text().split("\n")[:-1] if file.exists() else []
