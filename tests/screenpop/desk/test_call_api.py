"""Who calls, and how a call stands for `svarklar call`."""

from dataclasses import replace

import pytest
from desk_browser import API_TOKEN, Enter

from casestore import calls, cases, contacts
from casestore.db import Store
from cti.bus.memory import MemoryBus
from domain.calls import Call, CallChanged
from domain.case_events import CaseChanged
from domain.cases import Case, summary
from domain.streams import CALLS, CASES

HOSTILE = "<img src=x onerror=alert(1)>"
RIGHT = {"Authorization": f"Bearer {API_TOKEN}"}
PATH = "/api/calls?sip_call_id=abc@phone"


def written(store: Store, **fields: object) -> Case:
    with store.uow() as tx:
        case = Case(number=cases.next_number(tx), **fields)  # type: ignore[arg-type]
        cases.add(tx, case)
        return case


async def test_a_call_is_for_the_holder_of_the_token(enter: Enter, store: Store) -> None:
    browser = await enter()
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="call1", sip_call_id="abc@phone", number=HOSTILE)])
    for wrong in ("", "Bearer", "Bearer ", "Bearer wrong", f"Basic {API_TOKEN}", "Bearer ÿ"):
        assert (await browser.get(PATH, headers={"Authorization": wrong})).status == 401
    found = await browser.get(PATH, headers=RIGHT)
    body = await found.json()
    assert (body["number"], body["case"]) == (HOSTILE, None)
    assert (await browser.get("/api/calls?sip_call_id=other", headers=RIGHT)).status == 404
    assert (await browser.get("/api/calls", headers=RIGHT)).status == 404


async def test_a_call_on_screen_is_told_as_it_is_now_with_its_case(
    enter: Enter, store: Store, bus: MemoryBus
) -> None:
    case = written(store, title="As registered", version=1)
    with store.uow() as tx:
        kept = Call(call_id="call1", sip_call_id="abc@phone", number="as saved", case_number=case.number)
        calls.save(tx, [kept])
    browser = await enter("anna")
    assert (await (await browser.get(PATH, headers=RIGHT)).json())["case"]["title"] == "As registered"
    live = await browser.live()
    now = replace(kept, number="as on screen")
    await bus.publish(CALLS, CallChanged(at_ms=1, call=now))
    await live.until("case")
    found = await browser.get(PATH, headers=RIGHT)
    assert (await found.json())["number"] == "as on screen"
    again = RIGHT | {"If-None-Match": found.headers["ETag"]}
    assert (await browser.get(PATH, headers=again)).status == 304
    await bus.publish(CASES, CaseChanged(at_ms=2, case=summary(replace(case, version=2, title="Changed"))))
    await live.until("case")
    changed = await browser.get(PATH, headers=again)
    assert (changed.status, (await changed.json())["case"]["title"]) == (200, "Changed")


async def test_who_calls_is_known_also_of_a_call_that_is_over(enter: Enter, store: Store) -> None:
    with store.uow() as tx:
        (maria,) = contacts.by_employee_number(tx, "4230")
        calls.save(
            tx,
            [
                Call(call_id="call1", contact_id=maria.id, marks={"answered": 5}),
                Call(call_id="call0", contact_id=maria.id, marks={"answered": 1}),
                Call(call_id="call2", number="+46701740699", marks={"answered": 6}),
                Call(call_id="call3", number="+46701740699", marks={"answered": 7}),
            ],
        )
    for status in ("open", "pending", "resolved", "merged"):
        written(store, title=status, status=status, contact_id=maria.id, opened_ms=2_000_000)
    browser = await enter("anna")
    card = await (await browser.get("/api/calls/call1/caller")).json()
    assert (card["contact"]["name"], card["contact"]["department"]) == (maria.name, maria.department)
    assert [case["title"] for case in card["open_cases"]][:2] == ["pending", "open"]
    assert card["open_count"] == len(card["open_cases"])
    assert [case["title"] for case in card["earlier_cases"]] == ["resolved"]
    assert [call["call_id"] for call in card["calls"]] == ["call0"]
    stranger = await (await browser.get("/api/calls/call3/caller")).json()
    assert stranger["contact"] is None
    assert [call["call_id"] for call in stranger["calls"]] == ["call2"]
    person = await (await browser.get(f"/api/contacts/{maria.id}")).json()
    assert [call["call_id"] for call in person["calls"]] == ["call1", "call0"]


@pytest.mark.parametrize("path", ["/api/calls/none/caller", "/api/contacts/99999", "/api/contacts/x"])
async def test_who_is_not_there_is_not_found(enter: Enter, path: str) -> None:
    assert (await (await enter("anna")).get(path)).status == 404
