"""The disk is full in the middle of a call: the caller reaches the queue, and no understood word is lost."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from callers import brief_prompts, on_the_line
from desk_view import DeskView
from hurry import say_now
from installation import Installation, running_installation
from people import cases_of, new_contact, stored_call

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk"),
]

Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def system(small_disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    beeps = brief_prompts(tmp_path_factory.mktemp("beeps") / "beeps")
    with running_installation(small_disk, own_prompts=beeps) as system:
        yield system


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """No byte can be written while the block runs."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


async def _parts(system: Installation) -> dict[str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{system.web}/healthz") as answer:
        parts: dict[str, str] = (await answer.json())["parts"]
        return parts


async def test_what_a_caller_says_meanwhile_becomes_their_case_when_there_is_room_again(
    small_disk: Path, system: Installation, desk: DeskView, eventually: Eventually
) -> None:
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        with full(small_disk):
            await say_now(system, caller)
            call = await desk.reaches(caller.call.call_id, "queued")
            parts = await _parts(system)
            assert cases_of(system, call["call_id"]) == []
            assert "wait" in parts["facts"]
            assert "wait" in parts["cases"]
        await desk.reaches(caller.call.call_id, "registered")
    (case,) = cases_of(system, call["call_id"])
    assert "printer" in case.statement
    await eventually(lambda: stored_call(system, call["call_id"]).outcome == "abandoned_queue")
    assert {(await _parts(system))[part] for part in ("facts", "calls", "cases")} == {"ok"}
