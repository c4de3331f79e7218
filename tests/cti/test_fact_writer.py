"""Facts are written down in groups, before anything follows from them, whatever the database does."""

import asyncio
import sqlite3
import threading

import pytest
from ami_replay import log_lines

from casestore.db import StoreBusy
from cti.fact_writer import FactWriter
from domain.calls import CallAnswered, CallEnded
from tests.bus_events import until


class Log:
    """A database: `commits` are its transactions."""

    def __init__(self):
        self.commits = []
        self.positions = {}
        self.trouble = None
        self.go = threading.Event()
        self.go.set()
        self.refuses = lambda fact: False
        self.threads = set()

    def append(self, facts, positions):
        self.threads.add(threading.current_thread())
        assert self.go.wait(10)
        if self.trouble:
            raise self.trouble
        if any(self.refuses(fact) for fact in facts):
            raise sqlite3.DataError("this cannot be stored")
        there = {event_id: place for place, event_id in enumerate(self.ids(), 1)}
        self.commits.append([fact.event_id for fact in facts if fact.event_id not in there])
        self.positions |= positions
        new = {event_id: place for place, event_id in enumerate(self.ids(), 1) if event_id not in there}
        return [new.pop(fact.event_id, None) for fact in facts]

    def ids(self):
        return [event_id for commit in self.commits for event_id in commit]


@pytest.fixture
def database():
    return Log()


@pytest.fixture
async def start(database):
    running = []

    def begin(**options):
        writer = FactWriter(database.append, node="main", clock=lambda: 7, **options)
        running.append((writer, asyncio.create_task(writer.run())))
        return writer

    yield begin
    database.go.set()
    for writer, task in running:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        writer.close()


def fact(number, **fields):
    return CallAnswered(call_id="1.1", at_ms=1, event_id=str(number), **fields)


UNWRITABLE = fact("bad", name="\ud800")


async def test_what_is_written_is_on_the_disk_when_write_returns(start, database):
    writer = start()
    assert await writer.write([fact(1), fact(2)], {}) == (True, True)
    assert (database.commits, writer.position) == ([["1", "2"]], 2)


async def test_what_is_there_already_is_not_new(start, database):
    writer = start()
    await writer.write([fact(1)], {})
    assert await writer.write([fact(1), fact(2)], {}) == (False, True)
    assert database.ids() == ["1", "2"]


async def test_what_is_stated_during_a_commit_goes_into_the_next_together(start, database):
    writer = start(patience_s=10)
    database.go.clear()
    writing = [asyncio.create_task(writer.write([fact(n)], {})) for n in range(50)]
    await until(lambda: database.threads)
    database.go.set()
    await asyncio.gather(*writing)
    assert len(database.commits) <= 2
    assert database.ids() == [str(n) for n in range(50)]


async def test_commits_never_run_on_the_event_loop(start, database):
    await start().write([fact(1)], {})
    assert threading.current_thread() not in database.threads


async def test_positions_are_written_with_their_facts_and_without(start, database):
    writer = start()
    await writer.write([fact(1)], {"dialogue": "1-1"})
    await writer.write([], {"offers": "1-2"})
    assert database.positions == {"dialogue": "1-1", "offers": "1-2"}


async def test_a_database_that_hangs_holds_nobody_up_longer_than_patience(start, database):
    writer = start(patience_s=0.01)
    database.go.clear()
    with log_lines() as logs:
        assert await writer.write([fact(1)], {}) == (True,)
        assert (await logs.get())["event"] == "facts_not_written_yet"
        for number in range(2, 100):
            assert await writer.write([fact(number)], {}) == (True,)
        assert writer.state == "99 facts wait: the database does not answer"
        database.go.set()
        await writer.drained()
        assert (await logs.get())["event"] == "facts_written_at_last"
        assert logs.empty()
    assert (writer.state, writer.position) == ("ok", 99)
    assert database.ids() == [str(n) for n in range(1, 100)]


async def test_a_database_that_is_locked_gets_everything_in_order_when_it_is_free(start, database):
    writer = start()
    database.trouble = StoreBusy("the database is locked by somebody else")
    for number in range(5):
        assert await writer.write([fact(number)], {"dialogue": str(number)}) == (True,)
    assert writer.state.endswith("facts wait: the database is locked by somebody else")
    database.trouble = None
    await writer.drained()
    assert (database.ids(), database.positions) == (list("01234"), {"dialogue": "4"})
    assert await writer.write([fact(0), fact(9)], {}) == (False, True)


async def test_a_commit_that_only_seemed_to_fail_does_not_make_its_facts_old(start, database):
    answer = database.append

    def lose_the_answer(facts, positions):
        answer(facts, positions)
        writer._append = answer
        raise StoreBusy("the connection broke during the commit")

    writer = start(patience_s=10)
    writer._append = lose_the_answer
    assert await writer.write([fact(1)], {}) == (True,)
    assert database.ids() == ["1"]


async def test_an_event_that_cannot_be_encoded_costs_itself_only(start, database):
    writer = start()
    with log_lines() as logs:
        assert await writer.write([fact(1), UNWRITABLE, fact(2)], {}) == (True, True, True)
        assert (await logs.get())["event"] == "facts_lost"
        assert await writer.write([fact(1), UNWRITABLE, fact(3)], {}) == (False, True, True)
    assert (database.ids(), writer.state) == (["1", "2", "3"], "2 facts could not be written down")


async def test_a_fact_that_the_database_refuses_costs_itself_only(start, database):
    writer = start(patience_s=10)
    database.refuses = lambda fact: fact.event_id == "bad"
    with log_lines():
        assert await writer.write([fact(1), fact("bad"), fact(2)], {"dialogue": "3"}) == (True,) * 3
    assert (database.ids(), database.positions) == (["1", "2"], {"dialogue": "3"})
    assert writer.state == "1 facts could not be written down"


async def test_a_database_that_refuses_everything_is_not_taken_for_bad_facts(start, database):
    writer = start(patience_s=0.01)
    database.refuses = lambda fact: True
    with log_lines():
        await writer.write([fact(1), fact(2)], {})
        await until(lambda: "cannot be stored" in writer.state)
        database.refuses = lambda fact: False
        await writer.drained()
    assert database.ids() == ["1", "2"]


async def test_after_a_long_wait_a_transaction_is_still_short(start, database):
    writer = start(patience_s=0.01)
    database.go.clear()
    with log_lines():
        for page in range(10):
            await writer.write([fact(page * 500 + n) for n in range(500)], {})
        database.go.set()
        await writer.drained()
    assert max(map(len, database.commits)) <= 2_000
    assert database.ids() == [str(n) for n in range(5_000)]


async def test_a_fact_says_when_it_happened_when_it_was_heard_and_of_what():
    got = []
    writer = FactWriter(lambda facts, _: got.extend(facts) or [1], node="north", clock=lambda: 9)
    running = asyncio.create_task(writer.run())
    await writer.write([CallEnded(call_id="1.1", at_ms=5, event_id="e", cause="x")], {})
    running.cancel()
    [written] = got
    assert (written.event_id, written.kind, written.subject, written.stream) == (
        "e", "CallEnded", "1.1", "asterisk",
    )  # fmt: skip
    assert (written.at_ms, written.received_ms, written.node) == (5, 9, "north")
    assert written.body.startswith("CallEnded {")
    writer.close()
