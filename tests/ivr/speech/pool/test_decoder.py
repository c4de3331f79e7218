"""One speech process that talks nonsense is ended, and whoever owns it is told."""

import asyncio
import socket
import subprocess
from pathlib import Path

import pytest

from ivr.speech import Failed
from ivr.speech.pool.decoder import STALL_S, START_S, Decoder
from ivr.speech.pool.framing import Kind, pack
from ivr.speech.pool.supervisor import WATCH_S


class Owner:
    def __init__(self) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def loaded(self, decoder: Decoder, folder: Path, error: str) -> None:
        raise AssertionError("no model was asked for")

    def gone(self, decoder: Decoder, reason: str) -> None:
        self.lost.set_result(reason)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff" * 9,
        pack(Kind.RESULT, 1, b"no JSON"),
        pack(Kind.RESULT, 1, {"result": "Sung", "text": "la"}),
        pack(Kind.NOTE, 0, {}),
        pack(Kind.TICK),
    ],
)
async def test_a_process_that_cannot_be_understood_is_ended_and_its_streams_fail(nonsense: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = await asyncio.to_thread(subprocess.Popen, ["sleep", "60"])
    owner = Owner()
    decoder = Decoder(process, ours, owner)
    stream = decoder.open(Path("model"), 8000, None)
    theirs.sendall(nonsense)
    try:
        assert (await asyncio.wait_for(owner.lost, 20)).startswith("unreadable")
        assert [type(result) async for result in stream] == [Failed]
        assert await asyncio.to_thread(process.wait, 20) < 0
    finally:
        process.kill()
        theirs.close()


async def test_a_process_that_owes_an_answer_is_given_up_soon_enough_for_its_caller() -> None:
    """It is looked at every `WATCH_S`: its caller goes on by keys within two seconds. A start may be slow."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = await asyncio.to_thread(subprocess.Popen, ["sleep", "60"])
    now_s, owner = [100.0], Owner()
    decoder = Decoder(process, ours, owner, lambda: now_s[0])
    try:
        decoder.tick()
        assert await asyncio.to_thread(theirs.recv, 100) == pack(Kind.TICK)
        now_s[0] += START_S
        assert not decoder.stalled()
        theirs.sendall(pack(Kind.TICK))
        assert not decoder.stalled()
        decoder.tick()
        assert await asyncio.to_thread(theirs.recv, 100) == pack(Kind.TICK)
        now_s[0] += STALL_S
        assert not decoder.stalled()
        now_s[0] += 2 - WATCH_S - STALL_S
        assert decoder.stalled()
    finally:
        decoder.kill("the test is over")
        await asyncio.to_thread(process.wait)
        theirs.close()
