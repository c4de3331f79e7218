"""A statement comes again, better, when its dialogue has gone on; nobody waits for it."""

import asyncio

import pytest
from fakes.caller import FakeStream, heard
from stage import MARIA, Act, Stage, open_stage, says

from domain.dialogue import DialogueEnded, StatementHeard
from ivr.rehearing import Rehearings
from ivr.speech import Reheard

BETTER = Reheard(heard("the printer shows a paper jam", 0.9), "whisper")
FIRST = StatementHeard(at_ms=1, call_id="1.1", text="sprint", confidence=0.5, statement_id="1.1/001")


@pytest.fixture
async def stage(tmp_path):
    async with open_stage(tmp_path) as stage:
        yield stage


class Cases:
    """Takes what is stated; the first `failing` statements bring it down."""

    def __init__(self, failing: int = 0) -> None:
        self.published: list[StatementHeard] = []
        self.again: list[StatementHeard] = []
        self._failing = failing

    async def publish(self, event: StatementHeard) -> None:
        self.published.append(event)

    async def heard_again(self, statement: StatementHeard) -> None:
        self._failing -= 1
        if self._failing >= 0:
            raise RuntimeError("no database")
        self.again.append(statement)


def says_and_is_heard_again_later(text: str) -> Act:
    """The engine hears this, and another one has not decided yet."""

    def act(stage: Stage) -> None:
        stage.stream.rehears = asyncio.get_running_loop().create_future()
        says(text)(stage)

    return act


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what ends it is a fact in no event
            await asyncio.sleep(0)


async def test_better_words_are_stated_as_the_same_statement_after_the_dialogue_has_ended(stage: Stage):
    await stage.call(MARIA, statement=[says_and_is_heard_again_later("the sprinter has a paper jam")])
    (stream,) = (stream for stream in stage.recogniser.streams if stream.rehears)
    assert not stream.closed
    stream.rehears.set_result(BETTER)
    await until(lambda: len(stage.of(StatementHeard)) == 2)
    first, again = stage.of(StatementHeard)
    assert stage.events.index(again) > stage.events.index(stage.of(DialogueEnded)[0])
    assert (first.statement_id, first.source) == (again.statement_id, "fake")
    assert (again.text, again.source, again.event_id != first.event_id) == (
        BETTER.heard.text,
        "whisper",
        True,
    )
    await until(lambda: stream.closed)


async def test_each_statement_has_an_id_of_its_own_and_they_sort(stage: Stage):
    await stage.call(MARIA, statement=[says("my thing", 0.5), says("it is broken", 0.5), says("well", 0.5)])
    ids = [statement.statement_id for statement in stage.of(StatementHeard)]
    assert len(set(ids)) == len(ids) >= 2
    assert ids == sorted(ids)


async def test_what_is_not_heard_again_leaves_the_first_words_and_nothing_open(stage: Stage):
    await stage.call(MARIA, statement=[says("the printer shows a paper jam")])
    await until(lambda: all(stream.closed for stream in stage.recogniser.streams))
    assert len(stage.of(StatementHeard)) == 1


async def test_words_keep_their_places_in_the_recording():
    cases, rehearings, stream = Cases(), Rehearings(), rehearing_stream()
    rehearings.follow(cases, stream, FIRST, start_s=2.0)
    stream.rehears.set_result(BETTER)
    await until(lambda: cases.again)
    assert [word.start_s for word in cases.again[0].words][:4] == [0.0, 0.0, 0.0, 1.0]
    assert cases.again == cases.published


async def test_a_case_that_cannot_follow_now_costs_nobody_anything():
    cases, rehearings, stream = Cases(failing=1), Rehearings(), rehearing_stream()
    rehearings.follow(cases, stream, FIRST, 0.0)
    stream.rehears.set_result(BETTER)
    await until(lambda: stream.closed)
    assert (len(cases.published), cases.again) == (1, [])


async def test_only_so_many_wait_and_only_so_long():
    cases, rehearings = Cases(), Rehearings(most=2, within_s=0.05)
    streams = [rehearing_stream() for _ in range(3)]
    for stream in streams:
        rehearings.follow(cases, stream, FIRST, 0.0)
    await until(lambda: streams[2].closed)
    await until(lambda: all(stream.closed for stream in streams))
    assert cases.published == []


async def test_closing_ends_them_all():
    rehearings, streams = Rehearings(), [rehearing_stream() for _ in range(3)]
    for stream in streams:
        rehearings.follow(Cases(), stream, FIRST, 0.0)
    await asyncio.sleep(0)
    await rehearings.close()
    assert all(stream.closed for stream in streams)


def rehearing_stream() -> FakeStream:
    stream = FakeStream()
    stream.rehears = asyncio.get_running_loop().create_future()
    return stream
