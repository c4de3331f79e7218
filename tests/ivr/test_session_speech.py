"""Dialogues that are really heard: a synthetic voice, the bundled model, the real decoder processes."""

import numpy as np
import pytest
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
