"""The live connection between real sockets, the real bus and the desk."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestServer
from desk_browser import Enter, Live, Serve
from structlog.testing import capture_logs

from casestore import users
from casestore.db import Store
from cti.bus.memory import MemoryBus, MemorySubscription
from domain.agents import AgentState, PresenceChanged, PresenceRefused, PresenceRequested
from domain.calls import Call, CallChanged
from domain.clock import now_ms
from domain.event import Event
from domain.offers import OfferAnswered, OfferMade, OfferMissed, OfferShown
from domain.streams import AGENTS, CALLS, OFFERS, WISHES
from tests.bus_events import events_of

Kind = TypeVar("Kind", bound=Event)


async def next_of(subscription: MemorySubscription, kind: type[Kind]) -> Kind:
    async with asyncio.timeout(10):
        async for event in events_of(subscription):
            if isinstance(event, kind):
                return event
    raise AssertionError("the bus was closed")


async def change(bus: MemoryBus, call_id: str, **fields: Any) -> None:
    await bus.publish(CALLS, CallChanged(at_ms=now_ms(), call=Call(call_id=call_id, **fields)))


async def presence(bus: MemoryBus, agent: str, presence: Any, **fields: Any) -> None:
    state = AgentState(username=agent, presence=presence, **fields)
    await bus.publish(AGENTS, PresenceChanged(at_ms=now_ms(), agent=state))


async def offer(bus: MemoryBus, agent: str = "anna", offer_id: str = "offer1") -> None:
    await bus.publish(OFFERS, OfferMade(at_ms=now_ms(), call_id="call1", offer_id=offer_id, agent=agent))


# --- snapshot and changes ----------------------------------------------------------------------


async def test_a_page_gets_a_snapshot_then_each_change_once_in_order(bus: MemoryBus, enter: Enter) -> None:
    live = await (await enter("anna")).live()
    snapshot = await live.next()
    assert (snapshot["type"], snapshot["cursor"], snapshot["calls"]) == ("snapshot", 0, [])
    assert snapshot["me"]["username"] == "anna"
    await change(bus, "call1", transcript="the printer")
    await presence(bus, "bo", "break", reason="lunch", since_ms=5)
    await change(bus, "call1", stage="ended")
    first, second, third = [await live.next() for _ in range(3)]
    assert (first["cursor"], first["call"]["transcript"]) == (1, "the printer")
    assert second == {
        "type": "presence",
        "cursor": 2,
        "agent": {
            "username": "bo",
            "presence": "break",
            "reason": "lunch",
            "phone": "browser",
            "since_ms": 5,
            "phones": {"browser": "unknown", "phone": "unknown"},
            "reachable": True,
            "calls": [],
            "next": None,
            "next_reason": "",
            "wrapup_until_ms": None,
            "misses": 0,
            "refusals": 0,
            "away_because": "",
        },
    }
    assert (third["cursor"], third["call"]["stage"]) == (3, "ended")


async def test_a_page_that_was_away_gets_what_it_missed(bus: MemoryBus, enter: Enter) -> None:
    anna, bo = await enter("anna"), await enter("bo")
    live, witness = await anna.live(), await bo.live()
    epoch = (await live.until("snapshot"))["epoch"]
    await change(bus, "call1", stage="ivr")
    await live.until("call")
    await live.socket.close()
    await change(bus, "call1", stage="queued")
    await change(bus, "call2", stage="ivr")
    for _ in range(3):
        await witness.until("call")
    back = await anna.live(epoch=epoch, after=1)
    assert await back.next() == {"type": "resumed", "epoch": epoch, "cursor": 1, "offers": []}
    assert [
        (frame["cursor"], frame["call"]["stage"]) for frame in (await back.next(), await back.next())
    ] == [
        (2, "queued"),
        (3, "ivr"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"epoch": "of another server", "after": 0},
        {"after": 1},
        {"epoch": "", "after": "²"},
        {"after": "9" * 5000},
    ],
)
async def test_an_unknown_epoch_or_cursor_gets_a_snapshot(enter: Enter, query: dict[str, Any]) -> None:
    live = await (await enter("anna")).live(**query)
    assert (await live.next())["type"] == "snapshot"


async def test_a_page_that_missed_more_than_it_could_take_gets_a_snapshot(
    bus: MemoryBus, serve: Serve, enter: Enter
) -> None:
    server = await serve(outbox_frames=4)
    anna, bo = await enter("anna", at=server), await enter("bo", at=server)
    witness = await bo.live()
    epoch = (await witness.until("snapshot"))["epoch"]
    for _ in range(10):
        await change(bus, "call1")
        await witness.until("call")
    back = await anna.live(epoch=epoch, after=0)
    assert (await back.next())["cursor"] == 10
    await change(bus, "call1")
    assert (await back.next())["cursor"] == 11


# --- offers ------------------------------------------------------------------------------------


async def test_an_offer_reaches_its_agent_only_and_painting_it_is_stated(
    bus: MemoryBus, enter: Enter
) -> None:
    said = await bus.subscribe(OFFERS)
    anna, bo = await (await enter("anna")).live(), await (await enter("bo")).live()
    await anna.until("snapshot")
    await bo.until("snapshot")
    await offer(bus)
    assert await anna.next() == {"type": "offer", "offer_id": "offer1", "call_id": "call1"}
    assert (await next_of(said, OfferAnswered)).answer == "delivered"
    await anna.say(type="painted", offer_id="offer1")
    painted = await next_of(said, OfferAnswered)
    assert (painted.answer, painted.agent, painted.call_id) == ("painted", "anna", "call1")
    await change(bus, "call1")
    assert (await bo.next())["type"] == "call"


async def test_an_offer_nobody_can_see_is_hidden(bus: MemoryBus, enter: Enter) -> None:
    said = await bus.subscribe(OFFERS)
    browser = await enter("anna")
    first, second = await browser.live(), await browser.live()
    await first.until("snapshot")
    await second.until("snapshot")
    await offer(bus)
    await first.say(type="hidden", offer_id=(await first.until("offer"))["offer_id"])
    await second.say(type="hidden", offer_id=(await second.until("offer"))["offer_id"])
    assert [(await next_of(said, OfferAnswered)).answer for _ in range(2)] == ["delivered", "hidden"]


async def test_a_reload_finds_the_offer_again_and_may_paint_it(bus: MemoryBus, enter: Enter) -> None:
    said = await bus.subscribe(OFFERS)
    browser = await enter("anna")
    live = await browser.live()
    await live.until("snapshot")
    await offer(bus)
    await live.until("offer")
    await live.socket.close()
    assert [(await next_of(said, OfferAnswered)).answer for _ in range(2)] == ["delivered", "gone"]
    back = await browser.live()
    assert (await back.until("snapshot"))["offers"] == [{"offer_id": "offer1", "call_id": "call1"}]
    await back.say(type="painted", offer_id="offer1")
    assert [(await next_of(said, OfferAnswered)).answer for _ in range(2)] == ["delivered", "painted"]


@pytest.mark.parametrize("verdict", [OfferShown, OfferMissed])
async def test_a_settled_offer_is_not_offered_again(bus: MemoryBus, enter: Enter, verdict: Any) -> None:
    browser = await enter("anna")
    live = await browser.live()
    await offer(bus)
    await live.until("offer")
    cause = {"cause": "slow"} if verdict is OfferMissed else {}
    await bus.publish(
        OFFERS, verdict(at_ms=now_ms(), call_id="call1", offer_id="offer1", agent="anna", **cause)
    )
    await offer(bus, offer_id="offer2")
    await live.until("offer")
    offers = (await (await browser.live()).until("snapshot"))["offers"]
    assert [each["offer_id"] for each in offers] == ["offer2"]


@pytest.mark.parametrize("kind", ["painted", "hidden"])
async def test_an_offer_to_somebody_else_cannot_be_answered(bus: MemoryBus, enter: Enter, kind: str) -> None:
    said = await bus.subscribe(OFFERS)
    anna, bo = await (await enter("anna")).live(), await (await enter("bo")).live()
    await anna.until("snapshot")
    await offer(bus)
    await anna.until("offer")
    with capture_logs() as logs:
        await bo.say(type=kind, offer_id="offer1")
        error = await bo.until("error")
    assert (error["code"], error["message"]) == ("foreign_offer", "Det här samtalet erbjöds inte dig.")
    assert [line["username"] for line in logs if line["event"] == "foreign_offer"] == ["bo"]
    await anna.say(type="painted", offer_id="offer1")
    assert [(await next_of(said, OfferAnswered)).answer for _ in range(2)] == ["delivered", "painted"]


# --- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[" * 10_000,
        '{"type":"painted"}',
        '{"type":"painted","offer_id":["offer1"]}',
        '{"type":"painted","offer_id":"' + "x" * 65 + '"}',
        '{"type":"shutdown"}',
        '{"type":"presence","presence":"asleep"}',
        '{"type":"presence","presence":"break","reason":"lunch\\r\\nAction: Originate"}',
        '{"type":"presence","presence":"break","reason":"' + "x" * 81 + '"}',
        '{"type":"presence","presence":"ready","phone":"carrier pigeon"}',
    ],
)
async def test_a_malformed_message_gets_an_error_and_the_page_lives_on(
    bus: MemoryBus, enter: Enter, text: str
) -> None:
    live = await (await enter("anna")).live()
    await live.until("snapshot")
    with capture_logs() as logs:
        await live.socket.send_str(text)
        assert (await live.next())["code"] == "bad_message"
    assert [line["event"] for line in logs] == ["bad_live_message"]
    await change(bus, "call1")
    assert (await live.next())["type"] == "call"


async def test_a_binary_message_gets_an_error(enter: Enter) -> None:
    live = await (await enter("anna")).live()
    await live.until("snapshot")
    await live.socket.send_bytes(b"\x00\xff")
    assert (await live.next())["code"] == "bad_message"


async def _huge(live: Live) -> None:
    await live.socket.send_str("x" * (16 * 1024 + 1))


async def _not_utf8(live: Live) -> None:
    await live.socket.send_frame(b"\xff\xfe", WSMsgType.TEXT)


@pytest.mark.parametrize(("send", "code"), [(_huge, 1009), (_not_utf8, 1007)])
async def test_a_message_beyond_all_bounds_closes_that_page_only(
    bus: MemoryBus, enter: Enter, send: Callable[[Live], Awaitable[None]], code: int
) -> None:
    anna, bo = await (await enter("anna")).live(), await (await enter("bo")).live()
    await bo.until("snapshot")
    with capture_logs() as logs:
        await send(anna)
        assert await anna.closed() == code
    assert "live_connection_failed" in [line["event"] for line in logs]
    await change(bus, "call1")
    assert (await bo.next())["type"] == "call"


async def test_a_slow_browser_is_cut_off_while_others_get_every_frame(
    bus: MemoryBus, serve: Serve, enter: Enter
) -> None:
    server = await serve(outbox_frames=4)
    slow, quick = await enter("anna", at=server), await enter("bo", at=server)
    stalled, live = await slow.live(), await quick.live()
    await live.until("snapshot")
    transport = stalled.socket._response.connection.transport  # type: ignore[union-attr]
    transport.pause_reading()
    with capture_logs() as logs:
        for number in range(1, 400):
            await change(bus, "call1", transcript="x" * 200_000)
            assert (await live.next())["cursor"] == number
            if any(line["event"] == "slow_browser_dropped" for line in logs):
                break
    assert [line["username"] for line in logs if line["event"] == "slow_browser_dropped"] == ["anna"]
    transport.abort()
    back = await slow.live()
    assert (await back.until("snapshot"))["cursor"] == number


# --- presence ----------------------------------------------------------------------------------


async def test_a_presence_is_requested_not_assumed(bus: MemoryBus, enter: Enter) -> None:
    requests = await bus.subscribe(WISHES)
    live = await (await enter("anna")).live()
    await live.until("snapshot")
    await live.say(type="presence", presence="break", reason="lunch", phone="phone")
    wanted = await next_of(requests, PresenceRequested)
    assert (wanted.agent, wanted.presence, wanted.reason, wanted.phone) == ("anna", "break", "lunch", "phone")
    await presence(bus, "anna", "break", reason="lunch", phone="phone")
    assert (await live.next())["agent"]["presence"] == "break"


async def test_who_has_no_phone_cannot_be_ready_at_it(enter: Enter) -> None:
    live = await (await enter("sofia")).live()
    await live.until("snapshot")
    await live.say(type="presence", presence="ready")
    assert (await live.next())["code"] == "no_phone"


@pytest.mark.parametrize(
    ("why", "code"), [("refused", "presence_refused"), ("asterisk_down", "asterisk_down")]
)
async def test_a_refusal_of_the_queue_is_told_to_its_agent_only(
    bus: MemoryBus, enter: Enter, why: Any, code: str
) -> None:
    anna, bo = await (await enter("anna")).live(), await (await enter("bo")).live()
    await anna.until("snapshot")
    await bo.until("snapshot")
    await bus.publish(AGENTS, PresenceRefused(at_ms=1, agent="anna", why=why))
    assert (await anna.next())["code"] == code
    await change(bus, "call1")
    assert (await bo.next())["type"] == "call"


async def test_an_agent_whose_last_browser_is_gone_leaves_the_queue(
    bus: MemoryBus, serve: Serve, enter: Enter
) -> None:
    requests = await bus.subscribe(WISHES)
    live = await (await enter("anna", at=await serve(away_after_s=0.01))).live()
    await presence(bus, "anna", "ready")
    await live.until("presence")
    await live.socket.close()
    wanted = await next_of(requests, PresenceRequested)
    assert (wanted.agent, wanted.presence) == ("anna", "away")


async def test_a_desk_phone_keeps_its_place_without_a_browser(bus: MemoryBus, serve: Serve) -> None:
    requests = await bus.subscribe(WISHES)
    await serve(away_after_s=0.01)
    await presence(bus, "anna", "ready", phone="phone")
    await presence(bus, "bo", "ready")  # left in the queue by a server that was killed
    assert (await next_of(requests, PresenceRequested)).agent == "bo"


# --- the server itself -------------------------------------------------------------------------


async def test_stopping_the_server_closes_the_pages(serve: Serve, enter: Enter) -> None:
    server: TestServer = await serve()
    live = await (await enter("anna", at=server)).live()
    await live.until("snapshot")
    closing = asyncio.create_task(server.close())
    assert await live.closed() == 1001
    await closing


async def test_a_page_is_closed_when_its_session_ended_elsewhere(
    serve: Serve, enter: Enter, store: Store
) -> None:
    live = await (await enter("anna", at=await serve(session_check_s=0.01))).live()
    await live.until("snapshot")
    with store.uow() as tx:
        users.set_password_hash(tx, "anna", "another one")
    assert await live.closed() == 4401
