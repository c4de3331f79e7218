"""Cases and callers on live pages: as they are now, before the phone rings, and no more than a page shows."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from desk_browser import Browser, Enter, Live, Serve
from stand_in_owner import StandInOwner, owning

from casestore import cases, contacts
from casestore.db import Store
from casestore.store_errors import StoreBusy
from cti.bus.memory import MemoryBus
from domain.calls import Call, CallChanged
from domain.case_events import CaseChanged
from domain.cases import Case, summary
from domain.clock import now_ms
from domain.event import new_id
from domain.offers import OfferMade
from domain.streams import CALLS, CASES, OFFERS
from screenpop.desk import live_reads


def written(store: Store, title: str = "Printer", **fields: Any) -> Case:
    with store.uow() as tx:
        case = Case(number=cases.next_number(tx), title=title, version=1, **fields)
        cases.add(tx, case)
        return case


async def changed(bus: MemoryBus, case: Case) -> None:
    await bus.publish(CASES, CaseChanged(at_ms=now_ms(), case=summary(case)))


async def call_is(bus: MemoryBus, call_id: str = "call1", **fields: Any) -> None:
    await bus.publish(CALLS, CallChanged(at_ms=now_ms(), call=Call(call_id=call_id, **fields)))


async def page_of(browser: Browser, **query: Any) -> Live:
    live = await browser.live(**query)
    await live.until("resumed" if query else "snapshot")
    return live


async def nothing_more(live: Live, bus: MemoryBus) -> None:
    """The next thing the page hears is what comes now."""
    await call_is(bus, "of no interest")
    frame = await live.next()
    assert (frame["type"], frame["call"]["call_id"]) == ("call", "of no interest")


def told(frame: dict[str, Any]) -> list[tuple[str, str]]:
    return [(case["number"], case["title"]) for case in frame["cases"]]


# --- the cases of calls -------------------------------------------------------------------------


async def test_the_case_of_a_call_is_on_every_page_and_stays_as_it_is_now(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case = written(store)
    live = await page_of(await enter("anna"))
    await call_is(bus, case_number=case.number)
    assert (await live.next())["call"]["case_number"] == case.number
    first = await live.next()
    assert (first["type"], first["case"]["title"], first["cursor"]) == ("case", "Printer", 2)
    await changed(bus, replace(case, version=2, title="Printer on fire"))
    second = await live.next()
    assert (second["case"]["title"], second["cursor"]) == ("Printer on fire", 3)
    snapshot = await (await (await enter("bo")).live()).until("snapshot")
    assert told(snapshot) == [(case.number, "Printer on fire")]


async def test_an_older_version_is_never_shown_over_a_newer_one(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case = written(store)
    live = await page_of(await enter("anna"))
    await call_is(bus, case_number=case.number)
    await live.until("case")
    await changed(bus, replace(case, version=3, title="Newest"))
    assert (await live.next())["case"]["version"] == 3
    await changed(bus, replace(case, version=2, title="Older"))
    await nothing_more(live, bus)


async def test_a_server_that_starts_shows_the_cases_of_the_calls_that_live(
    serve: Serve, enter: Enter, store: Store, owner: StandInOwner
) -> None:
    case = written(store)
    owner.calls = (Call(call_id="call1", case_number=case.number),)
    live = await (await enter("anna", at=await serve())).live()
    frame = await live.until("snapshot")
    if not frame["cases"]:
        frame = {"cases": [(await live.until("case"))["case"]]}
    assert told(frame) == [(case.number, "Printer")]


async def test_a_page_that_was_away_gets_what_became_of_a_calls_case(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case = written(store)
    anna, witness = await enter("anna"), await page_of(await enter("bo"))
    live = await anna.live()
    epoch = (await live.until("snapshot"))["epoch"]
    await live.socket.close()
    await call_is(bus, case_number=case.number)
    await changed(bus, replace(case, version=2, title="Meanwhile"))
    while (await witness.until("case"))["case"]["version"] != 2:
        pass
    back = await page_of(anna, epoch=epoch, after=0)
    while (frame := await back.until("case"))["case"]["version"] != 2:
        pass
    assert frame["case"]["title"] == "Meanwhile"


# --- what a page watches ------------------------------------------------------------------------


async def test_a_page_is_told_of_what_it_watches_and_another_is_not(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case, other = written(store), written(store, "Other")
    watching, idle = await page_of(await enter("anna")), await page_of(await enter("bo"))
    await watching.say(type="watch", cases=[case.number])
    assert told(await watching.next()) == [(case.number, "Printer")]
    await changed(bus, replace(case, version=2, title="Changed"))
    await changed(bus, replace(other, version=2, title="Of no interest"))
    frame = await watching.next()
    assert (frame["type"], told(frame)) == ("cases", [(case.number, "Changed")])
    await nothing_more(watching, bus)
    assert (await idle.next())["call"]["call_id"] == "of no interest"
    await watching.say(type="watch", cases=[other.number])
    assert told(await watching.next()) == [(other.number, "Other")]
    await changed(bus, replace(case, version=3, title="No longer watched"))
    await nothing_more(watching, bus)


async def test_what_somebody_watches_already_is_told_as_it_is_now(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case = written(store)
    first, second = await page_of(await enter("anna")), await page_of(await enter("bo"))
    await first.say(type="watch", cases=[case.number])
    await first.next()
    await changed(bus, replace(case, version=5, title="Newer than in the store"))
    await first.next()
    await second.say(type="watch", cases=[case.number, "C-999999"])
    assert told(await second.next()) == [(case.number, "Newer than in the store")]


async def test_a_watched_case_whose_call_comes_is_told_once(
    bus: MemoryBus, enter: Enter, store: Store
) -> None:
    case = written(store)
    live = await page_of(await enter("anna"))
    await live.say(type="watch", cases=[case.number])
    await live.next()
    await call_is(bus, case_number=case.number)
    assert [(await live.next())["type"] for _ in range(2)] == ["call", "case"]
    await changed(bus, replace(case, version=2))
    assert (await live.next())["type"] == "case"
    await nothing_more(live, bus)


@pytest.mark.parametrize("numbers", [["x"], ["C-1"], ["C-000001"] * 201, "C-000001", [None]])
async def test_what_cannot_be_watched_is_a_bad_message(enter: Enter, numbers: Any) -> None:
    live = await page_of(await enter("anna"))
    await live.say(type="watch", cases=numbers)
    assert (await live.next())["code"] == "bad_message"


async def test_a_page_may_watch_as_many_as_a_long_list_has(enter: Enter, store: Store) -> None:
    numbers = [written(store).number for _ in range(120)]
    live = await page_of(await enter("anna"))
    await live.say(type="watch", cases=numbers)
    seen: set[str] = set()
    while len(seen) < 120:
        seen |= {case["number"] for case in (await live.until("cases"))["cases"]}
    assert seen == set(numbers)


async def test_changes_that_were_missed_are_read_again(serve: Serve, enter: Enter, store: Store) -> None:
    bus = MemoryBus(capacity=2)
    case = written(store)
    async with owning(bus):
        live = await page_of(await enter("anna", at=await serve(bus=bus)))
        await live.say(type="watch", cases=[case.number])
        await live.next()
        with store.uow() as tx:
            newer = replace(cases.locked(tx, case.number), version=2, title="Missed")
            cases.change(tx, newer)
        for _ in range(3):  # nobody else runs between these: the server's reader is left behind
            await changed(bus, written(store))
        assert told(await live.until("cases")) == [(case.number, "Missed")]


# --- who calls ----------------------------------------------------------------------------------


async def offered(bus: MemoryBus, live: Live, offer_id: str = "offer1") -> dict[str, Any]:
    await bus.publish(OFFERS, OfferMade(at_ms=now_ms(), call_id="call1", offer_id=offer_id, agent="anna"))
    return await live.until("offer")


async def offer_until(bus: MemoryBus, live: Live, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The offer once what it brings was read, which nobody tells."""
    async with asyncio.timeout(10):
        for attempt in count():
            if holds(frame := await offered(bus, live, f"offer {new_id()} {attempt}")):
                return frame
            await asyncio.sleep(0.005)
    raise AssertionError


async def until_prepared(bus: MemoryBus, live: Live) -> dict[str, Any]:
    return await offer_until(bus, live, lambda frame: frame["caller"] is not None)


async def test_an_offer_brings_all_there_is_to_show(bus: MemoryBus, enter: Enter, store: Store) -> None:
    with store.reading() as tx:
        (maria,) = contacts.by_employee_number(tx, "4230")
    own, similar = written(store, contact_id=maria.id), written(store, "Similar")
    live = await page_of(await enter("anna"))
    about: dict[str, Any] = {"case_number": own.number, "similar": (similar.number,)}
    await call_is(bus, contact_id=maria.id, number="+46701740605", **about)
    frame = await until_prepared(bus, live)
    assert frame["caller"]["contact"]["name"] == maria.name
    assert own.number in [case["number"] for case in frame["caller"]["open_cases"]]
    assert told(frame) == [(own.number, "Printer"), (similar.number, "Similar")]


async def test_nothing_is_read_when_a_call_is_offered(
    bus: MemoryBus, enter: Enter, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = written(store)
    live = await page_of(await enter("anna"))
    await call_is(bus, number="+46701740699", case_number=case.number)
    await until_prepared(bus, live)

    def no_more(*_: object) -> None:
        raise AssertionError("the store was read")

    monkeypatch.setattr(live_reads, "_read", no_more)
    frame = await offered(bus, live, "the one")
    assert (frame["caller"]["contact"], told(frame)) == (None, [(case.number, "Printer")])
    back = await (await enter("anna")).live()
    assert {offer["offer_id"] for offer in (await back.until("snapshot"))["offers"]} >= {"the one"}


async def test_the_card_follows_the_callers_cases(bus: MemoryBus, enter: Enter, store: Store) -> None:
    with store.reading() as tx:
        (maria,) = contacts.by_employee_number(tx, "4230")
    live = await page_of(await enter("anna"))
    await call_is(bus, contact_id=maria.id)
    before = (await until_prepared(bus, live))["caller"]["open_count"]
    await changed(bus, written(store, contact_id=maria.id))
    await offer_until(bus, live, lambda frame: bool(frame["caller"]["open_count"] == before + 1))


async def test_a_database_that_fails_is_asked_again_and_shows_in_health(
    bus: MemoryBus, enter: Enter, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, fails = written(store), asyncio.Event()
    read = live_reads._read

    def fail(tx: Store, numbers: Sequence[str], calls: Sequence[Call]) -> Any:
        if not fails.is_set():
            raise StoreBusy("the database is locked by somebody else")
        return read(tx, numbers, calls)

    monkeypatch.setattr(live_reads, "_read", fail)
    monkeypatch.setattr(live_reads, "_PAUSE_S", 0.01)
    browser = await enter("anna")
    live = await page_of(browser)
    await call_is(bus, case_number=case.number)
    await live.until("call")
    async with asyncio.timeout(10):
        while "reads" not in (await (await browser.get("/healthz")).json())["parts"]["desk"]:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    fails.set()
    assert (await live.until("case"))["case"]["title"] == "Printer"
    assert (await (await browser.get("/healthz")).json())["parts"]["desk"] == "ok"
