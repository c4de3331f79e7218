"""An engine that takes seconds for a whole utterance, beside the streaming one and alone; real processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from fakes.whole_engine import ALONE, BESIDE_VOSK, make_model

from ivr.speech import Failed, Heard, Overloaded, Reheard, Result, SpeechBegan, SpeechStopped, Stream
from ivr.speech.pool.recogniser import ADMIT_LAG_S, Pool, start_recogniser
from svarklar.settings import Settings
from tests.speech_samples import frames, join, say, silence

SENTENCE = "my laptop screen is black after the update"
FOUR_TWO = "four two one seven"

NewPool = Callable[..., Awaitable[Pool]]


@pytest.fixture
async def new_pool(new_settings: Callable[..., Settings], tmp_path: Path) -> AsyncIterator[NewPool]:
    pools = []

    async def make(engines: tuple[str, ...] = BESIDE_VOSK, **changes: object) -> Pool:
        pool = await start_recogniser(
            new_settings(decoders=1, models=tmp_path / "models", **changes), engines
        )
        pools.append(pool)
        await until(lambda: len(pool.decoders()) == 2 and all(decoder.models for decoder in pool.decoders()))
        return pool

    yield make
    for pool in pools:
        await pool.close()


@pytest.fixture
async def pool_alone(new_settings: Callable[..., Settings], tmp_path: Path) -> AsyncIterator[Pool]:
    """Nothing but the slow engine, which takes three seconds."""
    make_model(tmp_path / "models", latency_s=3.0)
    pool = await start_recogniser(new_settings(decoders=1, models=tmp_path / "models"), ALONE)
    assert await pool.ready("en", 30)
    yield pool
    await pool.close()


async def until(condition: Callable[[], object], timeout_s: float = 30) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # another process's state has no event
            await asyncio.sleep(0.02)


async def all_of(stream: Stream) -> list[Result]:
    async with asyncio.timeout(30):
        return [result async for result in stream]


def speak(stream: Stream, text: str = SENTENCE, pause_s: float = 1.0) -> None:
    for frame in frames(join(silence(0.3), say(text), silence(pause_s))):
        stream.feed(frame)


def whole(pool: Pool) -> int:
    """The process apart."""
    return next(decoder.pid for decoder in pool.decoders() if decoder.models == ("whole-en",))


async def test_the_words_are_there_at_once_and_come_again(new_pool: NewPool, tmp_path: Path) -> None:
    make_model(tmp_path / "models", latency_s=2.0)
    pool, loop = await new_pool(), asyncio.get_running_loop()
    stream = await pool.open("en", 8000)
    assert stream.source == "vosk"
    speak(stream)
    began_s = loop.time()
    first = (await all_of(stream))[-1]
    assert isinstance(first, Heard)
    assert loop.time() - began_s < 1.5
    again = await asyncio.wait_for(stream.reheard(), 20)
    assert again == Reheard(again.heard, "whole")
    assert again.heard.text == first.text == SENTENCE
    assert loop.time() - began_s >= 2.0
    assert again.heard.words[0].start_s == pytest.approx(first.words[0].start_s, abs=0.05)


async def test_yes_and_no_are_heard_once(new_pool: NewPool, tmp_path: Path) -> None:
    make_model(tmp_path / "models")
    pool = await new_pool()
    stream = await pool.open("en", 8000, ("yes", "no"))
    speak(stream, "yes")
    await all_of(stream)
    assert await stream.reheard() is None
    assert {decoder.models: decoder.streams for decoder in pool.decoders()}[("whole-en",)] == 0


async def test_an_engine_that_is_busy_for_seconds_is_not_taken_for_dead(
    new_pool: NewPool, tmp_path: Path
) -> None:
    make_model(tmp_path / "models", latency_s=4.0)
    pool = await new_pool()
    before = whole(pool)
    stream = await pool.open("en", 8000)
    speak(stream)
    await all_of(stream)
    assert await asyncio.wait_for(stream.reheard(), 30)
    assert whole(pool) == before


async def test_while_it_is_busy_the_others_are_noticed_at_once(pool_alone: Pool) -> None:
    """Their barge-in and the end of their speech wait for nobody's words."""
    busy, other = await pool_alone.open("en", 8000), await pool_alone.open("en", 8000)
    speak(busy)
    results = aiter(busy)
    while not isinstance(await anext(results), SpeechStopped):
        pass
    speak(other, FOUR_TWO)
    async with asyncio.timeout(1.5):
        noticed = [await anext(aiter(other)), await anext(aiter(other))]
    assert [type(result) for result in noticed] == [SpeechBegan, SpeechStopped]
    assert isinstance((await all_of(busy))[-1], Heard)
    assert [result.text for result in await all_of(other) if isinstance(result, Heard)] == [FOUR_TWO]


async def test_one_that_never_has_the_words_is_found_by_the_time_it_has_stated(
    new_pool: NewPool, tmp_path: Path
) -> None:
    """Its process is replaced; the streaming engine's callers notice nothing but that no words come again."""
    make_model(tmp_path / "models", latency_s=0.1, hangs=True)
    pool = await new_pool()
    before = whole(pool)
    stream = await pool.open("en", 8000)
    speak(stream)
    assert isinstance((await all_of(stream))[-1], Heard)
    assert await asyncio.wait_for(stream.reheard(), 20) is None
    await until(lambda: len(pool.decoders()) == 2 and before not in {one.pid for one in pool.decoders()})


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_lost_process_costs_the_better_words_alone_and_is_replaced(
    blow: signal.Signals, new_pool: NewPool, tmp_path: Path
) -> None:
    make_model(tmp_path / "models", latency_s=2.0)
    pool = await new_pool()
    before, stream = whole(pool), await pool.open("en", 8000)
    speak(stream)
    assert isinstance((await all_of(stream))[-1], Heard)
    os.kill(before, blow)
    assert await asyncio.wait_for(stream.reheard(), 20) is None
    await until(lambda: len(pool.decoders()) == 2 and all(one.models for one in pool.decoders()))
    assert whole(pool) != before


async def test_words_come_even_where_the_streaming_engine_died_in_mid_sentence(
    new_pool: NewPool, tmp_path: Path
) -> None:
    make_model(tmp_path / "models", latency_s=0.1)
    pool = await new_pool()
    streaming = next(decoder.pid for decoder in pool.decoders() if decoder.pid != whole(pool))
    stream = await pool.open("en", 8000)
    for frame in frames(join(silence(0.3), say(SENTENCE))):
        stream.feed(frame)
    results = aiter(stream)
    await anext(results)
    os.kill(streaming, signal.SIGKILL)
    async with asyncio.timeout(20):
        assert isinstance([result async for result in results][-1], Failed)
        again = await stream.reheard()
    assert again
    assert again.heard.text == SENTENCE


async def test_where_it_is_all_there_is_a_lost_process_fails_its_caller_within_two_seconds(
    pool_alone: Pool,
) -> None:
    loop, stream = asyncio.get_running_loop(), await pool_alone.open("en", 8000)
    speak(stream)
    results = aiter(stream)
    while not isinstance(await anext(results), SpeechStopped):
        pass
    os.kill(whole(pool_alone), signal.SIGSTOP)
    began_s = loop.time()
    async with asyncio.timeout(20):
        assert isinstance(await anext(results), Failed)
    assert loop.time() - began_s < 2.5  # two seconds, and what a busy machine of the tests takes


async def test_beyond_what_it_carries_callers_are_heard_once(new_pool: NewPool, tmp_path: Path) -> None:
    make_model(tmp_path / "models", latency_s=20.0)
    pool = await new_pool(streams_per_decoder=1)
    busy = await pool.open("en", 8000)
    speak(busy)
    await all_of(busy)  # the other engine is still at it
    await until(lambda: all(decoder.lag_ms < 1000 * ADMIT_LAG_S for decoder in pool.decoders()))
    once = await pool.open("en", 8000)
    with pytest.raises(Overloaded):
        await pool.open("en", 8000)
    speak(once)
    assert isinstance((await all_of(once))[-1], Heard)
    assert await once.reheard() is None


async def test_a_caller_who_would_wait_behind_too_many_others_goes_by_keys(
    new_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    make_model(tmp_path / "models", latency_s=20.0, cost=1.0)
    settings = new_settings(decoders=1, models=tmp_path / "models", streams_per_decoder=10)
    pool = await start_recogniser(settings, ALONE)
    try:
        assert await pool.ready("en", 30)
        for _ in range(2):
            stream = await pool.open("en", 8000)
            speak(stream)
            results = aiter(stream)
            while not isinstance(await anext(results), SpeechStopped):
                pass
        await until(lambda: all(decoder.lag_ms < 1000 * ADMIT_LAG_S for decoder in pool.decoders()))
        with pytest.raises(Overloaded):
            await pool.open("en", 8000)
    finally:
        await pool.close()


async def test_closing_gives_up_what_is_being_made(new_pool: NewPool, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "models", latency_s=20.0)
    pool = await new_pool()
    stream = await pool.open("en", 8000)
    speak(stream)
    await all_of(stream)
    await stream.close()
    await until((folder / "heard.txt").exists)
    assert "given up" in (folder / "heard.txt").read_text()


async def test_a_model_that_appears_brings_its_process_with_it(
    new_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    pool = await start_recogniser(new_settings(decoders=1, models=tmp_path / "models"), BESIDE_VOSK)
    try:
        assert await pool.ready("en", 30)
        assert len(pool.decoders()) == 1
        make_model(tmp_path / "models")
        await until(lambda: len(pool.decoders()) == 2 and all(one.models for one in pool.decoders()))
        assert pool.state == "ok"
        assert pool.model("en").engine == "vosk"
    finally:
        await pool.close()
