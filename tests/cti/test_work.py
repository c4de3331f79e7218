"""Tasks that must live."""

import asyncio

import pytest
from ami_replay import log_lines

from cti.work import Work


@pytest.fixture
async def work():
    work = Work()
    yield work
    await work.close()


async def for_ever():
    await asyncio.Event().wait()


class Dying:
    """A task that ends in this way the first time, and lives the second."""

    def __init__(self, death):
        self._death = death
        self.lives = asyncio.Event()
        self.begun = 0

    async def run(self):
        self.begun += 1
        if self.begun == 1:
            await self._death()
            return
        self.lives.set()
        await for_ever()


async def raises():
    raise OSError("no such thing")


async def returns():
    pass


async def awaits_what_was_cancelled():
    waited_for = asyncio.get_running_loop().create_future()
    waited_for.cancel()
    await waited_for


@pytest.mark.parametrize(
    ("death", "line", "state"),
    [
        (raises, "task_died", "bridge: OSError('no such thing')"),
        (returns, "task_ended", "bridge: it ended"),
        (awaits_what_was_cancelled, "task_died", "bridge: CancelledError()"),
    ],
)
async def test_a_task_that_dies_is_said_shown_and_begun_again(work, death, line, state):
    task = Dying(death)
    assert work.state == "ok"
    with log_lines() as logs:
        work.start("bridge", task.run)
        await task.lives.wait()
        assert (await logs.get())["event"] == line
    assert work.state == state


async def test_closing_ends_every_task(work):
    before = asyncio.all_tasks()
    work.start("one", for_ever)
    work.start("two", Dying(raises).run)
    with log_lines():
        await asyncio.sleep(0)
        await work.close()
    assert asyncio.all_tasks() == before


async def test_two_tasks_of_one_name_are_a_mistake(work):
    work.start("bridge", for_ever)
    with pytest.raises(AssertionError):
        work.start("bridge", for_ever)
