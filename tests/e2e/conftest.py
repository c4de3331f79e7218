"""A whole Svarklar of its own for each test file: `svarklar up` on free ports, ended by its process id."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from whole_house import House

from cti.secrets import load_secrets
from cti.settings import Settings
from phone.agent import Agent


def _free(count: int) -> list[int]:
    ports: list[int] = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(10_000, 20_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            ports.append(port)
    return ports


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    names = ("web_port", "agi_port", "media_port", "ami_port", "asterisk_http_port", "sip_port")
    folder = tmp_path_factory.mktemp("house")
    rtp_start = random.SystemRandom().randrange(20_000, 32_000, 100)
    settings = Settings(
        var=folder / "var", rtp_start=rtp_start, rtp_end=rtp_start + 99, fetch_model=False, wrapup_s=0,
        **dict(zip(names, _free(len(names)), strict=True)),
    )  # type: ignore[arg-type]  # fmt: skip
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cti", "up", "--no-demo"],
            env=os.environ | settings.environment(), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{settings.web_port}/healthz", process, log)
        yield House(settings, load_secrets(settings, ()), process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    pytest.fail(f"svarklar up does not answer:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture
async def agent(house: House) -> AsyncIterator[Agent]:
    """Bo at a desk phone, his desk open, ready."""
    bo = house.agent("bo")
    try:
        await bo.log_in()
        await bo.be_ready()
        yield bo
    finally:
        await bo.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Awaitable[Any]]:
    """Wait for a condition; a timeout only bounds a failure."""

    async def wait(condition: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        async with asyncio.timeout(timeout_s):
            while True:
                value = condition()
                if value:
                    return value
                await asyncio.sleep(0.05)

    return wait
