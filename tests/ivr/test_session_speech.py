"""Dialogues that are really heard: a synthetic voice, the bundled model, the real decoder processes."""

import asyncio

import numpy as np
import pytest
from fakes.whole_engine import ALONE, BESIDE_VOSK, make_model
from speech_samples import say, silence
from stage import MARIA, UNKNOWN, Stage, open_stage

from cti.asterisk.channel import Frame
from domain.dialogue import CallerIdentified, StatementHeard
from ivr.speech.pool.recogniser import start_recogniser
from ivr.turn import Patience

FRAME = 160
PAUSE_S = 1.5


@pytest.fixture
async def stage(tmp_path, settings):
    recogniser = await start_recogniser(settings.model_copy(update={"decoders": 1}))
    try:
        await recogniser.ready("en", 60)
        async with open_stage(tmp_path) as stage:
            stage.recogniser = recogniser
            yield stage
    finally:
        await recogniser.close()


def speaks(text: str):
    """The caller says this aloud."""

    def act(stage: Stage) -> None:
        sound = np.concatenate([silence(0.3), say(text), silence(PAUSE_S)])
        frames = [sound[start : start + FRAME].tobytes() for start in range(0, len(sound), FRAME)]
        stage.channel.put(*map(Frame, frames))

    return act


async def test_a_spoken_statement_becomes_a_case(stage: Stage):
    result = await stage.call(
        MARIA, statement=[speaks("my printer says paper jam")], statement_right=[speaks("yes")]
    )
    (case,) = stage.cases()
    assert result.reason == "done"
    assert "printer" in case.statement
    assert case.service == "printing"
    assert stage.of(StatementHeard)[0].words[0].start_s < 1


async def test_a_spoken_number_and_a_spoken_yes_identify_the_caller(stage: Stage):
    result = await stage.call(
        UNKNOWN,
        employee_number=[speaks("four two one seven")] * 2,
        name=[speaks("yes")] * 3,
        statement=[speaks("i forgot my password")],
        statement_right=[speaks("yes")] * 2,
    )
    assert (result.reason, stage.caller.contact_id) == ("done", 1)
    assert stage.of(CallerIdentified)[-1].how == "employee_number"


@pytest.mark.parametrize("reply", ["no", "what", "hello", "who is this"])
async def test_nothing_but_a_yes_is_a_yes(stage: Stage, reply: str):
    await stage.call(
        UNKNOWN,
        patience=Patience(silence_s=0.3),
        employee_number=[speaks("four two one seven")] * 2,
        name=[speaks(reply)] * 6,
        statement=[speaks("i forgot my password")],
        statement_right=[speaks("yes")] * 2,
    )
    assert stage.caller.contact_id is None
    assert stage.cases()[0].contact_id is None


PRINTER = "my printer says paper jam"


async def until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # another process's state has no event
            await asyncio.sleep(0.02)


@pytest.fixture
async def slowly_heard(tmp_path, new_settings):
    """A stage, with these engines; the slow one takes three seconds for a statement."""
    recognisers = []

    async def make(stage: Stage, engines: tuple[str, ...]) -> None:
        make_model(tmp_path / "models", latency_s=3.0)
        recogniser = await start_recogniser(new_settings(decoders=1, models=tmp_path / "models"), engines)
        recognisers.append(recogniser)
        await recogniser.ready("en", 60)
        await until(lambda: sum(bool(decoder.models) for decoder in recogniser.decoders()) == len(engines))
        stage.recogniser = recogniser

    async with open_stage(tmp_path) as stage:
        yield stage, make
    for recogniser in recognisers:
        await recogniser.close()


async def test_a_caller_is_heard_by_a_slow_engine_alone(slowly_heard):
    stage, make = slowly_heard
    await make(stage, ALONE)
    result = await stage.call(MARIA, statement=[speaks(PRINTER)], statement_right=[speaks("yes")])
    (case,) = stage.cases()
    assert (result.reason, case.service) == ("done", "printing")
    assert {statement.source for statement in stage.of(StatementHeard)} == {"whole"}


async def test_a_slow_engine_beside_the_quick_one_holds_up_nobody_and_is_heard_later(slowly_heard):
    stage, make = slowly_heard
    await make(stage, BESIDE_VOSK)
    await stage.call(MARIA, statement=[speaks(PRINTER)], statement_right=[speaks("yes")])
    assert [statement.source for statement in stage.of(StatementHeard)][:1] == ["vosk"]
    await until(lambda: len(stage.of(StatementHeard)) == 2)
    first, again = stage.of(StatementHeard)
    assert (again.source, again.statement_id, "printer" in again.text) == ("whole", first.statement_id, True)
    assert again.words[0].start_s == pytest.approx(first.words[0].start_s, abs=0.05)
    assert again.at_ms - first.at_ms > 1000
