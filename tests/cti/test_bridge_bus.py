"""The bridge and a bus that goes away, or stays when we go."""

import asyncio

import pytest
from ami_replay import log_lines
from bridge_rig import rigs

from casestore import positions
from casestore.db import StoreBusy
from cti.bus import BusDown
from cti.bus.memory import MemoryBus
from domain.calls import CallAnswered
from domain.dialogue import StatementHeard
from domain.streams import CALLS
from tests.bus_events import until

LOCKED = StoreBusy("the database is locked by somebody else")


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


def answered(call_id="1.1"):
    return CallAnswered(call_id=call_id, at_ms=100, number="+46701740605")


def said(text, call_id="1.1"):
    return StatementHeard(call_id=call_id, at_ms=200, text=text, confidence=0.9)


class Lasting(MemoryBus):
    """A bus of another process: it is there when we start again."""

    outlives_us = True

    def __init__(self):
        super().__init__()
        self.outlives_us = True


class TestPositions:
    async def test_what_was_stated_while_we_did_not_run_is_heard_after_the_next_start(self, build):
        bus = Lasting()
        rig = await build(connected=False, bus=bus)
        await rig.state(answered())
        await rig.call()
        await rig.bridge.close()
        await rig.state(said("meanwhile"))
        recovered = rig.kept.recover(["dialogue"])
        again = await build(connected=False, bus=bus, kept=rig.kept, recovered=recovered)
        assert (await again.call(transcript="meanwhile")).number == "+46701740605"
        assert rig.kept.kinds() == ["CallAnswered", "StatementHeard"]

    async def test_of_a_bus_that_goes_with_us_no_position_is_kept(self, build):
        rig = await build(connected=False)
        await rig.state(answered())
        await rig.call()
        await rig.bridge.close()
        assert rig.kept.recover(["dialogue"]).positions == {}

    async def test_a_position_is_never_ahead_of_its_facts(self, build):
        rig = await build(connected=False, bus=Lasting(), patience_s=0.01)
        rig.kept.trouble = LOCKED
        with log_lines():
            await rig.state(answered())
            await rig.call()
            with rig.kept.store.reading() as tx:
                assert positions.get(tx, "bridge", "dialogue") is None
            rig.kept.trouble = None
            await rig.bridge.close()
        assert rig.kept.recover(["dialogue"]).positions.keys() == {"dialogue"}


class Deaf(MemoryBus):
    """A bus that takes nothing from the bridge while it is `down`."""

    down = False

    async def publish(self, stream, event):
        if self.down and stream == CALLS:
            raise BusDown("no answer")
        return await super().publish(stream, event)


async def test_what_a_bus_did_not_take_is_made_good_by_a_snapshot(build):
    rig = await build(connected=False, bus=Deaf(), outbox=2)
    await rig.snapshot_of("")
    rig.bus.down = True
    with log_lines():
        await rig.state(*[answered(f"1.{n}") for n in range(10)])
        await until(lambda: len(rig.kept.kinds()) == 10)
        assert rig.bridge.state()["bridge"] == "no answer"
        rig.bus.down = False
        await until(lambda: rig.bridge.state()["bridge"] == "ok")
    ringing = asyncio.create_task(_ring_again_and_again(rig))  # the snapshot itself may find the outbox full
    calls, _ = await rig.snapshot_of("")
    ringing.cancel()
    assert len(calls) == 10


async def _ring_again_and_again(rig):
    while True:
        rig.ring_timers(1.0)
        await asyncio.sleep(0.01)


async def test_a_bus_that_is_closed_shows_in_health(build):
    rig = await build(connected=False)
    with log_lines():
        await rig.bus.close()
        await until(lambda: "dialogue: " in rig.bridge.state()["bridge"])
