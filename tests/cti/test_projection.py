"""Calls reach the database in the end, and never hold up anybody on the way."""

import asyncio
import sqlite3
import threading

import pytest
from ami_replay import log_lines

from casestore.db import StoreBusy
from cti.projection import CallProjection
from domain.calls import Call
from tests.bus_events import until


class Table:
    """A database: `saved` are its transactions, each with the position that it has afterwards."""

    def __init__(self):
        self.saved = []
        self.position = 0
        self.trouble = []
        self.refuses = lambda call: False
        self.go = threading.Event()
        self.go.set()
        self.threads = set()

    def save(self, calls, position):
        self.threads.add(threading.current_thread())
        assert self.go.wait(10)
        if self.trouble:
            raise self.trouble.pop()
        if any(self.refuses(call) for call in calls):
            raise sqlite3.DataError("no such column")
        self.position = position or self.position
        self.saved.append([(call.call_id, call.stage) for call in calls])

    def rows(self):
        return dict(row for commit in self.saved for row in commit)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
async def start(table):
    running = []

    def begin(**options):
        projection = CallProjection(table.save, **options)
        running.append((projection, asyncio.create_task(projection.run())))
        return projection

    yield begin
    table.go.set()
    for projection, task in running:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        projection.close()


def call(number, stage="ivr"):
    return Call(call_id=str(number), stage=stage)


async def test_every_call_is_saved_in_one_transaction_with_the_position(start, table):
    projection = start()
    projection.put([call(number) for number in range(5)], 17)
    await projection.drained()
    assert table.saved == [[(str(number), "ivr") for number in range(5)]]
    assert table.position == 17


async def test_only_the_newest_state_of_a_call_that_waits_is_saved(start, table):
    projection = start()
    table.go.clear()
    projection.put([call("first")], 1)
    await until(lambda: table.threads)
    for place, stage in enumerate(("ivr", "queued", "ended"), 2):
        projection.put([call("second", stage)], place)
        assert projection.unsaved("second").stage == stage
    table.go.set()
    await projection.drained()
    assert table.saved == [[("first", "ivr")], [("second", "ended")]]
    assert (table.position, projection.unsaved("second")) == (4, None)


async def test_saving_never_runs_on_the_event_loop(start, table):
    projection = start()
    projection.put([call(1)], 1)
    await projection.drained()
    assert threading.current_thread() not in table.threads


async def test_a_failing_database_is_reported_once_and_tried_again(start, table):
    projection = start()
    table.trouble = [StoreBusy("the database is locked")] * 3
    with log_lines() as logs:
        projection.put([call(1)], 9)
        await until(lambda: projection.state == "1 calls wait: the database is locked")
        await projection.drained()
        lines = [(await logs.get())["event"] for _ in range(2)]
        assert (lines, logs.empty()) == (["calls_not_saved_yet", "calls_saved_at_last"], True)
    assert (table.rows(), table.position, projection.state) == ({"1": "ivr"}, 9, "ok")


async def test_a_call_that_cannot_be_saved_does_not_keep_others_from_it(start, table):
    projection = start()
    table.refuses = lambda call: call.call_id == "bad"
    with log_lines() as logs:
        projection.put([call("bad"), call(1), call(2)], 5)
        await projection.drained()
        assert (await logs.get())["call"] == "bad"
    assert (table.rows(), table.position) == ({"1": "ivr", "2": "ivr"}, 5)
    assert projection.state == "1 calls were not saved"


async def test_a_database_that_refuses_every_call_is_tried_again(start, table):
    projection = start()
    table.refuses = lambda call: True
    with log_lines():
        projection.put([call(1), call(2)], 5)
        await until(lambda: projection.state == "2 calls wait: no such column")
        table.refuses = lambda call: False
        await projection.drained()
    assert (table.rows(), table.position) == ({"1": "ivr", "2": "ivr"}, 5)


async def test_a_newer_state_wins_over_one_that_failed(start, table):
    projection = start()
    table.trouble = [StoreBusy("the database is locked")]
    projection.put([call(1, "ivr")], 1)
    await until(lambda: projection.state != "ok")
    projection.put([call(1, "ended")], 2)
    await projection.drained()
    assert (table.saved, table.position) == ([[("1", "ended")]], 2)


async def test_more_calls_than_it_may_keep_are_given_up_oldest_first_and_the_position_stays(start, table):
    table.go.clear()
    projection = start(most=2)
    projection.put([call("earlier")], 3)
    await until(lambda: table.threads)
    with log_lines() as logs:
        projection.put([call(1)], 4)
        projection.put([call(2)], 5)
        assert (await logs.get())["call"] == "earlier"
    table.go.set()
    await projection.drained()
    assert (table.rows().keys(), table.position) == ({"earlier", "1", "2"}, 3)
    assert projection.state == "1 calls were not saved"


async def test_what_changes_no_call_moves_the_position_when_the_program_ends(start, table):
    projection = start()
    projection.put([call(1)], 3)
    projection.put([], 8)
    await projection.drained()
    assert table.position == 8
