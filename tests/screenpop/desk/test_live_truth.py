"""Pages show what the owner of calls and agents says is so, and nothing before it has said it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from desk_browser import Enter, Serve
from stand_in_owner import StandInOwner, owning

from cti.bus.memory import MemoryBus
from domain.agents import AgentState, PresenceChanged, PresenceRequested
from domain.calls import Call, CallChanged
from domain.clock import now_ms
from domain.dialogue import PartialHeard
from domain.event import Event
from domain.offers import OfferAnswered, OfferMade
from domain.streams import AGENTS, CALLS, OFFERS, PARTIALS, WISHES
from tests.bus_events import UNREADABLE, events_of, publish_bytes

LIVING = Call(call_id="call1", stage="queued")
ANNA = AgentState(username="anna", presence="ready", since_ms=7)


async def change(bus: MemoryBus, call_id: str, **fields: Any) -> None:
    await bus.publish(CALLS, CallChanged(at_ms=now_ms(), call=Call(call_id=call_id, **fields)))


def call_ids(snapshot: dict[str, Any]) -> list[str]:
    return [call["call_id"] for call in snapshot["calls"]]


@pytest.fixture
async def silent() -> AsyncIterator[tuple[MemoryBus, StandInOwner]]:
    """A bus whose owner is asked and says nothing by itself."""
    bus = MemoryBus()
    async with owning(bus) as owner:
        owner.is_silent = True
        yield bus, owner


async def test_a_server_that_starts_shows_what_the_owner_knows(
    serve: Serve, enter: Enter, owner: StandInOwner
) -> None:
    owner.calls, owner.agents = (LIVING,), (ANNA,)
    live = await (await enter("anna", at=await serve())).live()
    snapshot = await live.next()
    assert (snapshot["type"], call_ids(snapshot)) == ("snapshot", ["call1"])
    assert (snapshot["me"]["presence"], snapshot["me"]["since_ms"]) == ("ready", 7)


async def test_a_page_waits_for_the_truth_and_is_shown_no_other(
    silent: tuple[MemoryBus, StandInOwner], serve: Serve, enter: Enter
) -> None:
    bus, owner = silent
    answers = await bus.subscribe(OFFERS)
    live = await (await enter("anna", at=await serve(bus=bus))).live(epoch="of a server before", after=3)
    request_id = await asyncio.wait_for(owner.asked.get(), 10)
    await change(bus, "call0")
    await bus.publish(OFFERS, OfferMade(at_ms=now_ms(), call_id="call1", offer_id="o", agent="anna"))
    owner.calls, owner.agents = (LIVING,), (ANNA,)
    await owner.answer_calls(request_id)
    await owner.answer("somebody else's question")
    await owner.answer_agents(request_id)
    snapshot = await live.next()
    assert (snapshot["type"], call_ids(snapshot)) == ("snapshot", ["call1"])
    assert snapshot["offers"] == [{"offer_id": "o", "call_id": "call1", "caller": None, "cases": []}]
    made, delivered = [event async for event in _first_two(answers)]
    assert isinstance(made, OfferMade)
    assert isinstance(delivered, OfferAnswered)
    await change(bus, "call2")
    assert (await live.next())["call"]["call_id"] == "call2"


async def _first_two(subscription: Any) -> Any:
    events = events_of(subscription)
    for _ in range(2):
        yield await asyncio.wait_for(anext(events), 10)


async def test_a_page_that_waits_is_a_page_that_is_there(
    silent: tuple[MemoryBus, StandInOwner], serve: Serve, enter: Enter
) -> None:
    bus, owner = silent
    wishes = events_of(await bus.subscribe(WISHES))
    server = await serve(bus=bus, away_after_s=0.01)
    live = await (await enter("anna", at=server)).live()
    request_id = await asyncio.wait_for(owner.asked.get(), 10)
    bo = AgentState(username="bo", presence="ready")
    owner.agents = (ANNA, bo)
    await owner.answer(request_id)
    await live.until("snapshot")
    sent_away = await asyncio.wait_for(_next_wish(wishes), 10)
    assert (sent_away.agent, sent_away.presence) == ("bo", "away")


async def _next_wish(wishes: Any) -> PresenceRequested:
    while not isinstance(wish := await anext(wishes), PresenceRequested):
        pass
    return wish


async def test_an_owner_that_begins_anew_is_believed_and_what_it_does_not_know_is_gone(
    bus: MemoryBus, serve: Serve, enter: Enter, owner: StandInOwner
) -> None:
    owner.calls, owner.agents = (LIVING,), (ANNA,)
    anna, bo = await enter("anna", at=await serve()), await enter("bo")
    first, live = await bo.live(), await anna.live()
    await first.until("snapshot")
    epoch = (await live.until("snapshot"))["epoch"]
    await change(bus, "call2")
    assert (await live.next())["call"]["call_id"] == "call2"
    owner.calls, owner.agents = (Call(call_id="call2", stage="connected"),), ()
    await owner.answer()
    anew = await live.next()
    assert (call_ids(anew), anew["agents"], anew["me"]["presence"]) == (["call2"], [], "away")
    assert anew["epoch"] != epoch
    late = await anna.live(epoch=epoch, after=anew["cursor"])
    assert (await late.next())["type"] == "snapshot"


async def test_after_a_gap_the_owner_is_asked_again(serve: Serve, enter: Enter) -> None:
    bus = MemoryBus(capacity=2)
    async with owning(bus) as owner:
        live = await (await enter("anna", at=await serve(bus=bus))).live()
        old_epoch = (await live.next())["epoch"]
        await asyncio.wait_for(owner.asked.get(), 10)
        owner.calls = (Call(call_id="call1", stage="connected"),)
        for _ in range(3):  # nobody else runs between these: the server's reader is left behind
            await change(bus, "call2")
        snapshot = await live.until("snapshot")
        assert snapshot["epoch"] != old_epoch
        assert [call["stage"] for call in snapshot["calls"]] == ["connected"]
        await change(bus, "call3")
        assert (await live.until("call"))["call"]["call_id"] == "call3"


async def test_an_owner_that_does_not_answer_is_asked_again_and_health_says_so(
    silent: tuple[MemoryBus, StandInOwner], serve: Serve, enter: Enter
) -> None:
    bus, owner = silent
    browser = await enter("anna", at=await serve(bus=bus, owner_patience_s=0.02))
    live = await browser.live()
    asked = {await asyncio.wait_for(owner.asked.get(), 10) for _ in range(3)}
    assert len(asked) == 1
    health = await (await browser.get("/healthz")).json()
    assert health["parts"]["desk"] == "owner: the owner of calls and agents does not answer"
    owner.calls = (LIVING,)
    await owner.answer(asked.pop())
    assert call_ids(await live.next()) == ["call1"]
    assert (await (await browser.get("/healthz")).json())["parts"]["desk"] == "ok"


@pytest.mark.parametrize("stream", [CALLS, AGENTS, OFFERS, PARTIALS])
async def test_what_cannot_be_read_costs_itself_only_and_shows_in_health(
    bus: MemoryBus, enter: Enter, stream: str
) -> None:
    browser = await enter("anna")
    live = await browser.live()
    await live.until("snapshot")
    await change(bus, "call1", stage="ivr")
    await live.until("call")
    for data in UNREADABLE:
        await publish_bytes(bus, data, stream)
    await bus.publish(stream, _READABLE[stream])
    await live.until(_SHOWN_AS[stream])
    health = await (await browser.get("/healthz")).json()
    assert health["parts"]["desk"] == f"{len(UNREADABLE)} events were passed over"


_READABLE: dict[str, Event] = {
    CALLS: CallChanged(at_ms=1, call=LIVING),
    AGENTS: PresenceChanged(at_ms=1, agent=ANNA),
    OFFERS: OfferMade(at_ms=now_ms(), call_id="call1", offer_id="o", agent="anna"),
    PARTIALS: PartialHeard(at_ms=1, call_id="call1", text="my pri"),
}
_SHOWN_AS = {CALLS: "call", AGENTS: "presence", OFFERS: "offer", PARTIALS: "partial"}


async def test_words_so_far_go_to_everybody_who_is_there_and_are_not_kept(
    bus: MemoryBus, enter: Enter
) -> None:
    anna, bo = await enter("anna"), await enter("bo")
    live, witness = await anna.live(), await bo.live()
    epoch = (await live.until("snapshot"))["epoch"]
    await witness.until("snapshot")
    await change(bus, "call1", stage="ivr")
    await live.until("call")
    await live.socket.close()
    await bus.publish(PARTIALS, PartialHeard(at_ms=now_ms(), call_id="call1", text="my pri"))
    assert await witness.until("partial") == {"type": "partial", "call_id": "call1", "text": "my pri"}
    back = await anna.live(epoch=epoch, after=1)
    assert (await back.next())["cursor"] == 1
    await change(bus, "call1", stage="queued")
    assert (await back.next())["cursor"] == 2
