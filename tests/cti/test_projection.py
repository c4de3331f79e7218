"""Calls reach the database in the end, and never hold up anybody on the way."""

import asyncio
import threading

import pytest
from ami_replay import log_lines

from cti.projection import Saver
from domain.records import Call


@pytest.fixture
async def run():
    tasks = []

    def begin(saver):
        tasks.append(asyncio.create_task(saver.run()))
        return saver

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_every_call_is_saved(run):
    saved = []
    saver = run(Saver(saved.append))
    for number in range(5):
        saver.put(Call(call_id=str(number)))
    await saver.drained()
    assert [call.call_id for call in saved] == list("01234")


async def test_only_the_newest_state_of_a_call_that_waits_is_saved(run):
    saved, go = [], threading.Event()

    def slow(call):
        go.wait(10)
        saved.append(call)

    saver = run(Saver(slow))
    saver.put(Call(call_id="first"))
    await asyncio.sleep(0)
    for stage in ("ivr", "queued", "ended"):
        saver.put(Call(call_id="second", stage=stage))
    go.set()
    await saver.drained()
    assert [(call.call_id, call.stage) for call in saved] == [("first", "ivr"), ("second", "ended")]


async def test_a_failing_database_is_reported_once_a_call_and_tried_again(run):
    saved, fails = [], [OSError("database is locked")] * 3

    def save(call):
        if fails:
            raise fails.pop()
        saved.append(call)

    saver = run(Saver(save, retry_s=0.001))
    with log_lines() as logs:
        saver.put(Call(call_id="1"))
        await saver.drained()
        assert [(await logs.get())["event"] for _ in range(2)] == ["call_not_saved_yet", "call_saved_at_last"]
        assert logs.empty()
    assert saved == [Call(call_id="1")]


async def test_a_call_that_cannot_be_saved_does_not_keep_others_from_it(run):
    saved = []

    def save(call):
        if call.call_id == "bad":
            raise ValueError("no such column")
        saved.append(call.call_id)
        if len(saved) == 3:
            done.set()

    done = threading.Event()
    saver = run(Saver(save, retry_s=0.001, longest_retry_s=0.001))
    for call_id in ("bad", "1", "2", "3"):
        saver.put(Call(call_id=call_id))
    assert await asyncio.to_thread(done.wait, 10)
    assert saved == ["1", "2", "3"]


async def test_a_newer_state_wins_over_one_that_failed(run):
    saved, failed = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def save(call):
        if call.stage == "ivr":
            loop.call_soon_threadsafe(failed.set)
            raise OSError("database is locked")
        saved.append(call.stage)

    saver = run(Saver(save, retry_s=0.001))
    saver.put(Call(call_id="1", stage="ivr"))
    await failed.wait()
    saver.put(Call(call_id="1", stage="ended"))
    await saver.drained()
    assert saved == ["ended"]


async def test_more_calls_than_it_may_keep_are_given_up_oldest_first():
    saver = Saver(lambda call: None, most=2)
    with log_lines() as logs:
        for number in range(3):
            saver.put(Call(call_id=str(number)))
        assert (await logs.get())["call"] == "0"
