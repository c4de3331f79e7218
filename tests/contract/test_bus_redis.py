"""What a Redis can do to the bus: go, freeze, lose its data or some of it, be full, be locked."""

import asyncio
import contextlib
import shutil
import socket

import pytest

from cti.bus import BusDown, Gap
from cti.bus.follow import FollowReport, follow
from cti.bus.outlet import Outlet
from cti.bus.redis_streams import RedisBus
from domain.streams import CALLS
from tests.bus_events import partial, state, take, texts, until

pytestmark = pytest.mark.server


@pytest.fixture
async def make_bus():
    """Buses without much patience, whose readers look often."""
    async with contextlib.AsyncExitStack() as made:

        def make(redis, **how):
            bus = RedisBus(redis.url, **{"patience_s": 0.3, "block_s": 0.1, **how})
            made.push_async_callback(bus.close)
            return bus

        yield make


@contextlib.asynccontextmanager
async def following(bus, heard, after_gap=None):
    """Whatever is said goes to `heard`, which is a list; what the follower reports is at hand."""

    async def handle(event, position):
        heard.append(event.text)

    report = FollowReport()
    task = asyncio.create_task(follow(bus, CALLS, handle, after_gap=after_gap, report=report))
    try:
        yield report
    finally:
        task.cancel()
        await asyncio.wait([task])


async def connected(report):
    await asyncio.wait_for(report.connected.wait(), 10)


def command(redis, line):
    with socket.create_connection(("127.0.0.1", redis.port), timeout=5) as connection:
        connection.sendall(line.encode() + b"\r\n")
        return connection.recv(10_000)


async def test_a_redis_that_restarts_with_its_data_loses_nothing(own_redis, make_bus):
    redis, heard, gaps = own_redis(appendonly=True), [], []
    bus, other = make_bus(redis), make_bus(redis)

    async def after_gap():
        gaps.append("gap")

    async with following(bus, heard, after_gap) as report:
        await connected(report)
        await state(other, "before")
        await until(lambda: heard == ["before"])
        redis.kill()
        await until(lambda: report.state != "ok")
        assert bus.state != "ok"
        redis.start()
        await state(other, "after 1", "after 2")
        await until(lambda: len(heard) == 3)
        assert (report.state, bus.state) == ("ok", "ok")
    assert (heard, gaps) == (["before", "after 1", "after 2"], [])


async def test_what_others_said_before_a_follower_is_back_is_not_lost(own_redis, make_bus):
    redis = own_redis(appendonly=True)
    bus, other = make_bus(redis), make_bus(redis)
    reader = await bus.subscribe(CALLS)
    await state(other, "one")
    assert await texts(reader, 1) == ["one"]
    redis.kill()
    with pytest.raises(BusDown):
        await take(reader, 1)
    redis.start()
    await state(other, "two", "three")
    assert await texts(await bus.subscribe(CALLS, reader.position), 2) == ["two", "three"]


async def test_a_redis_that_restarts_without_its_data_is_a_gap_and_is_followed_on(own_redis, make_bus):
    redis, heard, gaps = own_redis(), [], asyncio.Event()
    bus = make_bus(redis)

    async def after_gap():
        gaps.set()

    async with following(bus, heard, after_gap) as report:
        await connected(report)
        await state(bus, "before")
        await until(lambda: heard == ["before"])
        redis.kill()
        redis.start()
        await asyncio.wait_for(gaps.wait(), 10)
        await state(bus, "after")
        await until(lambda: heard == ["before", "after"])
        assert (report.gaps, report.state) == (1, "ok")


@pytest.mark.parametrize("said", [0, 1, 2, 5])
async def test_a_redis_that_went_back_to_an_older_copy_is_a_gap(own_redis, make_bus, said, tmp_path):
    redis = own_redis(appendonly=True)
    bus = make_bus(redis)
    reader = await bus.subscribe(CALLS)
    await state(bus, "kept")
    redis.stop()
    shutil.copytree(redis.folder / "appendonlydir", tmp_path / "copy")
    redis.start()
    await state(bus, "lost 1", "lost 2")
    reader = await bus.subscribe(CALLS, "")
    assert await texts(reader, 3) == ["kept", "lost 1", "lost 2"]
    redis.kill()
    redis.forget()
    shutil.copytree(tmp_path / "copy", redis.folder / "appendonlydir")
    redis.start()
    await state(bus, *map(str, range(said)))
    with pytest.raises(Gap):
        await take(await bus.subscribe(CALLS, reader.position), 1)


async def test_a_redis_that_is_emptied_under_a_reader_is_a_gap_before_anything_is_said(own_redis, make_bus):
    redis = own_redis()
    bus = make_bus(redis)
    reader = await bus.subscribe(CALLS)
    redis.empty()
    with pytest.raises(Gap):
        await asyncio.wait_for(take(reader, 1), 10)


async def test_an_entry_that_somebody_deleted_is_a_gap(own_redis, make_bus):
    redis = own_redis()
    bus = make_bus(redis)
    reader = await bus.subscribe(CALLS)
    [_, second, _] = await state(bus, "one", "two", "three")
    command(redis, f"XDEL svarklar:{CALLS} {second.rpartition('-')[0]}")
    assert await texts(reader, 1) == ["one"]
    with pytest.raises(Gap):
        await take(reader, 1)


async def test_a_frozen_redis_is_down_and_then_goes_on(own_redis, make_bus):
    redis, heard = own_redis(), []
    bus = make_bus(redis)
    async with following(bus, heard) as report:
        await connected(report)
        await state(bus, "before")
        redis.freeze()
        with pytest.raises(BusDown, match="no answer within"):
            await asyncio.wait_for(state(bus, "during"), 10)
        await until(lambda: not report.connected.is_set() and report.state != "ok")
        redis.thaw()
        await state(bus, "after")
        await until(lambda: "after" in heard)
        assert report.gaps == 0
    assert heard in (["before", "after"], ["before", "during", "after"]), "who gave up cannot tell which"


async def test_publishers_do_not_wait_for_each_others_patience(own_redis, make_bus):
    redis = own_redis()
    bus = make_bus(redis)
    redis.freeze()
    async with asyncio.timeout(10):  # one after the other they would take twice as long
        refused = await asyncio.gather(*(state(bus, "x") for _ in range(67)), return_exceptions=True)
    assert all(isinstance(error, BusDown) for error in refused)


async def test_publishing_outlasts_a_short_absence(own_redis, make_bus):
    redis = own_redis(appendonly=True)
    bus = make_bus(redis, patience_s=20)
    reader = await bus.subscribe(CALLS)
    redis.kill()
    stating = asyncio.create_task(state(bus, "while it was away"))
    await until(lambda: bus.state != "ok")
    redis.start()
    await stating
    assert bus.state == "ok"
    assert await texts(await bus.subscribe(CALLS, reader.position), 1) == ["while it was away"]


async def test_facts_wait_in_the_outlet_while_redis_is_away(own_redis, make_bus):
    redis = own_redis(appendonly=True)
    bus = make_bus(redis)
    reader, outlet = await bus.subscribe(CALLS), Outlet(bus)
    speaking = asyncio.create_task(outlet.run())
    redis.kill()
    for text in ("one", "two", "three"):
        outlet.publish(CALLS, partial(text))
    await until(lambda: outlet.state != "ok")
    redis.start()
    await asyncio.wait_for(outlet.drained(), 10)
    speaking.cancel()
    assert await texts(await bus.subscribe(CALLS, reader.position), 3) == ["one", "two", "three"]


async def test_a_redis_that_is_not_there_at_first(own_redis, make_bus):
    redis, heard = own_redis(), []
    redis.stop()
    bus = make_bus(redis)
    with pytest.raises(BusDown, match=str(redis.port)):
        await bus.subscribe(CALLS)
    async with following(bus, heard) as report:
        await until(lambda: str(redis.port) in report.state)
        redis.start()
        await connected(report)
        await state(bus, "heard")
        await until(lambda: heard == ["heard"])


@pytest.mark.parametrize(
    ("what_is_wrong", "words"),
    [
        (f"SET svarklar:{CALLS} 1", "WRONGTYPE"),
        ("CONFIG SET maxmemory 1", "memory"),
        ("CONFIG SET requirepass secret", "uth"),
    ],
)
async def test_a_redis_that_refuses_is_down_and_says_why(own_redis, make_bus, what_is_wrong, words):
    redis = own_redis()
    assert command(redis, what_is_wrong).startswith(b"+OK")
    bus = make_bus(redis)
    with pytest.raises(BusDown, match=words):
        await state(bus, "x")
    with pytest.raises(BusDown, match=words):
        await bus.subscribe(CALLS)
    assert words in bus.state


async def test_a_password_is_given_and_never_told(own_redis):
    redis = own_redis()
    command(redis, "CONFIG SET requirepass hemligt")
    right = RedisBus(f"redis://:hemligt@127.0.0.1:{redis.port}/0")
    await state(right, "heard")
    await right.close()
    wrong = RedisBus(f"redis://:gissning@127.0.0.1:{redis.port}/0", patience_s=0.2)
    with pytest.raises(BusDown) as down:
        await state(wrong, "not heard")
    assert "gissning" not in str(down.value) + wrong.state
    await wrong.close()


async def test_readers_that_left_hold_no_connection(own_redis, make_bus):
    redis = own_redis()
    bus = make_bus(redis)
    for _ in range(30):
        reader = await bus.subscribe(CALLS)
        waiting = asyncio.create_task(take(reader, 1))
        await asyncio.sleep(0)
        reader.close()
        await waiting
    await state(bus, "still there")
    await until(lambda: command(redis, "CLIENT LIST").count(b"id=") <= 3)


async def test_many_readers_wait_each_on_its_own(own_redis, make_bus):
    bus = make_bus(own_redis())
    readers = [await bus.subscribe(CALLS) for _ in range(120)]
    waiting = [asyncio.create_task(texts(reader, 1)) for reader in readers]
    await asyncio.sleep(0.05)  # all have begun to wait
    await state(bus, "to all")
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [["to all"]] * 120


async def test_a_follower_that_is_told_to_end_in_the_middle_of_a_question_ends(own_redis, make_bus):
    redis, heard = own_redis(), []
    await state(make_bus(redis), "so that the stream is there")
    for turns in range(12):
        bus, report = make_bus(redis), FollowReport()
        follower = asyncio.create_task(follow(bus, CALLS, heard.append, report=report))
        for _ in range(turns):
            await asyncio.sleep(0)
        follower.cancel()
        done, _ = await asyncio.wait([follower], timeout=5)
        assert done, f"it goes on after {turns} turns of the loop"
