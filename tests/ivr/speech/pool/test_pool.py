"""The pool with real processes: they die, stall and come back; models appear; limits hold."""

import asyncio
import errno
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.speech import Failed, Heard, Overloaded, Result, Stream, Thresholds
from ivr.speech.pool.decoder import Decoder
from ivr.speech.pool.recogniser import ADMIT_LAG_S, Pool, start_recogniser
from svarklar.settings import Settings
from tests.speech_samples import frames, join, say, silence, trimmed

SENTENCE = "my laptop screen is black after the update"
BUNDLED = Path("ivr/speech/models/bundled/vosk-desk-en")

NewPool = Callable[..., "asyncio.Future[Pool]"]


@pytest.fixture
async def new_pool(new_settings: Callable[..., Settings]) -> AsyncIterator[Callable[..., object]]:
    pools = []

    async def make(**changes: object) -> Pool:
        pool = await start_recogniser(new_settings(**changes))
        pools.append(pool)
        assert await pool.ready("en", timeout_s=30)
        return pool

    yield make
    for pool in pools:
        await pool.close()


async def until(condition: Callable[[], object], timeout_s: float = 30) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # another process's state has no event
            await asyncio.sleep(0.02)


def loaded(pool: Pool) -> int:
    return sum(bool(decoder.models) for decoder in pool.decoders())


async def talk(stream: Stream) -> None:
    """A caller in real time, who never stops."""
    sound = frames(join(say(SENTENCE), say(SENTENCE)))
    while True:
        for frame in sound:
            stream.feed(frame)
            await asyncio.sleep(0.02)


async def all_of(stream: Stream) -> list[Result]:
    async with asyncio.timeout(30):
        return [result async for result in stream]


async def hears(pool: Pool) -> bool:
    stream = await pool.open("en", 8000)
    for frame in frames(join(silence(0.3), say(SENTENCE), silence(1.0))):
        stream.feed(frame)
    last = (await all_of(stream))[-1]
    return isinstance(last, Heard) and last.text == SENTENCE


async def fails(stream: Stream, harm: Callable[[], None]) -> bool:
    talking = asyncio.create_task(talk(stream))
    results = aiter(stream)
    await anext(results)
    harm()
    async with asyncio.timeout(30):
        rest = [result async for result in results]
    talking.cancel()
    return isinstance(rest[-1], Failed)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV])
async def test_a_lost_process_fails_its_stream_and_is_replaced(
    new_pool: NewPool, blow: signal.Signals
) -> None:
    pool = await new_pool(decoders=1)
    (before,) = pool.decoders()
    stream = await pool.open("en", 8000)
    assert await fails(stream, lambda: os.kill(before.pid, blow))
    assert await pool.ready("en", timeout_s=30)
    assert [decoder.pid for decoder in pool.decoders()] != [before.pid]
    assert await hears(pool)
    with pytest.raises(ProcessLookupError):
        os.kill(before.pid, 0)


async def test_a_process_that_lives_and_never_comes_back_from_decoding_is_found_in_time(
    new_settings: Callable[..., Settings],
) -> None:
    pool = await start_recogniser(new_settings(decoders=1), ["tests.fakes.hanging_engine"])
    try:
        assert await pool.ready("en", timeout_s=30)
        stream = await pool.open("en", 8000, ("yes",))
        results, loop = aiter(stream), asyncio.get_running_loop()
        for frame in frames(join(silence(0.3), say(SENTENCE))):
            stream.feed(frame)
        began_s = loop.time()
        async with asyncio.timeout(30):
            assert [type(result) async for result in results] == [Failed]
        assert loop.time() - began_s < 2.5  # two seconds, and what a busy machine of the tests takes
        assert await pool.ready("en", timeout_s=30)
        assert await hears(pool)
    finally:
        await pool.close()


async def test_the_other_processes_streams_go_on(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=2)
    await until(lambda: loaded(pool) == 2)
    streams = [await pool.open("en", 8000) for _ in range(2)]
    assert [decoder.streams for decoder in pool.decoders()] == [1, 1]
    os.kill(pool.decoders()[0].pid, signal.SIGKILL)
    for stream in streams:
        for frame in frames(join(silence(0.3), say(SENTENCE), silence(1.0))):
            stream.feed(frame)
    last = [(await all_of(stream))[-1] for stream in streams]
    assert sorted(type(result).__name__ for result in last) == ["Failed", "Heard"]


async def test_a_process_that_cannot_be_had_is_missed_aloud_and_had_later(
    new_pool: NewPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await new_pool(decoders=2)
    await until(lambda: loaded(pool) == 2)
    assert pool.state == "ok"

    def no_process(engines: object) -> None:
        raise OSError(errno.EAGAIN, "no process left")

    with monkeypatch.context() as patched, capture_logs() as said:
        patched.setattr("ivr.speech.pool.supervisor.spawn", no_process)
        os.kill(pool.decoders()[0].pid, signal.SIGKILL)
        await until(lambda: any(line["event"] == "speech_process_not_started" for line in said))
        assert pool.state == "1 of 2 speech processes: fewer callers can be heard"
    await until(lambda: loaded(pool) == 2)
    assert pool.state == "ok"


async def test_a_look_that_fails_is_not_the_last(new_pool: NewPool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = await new_pool(decoders=1)
    (before,) = pool.decoders()

    def broken(decoder: Decoder) -> bool:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched, capture_logs() as said:
        patched.setattr(Decoder, "stalled", broken)
        await until(lambda: any(line["event"] == "speech_watch_failed" for line in said))
    os.kill(before.pid, signal.SIGSTOP)
    await until(lambda: pool.decoders() and pool.decoders()[0].pid != before.pid)


async def test_a_stopped_process_is_replaced_before_a_caller_meets_it(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=1)
    before = pool.decoders()[0].pid
    os.kill(before, signal.SIGSTOP)
    await until(lambda: pool.decoders() and pool.decoders()[0].pid != before)
    assert await pool.ready("en", timeout_s=30)
    assert await hears(pool)


async def test_a_process_that_is_given_much_at_once_is_not_taken_for_dead(new_pool: NewPool) -> None:
    """A minute and a half of speech in one burst keeps it busy for longer than a dead one is waited for."""
    pool = await new_pool(decoders=1)
    (before,) = pool.decoders()
    streams = [await pool.open("en", 8000) for _ in range(8)]
    for frame in frames(join(*[trimmed(say(SENTENCE))] * 5)):
        for stream in streams:
            stream.feed(frame)
    for stream in streams:
        stream.finish()
    async with asyncio.timeout(120):
        last = [[result async for result in stream][-1] for stream in streams]
    assert all(isinstance(result, Heard) for result in last)
    assert [decoder.pid for decoder in pool.decoders()] == [before.pid]


async def test_a_stream_whose_sound_finds_no_room_fails_and_does_not_hang(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=1)
    flooding, other = await pool.open("en", 8000), await pool.open("en", 8000)
    for _ in range(10_000):
        flooding.feed(bytes(320))
    flooding.finish()
    assert await all_of(flooding) == [Failed("overloaded")]
    other.finish()
    assert await all_of(other) == [Heard("", 0.0)]


async def test_streams_go_to_the_process_with_the_fewest(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=2, streams_per_decoder=2)
    await until(lambda: loaded(pool) == 2)
    for _ in range(4):
        await pool.open("en", 8000)
    assert [decoder.streams for decoder in pool.decoders()] == [2, 2]
    with pytest.raises(Overloaded):
        await pool.open("en", 8000)


async def test_without_a_set_limit_one_is_measured(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=1)
    (decoder,) = pool.decoders()
    assert 2 < decoder.limit < 1000
    assert pool.state == "ok"


async def test_a_process_that_is_behind_takes_nobody_new(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=1)
    (decoder,) = pool.decoders()
    os.kill(decoder.pid, signal.SIGSTOP)
    await until(lambda: pool.decoders() and pool.decoders()[0].lag_ms > 1000 * ADMIT_LAG_S)
    with pytest.raises(Overloaded):
        await pool.open("en", 8000)
    os.kill(decoder.pid, signal.SIGCONT)


async def test_an_added_model_is_used_without_a_restart(
    new_pool: NewPool, new_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    models = tmp_path / "models"
    pool = await new_pool(decoders=1, models=models)
    assert pool.model("en").bundled
    copied = shutil.copytree(BUNDLED, tmp_path / "vosk-model-small-en-us-0.15")
    (copied / "svarklar.toml").write_text('language = "en"\n[thresholds]\naccept = 0.7\nconfirm = 0.4\n')
    models.mkdir()
    copied.rename(models / copied.name)
    await until(lambda: not pool.model("en").bundled)
    assert pool.thresholds("en") == Thresholds(0.7, 0.4)
    assert await hears(pool)


async def test_a_broken_model_is_left_alone_and_the_other_one_used(new_pool: NewPool, tmp_path: Path) -> None:
    broken = tmp_path / "models/vosk-model-small-en-us-0.15/am"
    broken.mkdir(parents=True)
    (broken / "final.mdl").write_bytes(bytes(20_000_000))
    pool = await new_pool(decoders=1, models=tmp_path / "models")
    await until(lambda: pool.model("en").bundled)
    assert await hears(pool)


async def test_nothing_of_it_is_left_after_closing(new_pool: NewPool) -> None:
    pool = await new_pool(decoders=2)
    pids = [decoder.pid for decoder in pool.decoders()]
    await pool.close()
    await pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_the_loop_is_never_held_up_while_four_callers_talk(new_pool: NewPool) -> None:
    """Not the figure (make bench has it), but nothing near a decoding may ever be seen here."""
    pool = await new_pool(decoders=2)
    callers = [asyncio.create_task(talk(await pool.open("en", 8000))) for _ in range(4)]
    loop, longest_s = asyncio.get_running_loop(), 0.0
    for _ in range(200):
        began_s = loop.time()
        await asyncio.sleep(0.005)
        longest_s = max(longest_s, loop.time() - began_s - 0.005)
    for caller in callers:
        caller.cancel()
    assert longest_s < 0.5
