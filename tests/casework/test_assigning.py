"""Whoever answers a call has its case, where nobody has it yet."""

from collections.abc import AsyncIterator

import pytest

from casework.assigning import Assigning
from casework.port import CaseUnit, NotSaved, SavedCase
from cti.bus.memory import MemoryBus
from cti.work import Work
from domain.calls import Call, CallChanged, CallsSnapshot
from domain.case_commands import Assign
from domain.cases import Case
from tests.bus_events import until

TALKS = Call(call_id="1.1", stage="connected", agent="anna", case_number="C-000001", marks={"connected": 5})


class Saves:
    """What is asked of the casework."""

    def __init__(self) -> None:
        self.units: list[CaseUnit] = []

    async def __call__(self, unit: CaseUnit) -> SavedCase:
        self.units.append(unit)
        if len(self.units) == 1:
            raise NotSaved("the outbox has it")
        return SavedCase(case=Case(number=unit.number))


@pytest.fixture
async def following() -> AsyncIterator[tuple[MemoryBus, Saves]]:
    bus, saves, work = MemoryBus(), Saves(), Work()
    assigning = Assigning(bus, saves)
    work.start("assigning", assigning.run)
    await assigning.report.connected.wait()
    yield bus, saves
    await work.close()


async def test_once_a_call_and_agent_whatever_is_said_of_the_call(
    following: tuple[MemoryBus, Saves],
) -> None:
    bus, saves = following
    queued = Call(call_id="2.2", stage="queued", case_number="C-000002")
    unknown = Call(call_id="3.3", stage="connected", agent="bo")
    for call in (TALKS, queued, unknown, TALKS):
        changed = CallChanged(at_ms=1, call=call)
        await bus.publish(changed.stream, changed)
    other = Call(call_id="4.4", stage="connected", agent="bo", case_number="C-000004")
    snapshot = CallsSnapshot(at_ms=1, request_id="", calls=(TALKS, other))
    await bus.publish(snapshot.stream, snapshot)
    await until(lambda: len(saves.units) == 2)
    first, second = saves.units
    (assign,) = first.commands
    assert isinstance(assign, Assign)
    assert (first.number, assign.agent, assign.actor, assign.at_ms) == ("C-000001", "anna", "system", 5)
    assert assign.yields
    assert second.number == "C-000004"
