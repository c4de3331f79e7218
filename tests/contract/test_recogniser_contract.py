"""What every recogniser keeps to. Speech is spoken and heard for real, by the model that we ship.

Two kinds of engine: one that decodes while the caller talks, and one that takes two seconds for the whole
utterance.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fakes import whole_engine

from ivr.speech import (
    Failed,
    Heard,
    NoModel,
    Overloaded,
    Partial,
    Recogniser,
    Result,
    SpeechBegan,
    SpeechStopped,
    Stream,
)
from ivr.speech.engines import MODULES
from ivr.speech.pool.recogniser import start_recogniser
from svarklar.settings import Settings
from tests.speech_samples import frames, join, noise, say, silence

SENTENCE = "my laptop screen is black after the update"


ENGINES = {"vosk": MODULES, "whole": whole_engine.ALONE}


@pytest.fixture(params=ENGINES)
async def recogniser(
    request: pytest.FixtureRequest, new_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[Recogniser]:
    if request.param == "whole":
        whole_engine.make_model(tmp_path / "models", latency_s=2.0)
    settings = new_settings(decoders=1, streams_per_decoder=3, models=tmp_path / "models")
    engine = await start_recogniser(settings, ENGINES[request.param])
    assert await engine.ready("en", timeout_s=30)
    yield engine
    await engine.close()


def streams(stream: Stream) -> bool:
    """Whether its engine has words while the caller talks."""
    return stream.source == "vosk"


def speak(stream: Stream, text: str = SENTENCE, rate_hz: int = 8000) -> None:
    for frame in frames(join(silence(0.4, rate_hz), say(text, "", rate_hz), silence(1.0, rate_hz)), rate_hz):
        stream.feed(frame)


async def all_of(stream: Stream) -> list[Result]:
    async with asyncio.timeout(30):
        return [result async for result in stream]


def heard(results: list[Result]) -> Heard:
    (last,) = (result for result in results if isinstance(result, Heard | Failed))
    assert isinstance(last, Heard)
    return last


@pytest.mark.parametrize("rate_hz", [8000, 16000])
async def test_a_spoken_sentence_is_heard_with_its_words(recogniser: Recogniser, rate_hz: int) -> None:
    stream = await recogniser.open("en", rate_hz)
    speak(stream, rate_hz=rate_hz)
    final = heard(await all_of(stream))
    assert final.text == SENTENCE
    assert final.confidence > 0.8
    assert [word.text for word in final.words] == SENTENCE.split()


async def test_results_come_in_their_order_and_end_with_the_words(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    speak(stream)
    results = await all_of(stream)
    assert isinstance(results[0], SpeechBegan)
    assert any(isinstance(result, Partial) for result in results[1:-2]) == streams(stream)
    assert isinstance(results[-2], SpeechStopped)
    assert isinstance(results[-1], Heard)


async def test_partials_grow_towards_the_words(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    speak(stream)
    partials = [result.text for result in await all_of(stream) if isinstance(result, Partial)]
    if not streams(stream):
        assert partials == []
        return
    assert len(partials) == len(set(partials)) > 2
    assert partials[-1].split()[:3] == SENTENCE.split()[:3]


async def test_words_come_within_the_time_that_was_said_when_speech_stopped(recogniser: Recogniser) -> None:
    loop, stream, stopped_s = asyncio.get_running_loop(), await recogniser.open("en", 8000), 0.0
    speak(stream)
    async with asyncio.timeout(30):
        async for result in stream:
            match result:
                case SpeechStopped(_, words_within_s):
                    stopped_s = loop.time()
                case Heard():
                    assert loop.time() - stopped_s < words_within_s
    assert (words_within_s > 2) != streams(stream)


async def test_what_one_engine_has_heard_it_does_not_hear_again(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    speak(stream)
    await all_of(stream)
    assert await stream.reheard() is None
    assert stream.source


async def test_times_count_from_the_first_frame(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    for frame in frames(silence(3.0)):
        stream.feed(frame)
    speak(stream)
    results = await all_of(stream)
    final, spoken_s = heard(results), len(say(SENTENCE)) / 8000
    assert 3.2 < final.words[0].start_s < 3.8
    assert final.words[-1].end_s < 3.4 + spoken_s + 0.3
    assert all(word.start_s < word.end_s for word in final.words)
    assert isinstance(results[0], SpeechBegan)
    assert 3.4 <= results[0].at_s < 3.9


async def test_a_grammar_decides_what_can_be_heard(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000, ("yes", "no"))
    speak(stream, "yes")
    assert heard(await all_of(stream)).text == "yes"
    digits = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    stream = await recogniser.open("en", 8000, digits)
    speak(stream, "four two one seven")
    assert heard(await all_of(stream)).text == "four two one seven"


async def test_words_outside_of_a_grammar_are_not_trusted(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000, ("yes", "no"))
    speak(stream)
    final = heard(await all_of(stream))
    assert "[unk]" not in final.text
    assert final.confidence < recogniser.thresholds("en").accept


async def test_a_grammar_with_words_that_the_model_lacks_hears_the_others(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000, ("yes", "zzyzx qwrt", 'a "quoted" word\n'))
    speak(stream, "yes")
    assert heard(await all_of(stream)).text == "yes"


async def test_finishing_does_not_wait_for_a_pause(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    for frame in frames(join(silence(0.3), say(SENTENCE))):
        stream.feed(frame)
    stream.finish()
    assert heard(await all_of(stream)).text == SENTENCE


async def test_silence_that_is_finished_has_no_words(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    for frame in frames(silence(1.0)):
        stream.feed(frame)
    stream.finish()
    assert await all_of(stream) == [Heard("", 0.0)]


async def test_a_stream_without_any_sound_can_be_finished(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    stream.finish()
    assert await all_of(stream) == [Heard("", 0.0)]


async def test_noise_is_no_statement(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    for frame in frames(noise(3.0)):
        stream.feed(frame)
    stream.finish()
    assert heard(await all_of(stream)).confidence < recogniser.thresholds("en").accept


async def test_frames_after_the_end_change_nothing(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    speak(stream)
    first = await all_of(stream)
    speak(stream)
    stream.finish()
    assert first[-1:] == [heard(first)]
    assert await all_of(stream) == []


async def test_closing_ends_the_iteration_and_may_be_repeated(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    hearing = asyncio.create_task(all_of(stream))
    await stream.close()
    await stream.close()
    stream.feed(bytes(320))
    stream.finish()
    assert await hearing == []


async def test_streams_do_not_hear_each_other(recogniser: Recogniser) -> None:
    first = await recogniser.open("en", 8000)
    second = await recogniser.open("en", 8000, ("yes", "no"))
    for one, other in zip(
        frames(join(silence(0.3), say(SENTENCE), silence(1.0))),
        frames(join(silence(0.5), say("no"), silence(5.0))),
        strict=False,
    ):
        first.feed(one)
        second.feed(other)
    second.finish()
    assert [heard(await all_of(stream)).text for stream in (first, second)] == [SENTENCE, "no"]


async def test_an_unknown_language_has_no_model(recogniser: Recogniser) -> None:
    assert recogniser.languages() == {"en"}
    with pytest.raises(NoModel, match="svarklar model add xx"):
        await recogniser.open("xx", 8000)
    with pytest.raises(NoModel):
        recogniser.thresholds("xx")


async def test_more_streams_than_it_carries_are_refused_at_once(recogniser: Recogniser) -> None:
    streams = [await recogniser.open("en", 8000) for _ in range(3)]
    with pytest.raises(Overloaded):
        await recogniser.open("en", 8000)
    await streams[0].close()
    await recogniser.open("en", 8000)


async def test_closing_the_recogniser_ends_its_streams(recogniser: Recogniser) -> None:
    stream = await recogniser.open("en", 8000)
    await recogniser.close()
    assert isinstance((await all_of(stream))[-1], Failed)


async def test_thresholds_are_ordered(recogniser: Recogniser) -> None:
    limits = recogniser.thresholds("en")
    assert (await recogniser.open("en", 8000)).thresholds == limits
    assert 0 < limits.confirm < limits.accept <= 1
