"""When the owner's answer is whole, and to which question."""

import asyncio

from cti.bus.follow import FollowReport
from domain.agents import AgentsSnapshot, SnapshotWanted
from domain.calls import CallsSnapshot
from domain.event import Event
from screenpop.desk.inquiry import Inquiry


def asking(said: list[Event], *reports: FollowReport) -> Inquiry:
    return Inquiry(said.append, reports, patience_s=60, clock=lambda: 1)


def calls(request_id: str) -> CallsSnapshot:
    return CallsSnapshot(at_ms=1, request_id=request_id, calls=())


def agents(request_id: str) -> AgentsSnapshot:
    return AgentsSnapshot(at_ms=1, request_id=request_id, agents=())


async def wanted(said: list[Event]) -> str:
    """The request id of the question that was asked last."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert isinstance(said[-1], SnapshotWanted)
    return said[-1].request_id


async def test_nobody_is_asked_before_the_answer_would_be_heard() -> None:
    said: list[Event] = []
    report = FollowReport()
    task = asyncio.create_task(asking(said, report).run())
    await asyncio.sleep(0)
    assert said == []
    report.connected.set()
    assert await wanted(said)
    task.cancel()


async def test_both_halves_make_the_answer_in_either_order() -> None:
    said: list[Event] = []
    inquiry = asking(said)
    task = asyncio.create_task(inquiry.run())
    request_id = await wanted(said)
    assert not inquiry.concerns_us(agents("another's"))
    assert not inquiry.take(agents(request_id))
    assert inquiry.take(calls(request_id))
    assert not inquiry.is_open
    assert not inquiry.concerns_us(calls(request_id))
    task.cancel()


async def test_a_gap_between_the_halves_has_both_asked_for_anew() -> None:
    said: list[Event] = []
    inquiry = asking(said)
    task = asyncio.create_task(inquiry.run())
    first = await wanted(said)
    inquiry.take(calls(first))
    inquiry.open()
    second = await wanted(said)
    assert second != first
    assert not inquiry.concerns_us(agents(first))
    assert not inquiry.take(agents(second))
    assert inquiry.take(calls(second))
    task.cancel()


async def test_an_owner_that_has_begun_anew_answers_every_question() -> None:
    inquiry = asking([])
    assert not inquiry.take(calls(""))
    assert inquiry.is_open
    assert inquiry.take(agents(""))
    assert not inquiry.is_open
    assert not inquiry.take(calls(""))
    assert inquiry.take(agents(""))
