"""One speech process that talks nonsense is ended, and whoever owns it is told."""

import asyncio
import socket
import subprocess
from pathlib import Path

import pytest

from ivr.speech import Failed, Heard, SpeechStopped, Thresholds
from ivr.speech.models.folder import Model
from ivr.speech.pool.decoder import STALL_S, START_S, Decoder
from ivr.speech.pool.framing import VERSION, Kind, Unpacker, pack, pack_result, unpack_result
from ivr.speech.pool.supervisor import WATCH_S
from ivr.speech.pool.worker import Worker

MODEL = Model(Path("model"), "vosk", False, ("en",), Thresholds(0.9, 0.6), False, False, 0)


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
    stream = decoder.open(MODEL, "en", 8000, None)
    theirs.sendall(nonsense)
    try:
        assert (await asyncio.wait_for(owner.lost, 20)).startswith("unreadable")
        assert [type(result) async for result in stream] == [Failed]
        assert await asyncio.to_thread(process.wait, 20) < 0
    finally:
        process.kill()
        theirs.close()


async def test_a_process_of_another_version_is_refused_with_a_clear_word() -> None:
    """A server that runs on while its files are replaced starts processes of the new ones."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = await asyncio.to_thread(subprocess.Popen, ["sleep", "60"])
    owner = Owner()
    decoder = Decoder(process, ours, owner)
    theirs.sendall(pack(Kind.HELLO, 0, {"version": VERSION}) + pack(Kind.HELLO, 0, {"version": VERSION + 1}))
    try:
        reason = await asyncio.wait_for(owner.lost, 20)
        assert reason == f"its messages are of version {VERSION + 1}, ours of {VERSION}: restart the server"
        await asyncio.to_thread(process.wait, 20)
    finally:
        decoder.kill("the test is over")
        theirs.close()


async def test_a_process_hears_no_stream_of_another_version() -> None:
    ours, theirs = socket.socketpair()
    running = asyncio.create_task(asyncio.to_thread(Worker(theirs, {}).run))
    wanted = {"version": VERSION - 1, "folder": "x", "rate_hz": 8000, "language": "en", "grammar": None}
    ours.sendall(pack(Kind.OPEN, 1, wanted))
    ours.shutdown(socket.SHUT_WR)
    await asyncio.wait_for(running, 20)
    hello, refusal = Unpacker().feed(ours.recv(10_000))
    assert (hello.kind, hello.fields()) == (Kind.HELLO, {"version": VERSION})
    refused = unpack_result(refusal)
    assert isinstance(refused, Failed)
    assert f"version {VERSION - 1}" in refused.reason
    ours.close()
    theirs.close()


async def test_words_that_are_overdue_end_the_process_though_it_answers() -> None:
    """An engine may take as long as it has said; one that takes longer hangs beside a process that lives."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = await asyncio.to_thread(subprocess.Popen, ["sleep", "60"])
    now_s, owner = [100.0], Owner()
    decoder = Decoder(process, ours, owner, lambda: now_s[0])
    stream = decoder.open(MODEL, "en", 8000, None)
    try:
        theirs.sendall(pack_result(1, SpeechStopped(1.0, words_within_s=4.0)))
        assert not decoder.stalled()
        for _ in range(4):
            now_s[0] += 1
            decoder.tick()
            theirs.sendall(pack(Kind.TICK))
            assert not decoder.stalled()
        now_s[0] += 0.6
        assert decoder.stalled()
        assert decoder.unheard == 1
        theirs.sendall(pack_result(1, Heard("late", 1.0)))
        assert not decoder.stalled()
        assert [type(result) async for result in stream] == [SpeechStopped, Heard]
    finally:
        decoder.kill("the test is over")
        await asyncio.to_thread(process.wait)
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
