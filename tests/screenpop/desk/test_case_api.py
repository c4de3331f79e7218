"""Cases over HTTP: what pages ask of them, with the store and the owner of cases as they run."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from desk_browser import Browser, Enter, Serve

from casestore import calls, cases, contacts, users
from casestore.db import Store
from casework.service import CaseService
from cti.bus.memory import MemoryBus
from domain.calls import Call
from domain.case_commands import Note, Register
from domain.case_events import CaseChanged
from domain.cases import Case, NewCase, Suggestion
from domain.event import new_id
from domain.streams import CASES
from tests.bus_events import events_of

HOSTILE = "<img src=x onerror=alert(1)>"

Post = Callable[..., Awaitable[dict[str, Any]]]


async def registered(casework: CaseService, title: str = "Printer", call_id: str = "", **new: Any) -> Case:
    return await casework.carry_out(
        "", Register(actor="ivr", at_ms=1, call_id=call_id, new=NewCase(title=title, **new))
    )


async def ask(browser: Browser, number: str, command: str, status: int = 200, **body: Any) -> dict[str, Any]:
    body = {"change_id": new_id()} | body
    response = await browser.post(f"/api/cases/{number}/{command}", json=body)
    assert response.status == status, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def read(browser: Browser, path: str) -> dict[str, Any]:
    response = await browser.get(path)
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


# --- one case ----------------------------------------------------------------------------------


async def test_a_case_comes_with_its_history_its_calls_and_what_was_suggested(
    enter: Enter, store: Store, casework: CaseService
) -> None:
    case = await registered(casework, HOSTILE, call_id="call1")
    suggestion = Suggestion(article="printer", title="Printer", score=0.9, because=("printer",))
    marks: Any = {"answered": 1_000, "connected": 31_000, "ended": 90_000}
    kept = Call(
        call_id="call1", case_number=case.number, suggestions=(suggestion,), agent="anna", marks=marks
    )
    with store.uow() as tx:
        calls.save(tx, [replace(kept, outcome="answered")])
    body = await read(await enter("anna"), f"/api/cases/{case.number}")
    assert (body["case"]["number"], body["case"]["title"]) == (case.number, HOSTILE)
    assert (body["summary"]["number"], body["summary"]["version"]) == (case.number, case.version)
    assert [(line["kind"], line["actor"]) for line in body["history"]] == [("registered", "ivr")]
    assert body["older"] is None
    assert body["calls"] == [
        {
            "call_id": "call1", "at_ms": 1_000, "outcome": "answered", "agent": "anna",
            "case_number": case.number, "waited_ms": 30_000,
        }
    ]  # fmt: skip
    assert body["suggestions"] == [
        {"article": "printer", "title": "Printer", "score": 0.9, "because": ["printer"]}
    ]


async def test_a_long_history_comes_page_by_page_and_a_note_once(enter: Enter, casework: CaseService) -> None:
    case = await registered(casework)
    browser = await enter("anna")
    for number in range(60):
        note = Note(actor="anna", at_ms=number, note_id=f"anna/{number}", text=f"note {number}")
        await casework.carry_out(case.number, note)
    await ask(browser, case.number, "note", note_id="anna/59", text="note 59, saved again")
    first = await read(browser, f"/api/cases/{case.number}")
    assert len(first["history"]) == 50
    assert first["history"][0]["note"] == "note 59, saved again"
    second = await read(browser, f"/api/cases/{case.number}?before={first['older']}")
    assert (len(second["history"]), second["older"]) == (11, None)
    notes = [line["note"] for page in (first, second) for line in page["history"] if line["kind"] == "noted"]
    assert notes == ["note 59, saved again", *(f"note {number}" for number in range(58, -1, -1))]
    assert (await browser.get(f"/api/cases/{case.number}?before=x")).status == 400


@pytest.mark.parametrize(
    "number", ["C-999999", "c-1", "'; DROP TABLE cases; --", "..%2f..%2fsvarklar.db", "%00"]
)
async def test_a_case_that_is_none_is_not_found(enter: Enter, number: str) -> None:
    browser = await enter("anna")
    assert (await browser.get(f"/api/cases/{number}")).status == 404
    assert (await browser.get(f"/api/cases/{number}/statement.wav")).status == 404
    await ask(browser, number, "solve", status=404)
    await ask(browser, number, "undo", status=404, event_id="nothing")


# --- what is done about it ----------------------------------------------------------------------


async def test_what_an_agent_changes_is_so_and_is_stated_to_everybody(
    enter: Enter, casework: CaseService, bus: MemoryBus
) -> None:
    case = await registered(casework)
    said = events_of(await bus.subscribe(CASES))
    changed = await ask(
        await enter("anna"), case.number, "classify",
        version=case.version, title="Printer on fire", impact="everyone", urgency="stopped",
    )  # fmt: skip
    assert (changed["case"]["title"], changed["case"]["priority"], changed["case"]["agent"]) == (
        "Printer on fire",
        1,
        "anna",
    )
    assert changed["summary"]["version"] == changed["case"]["version"] == case.version + 1
    async for event in said:
        if isinstance(event, CaseChanged):
            assert (event.case.title, event.case.version) == ("Printer on fire", case.version + 1)
            break


async def test_each_command_does_what_it_says(enter: Enter, casework: CaseService) -> None:
    number = (await registered(casework)).number
    anna, bo = await enter("anna"), await enter("bo")
    assert (await ask(anna, number, "assign", agent="bo"))["case"]["agent"] == "bo"
    assert (await ask(anna, number, "takeover"))["case"]["agent"] == "anna"
    assert (await ask(anna, number, "hold"))["case"]["status"] == "pending"
    assert (await ask(anna, number, "resume"))["case"]["status"] == "open"
    await ask(bo, number, "note", note_id="bo/1", text="I know this one")
    solved = await ask(anna, number, "solve", article="printer", solution="Turned it off")
    assert (solved["case"]["status"], solved["case"]["article"]) == ("resolved", "printer")
    assert (await ask(anna, number, "close"))["case"]["status"] == "closed"
    assert (await ask(anna, number, "reopen"))["case"]["status"] == "open"
    kinds = [line["kind"] for line in (await read(anna, f"/api/cases/{number}"))["history"]]
    assert kinds == [
        "reopened", "closed", "solved", "noted", "resumed", "held", "assigned", "assigned", "registered",
    ]  # fmt: skip


async def test_a_case_is_registered_by_hand(enter: Enter, store: Store) -> None:
    with store.reading() as tx:
        (maria,) = contacts.by_employee_number(tx, "4230")
    browser = await enter("anna")
    body = {"change_id": new_id(), "title": "New laptop", "service": "hardware", "contact_id": maria.id}
    made = [await (await browser.post("/api/cases", json=body)).json() for _ in range(2)]
    assert made[0] == made[1]
    case = made[0]["case"]
    assert (case["title"], case["contact_name"]) == ("New laptop", maria.name)
    with store.reading() as tx:
        assert cases.get(tx, case["number"])


async def test_a_request_that_comes_twice_is_carried_out_once(enter: Enter, casework: CaseService) -> None:
    number = (await registered(casework)).number
    browser, change_id = await enter("anna"), new_id()
    first = await ask(browser, number, "note", change_id=change_id, note_id="anna/1", text="once")
    again = await ask(browser, number, "note", change_id=change_id, note_id="anna/1", text="once")
    assert first == again
    history = (await read(browser, f"/api/cases/{number}"))["history"]
    assert [line["kind"] for line in history] == ["noted", "registered"]


async def test_two_who_change_the_same_are_shown_what_the_other_did_and_nothing_is_overwritten(
    enter: Enter, casework: CaseService
) -> None:
    case = await registered(casework)
    anna, bo = await enter("anna"), await enter("bo")
    await ask(anna, case.number, "classify", version=case.version, title="Anna's")
    refused = await ask(bo, case.number, "classify", status=409, version=case.version, title="Bo's")
    assert refused["error"] == {
        "code": "case_conflict",
        "message": "Någon annan har ändrat detta under tiden. Inget har skrivits över.",
    }
    assert refused["stale"] == ["title"]
    assert refused["current"]["case"]["title"] == "Anna's"
    assert refused["current"]["history"][0]["actor"] == "anna"
    # Something else at the same time is no conflict.
    assert (await ask(bo, case.number, "classify", version=case.version, service="printing"))["case"][
        "title"
    ] == "Anna's"
    newest = refused["current"]["case"]["version"]
    assert (await ask(bo, case.number, "classify", version=newest, title="Bo's"))["case"]["title"] == "Bo's"


async def test_what_a_status_does_not_allow_is_refused_with_the_case_as_it_is(
    enter: Enter, casework: CaseService
) -> None:
    number = (await registered(casework)).number
    browser = await enter("anna")
    refused = await ask(browser, number, "close", status=409)
    assert (refused["error"]["code"], refused["stale"]) == ("case_not_allowed", [])
    assert refused["current"]["case"]["status"] == "open"
    theirs = await ask(browser, number, "note", status=409, note_id="bo/1", text="in Bo's name")
    assert theirs["error"]["code"] == "case_not_allowed"


async def test_ones_own_change_can_be_undone_and_nobody_elses(enter: Enter, casework: CaseService) -> None:
    case = await registered(casework)
    anna, bo, change_id = await enter("anna"), await enter("bo"), new_id()
    await ask(anna, case.number, "classify", change_id=change_id, title="Wrong")
    await ask(bo, case.number, "undo", status=409, event_id=change_id)
    undone = await ask(anna, case.number, "undo", event_id=change_id)
    assert undone["case"]["title"] == case.title
    await ask(anna, case.number, "undo", status=404, event_id="never happened")


async def test_a_call_is_about_the_case_that_an_agent_says(
    enter: Enter, store: Store, casework: CaseService
) -> None:
    old = await registered(casework, "Printer")
    new = await registered(casework, "Printer again", call_id="call1")
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="call1", case_number=new.number)])
    browser = await enter("anna")
    linked = await ask(browser, old.number, "link", call_id="call1")
    assert linked["case"]["number"] == old.number
    assert (await read(browser, f"/api/cases/{new.number}"))["case"]["merged_into"] == old.number
    await ask(browser, old.number, "link", status=404, call_id="no call")


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("classify", {"title": ""}),
        ("classify", {"title": "x" * 201}),
        ("classify", {"title": "two\nlines"}),
        ("classify", {"impact": "all"}),
        ("classify", {"priority": 1}),
        ("classify", {"actor": "bo"}),
        ("classify", {"change_id": "short"}),
        ("classify", {"version": -1}),
        ("assign", {"agent": "Nobody Known"}),
        ("assign", {"agent": "nobody"}),
        ("note", {"note_id": "anna", "text": ""}),
        ("note", {"note_id": "anna/1", "text": "x" * 16_001}),
        ("solve", {"article": "../../etc/passwd"}),
        ("link", {}),
        ("undo", {"event_id": ""}),
    ],
)
async def test_what_no_page_of_ours_asks_is_refused(
    enter: Enter, casework: CaseService, command: str, body: dict[str, Any]
) -> None:
    number = (await registered(casework)).number
    await ask(await enter("anna"), number, command, status=400, **body)


async def test_a_command_that_is_none_a_form_and_a_foreign_page_are_refused(
    enter: Enter, casework: CaseService
) -> None:
    number = (await registered(casework)).number
    browser = await enter("anna")
    await ask(browser, number, "delete", status=404)
    path, body = f"/api/cases/{number}/solve", {"change_id": new_id()}
    assert (await browser.post(path, data=body)).status == 400
    assert (await browser.post(path, json=body, headers={"X-CSRF-Token": "x"})).status == 403
    assert (await browser.post(path, json=body, headers={"Origin": "https://evil.example"})).status == 403
    assert (await (await enter()).post(path, json=body)).status == 401
    assert (await read(browser, f"/api/cases/{number}"))["case"]["status"] == "open"


async def test_who_may_not_work_on_cases_changes_none_and_reads_none(enter: Enter) -> None:
    stranger = await enter()
    for path in ("/api/cases", "/api/cases/C-000001", "/api/contacts/1", "/api/calls/call1/caller"):
        assert (await stranger.get(path)).status == 401


async def test_a_busy_database_loses_nothing_the_page_asks_again(
    enter: Enter, serve: Serve, store: Store, casework: CaseService, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = (await registered(casework)).number
    browser, change_id = await enter("anna"), new_id()
    monkeypatch.setattr("casework.owner._PATIENCE_S", 0.02)
    with store.uow() as tx:
        users.all_users(tx)
        busy = await ask(browser, number, "solve", status=503, change_id=change_id)
    assert busy["error"]["code"] == "busy"
    solved = await ask(browser, number, "solve", change_id=change_id)
    assert solved["case"]["status"] == "resolved"
    assert len((await read(browser, f"/api/cases/{number}"))["history"]) == 2


# --- lists --------------------------------------------------------------------------------------


async def test_lists_are_narrowed_ordered_and_paged(enter: Enter, casework: CaseService) -> None:
    browser = await enter("anna")
    for title in ("Printer one", "Printer two", "Network"):
        await registered(casework, title)
    mine = await registered(casework, "Printer mine", impact="everyone", urgency="stopped")
    await ask(browser, mine.number, "takeover")

    async def titles(query: str) -> list[str]:
        return [case["title"] for case in (await read(browser, f"/api/cases?{query}"))["cases"]]

    assert (await titles("q=print"))[:3] == ["Printer mine", "Printer two", "Printer one"]
    assert await titles("scope=mine") == ["Printer mine"]
    assert await titles("priority=1") == ["Printer mine"]
    assert (await titles("sort=priority"))[0] == "Printer mine"
    assert await titles(f"q={mine.number}") == ["Printer mine"]
    await ask(browser, mine.number, "solve")
    assert await titles("scope=mine") == []
    assert await titles("scope=mine&status=any") == await titles("status=resolved") == ["Printer mine"]
    first = await read(browser, "/api/cases?q=print&limit=1&status=any")
    assert [case["title"] for case in first["cases"]] == ["Printer mine"]
    second = await read(browser, f"/api/cases?q=print&limit=1&status=any&after={first['next']}")
    assert [case["title"] for case in second["cases"]] == ["Printer two"]


@pytest.mark.parametrize(
    "query",
    ["scope=everybody", "status=lost", "priority=0", "limit=1000", "limit=x", "sort=random", "after=x",
     "sort=priority&after=12", "service=%00", "q=" + "x" * 201],
)  # fmt: skip
async def test_a_list_that_cannot_be_is_refused(enter: Enter, query: str) -> None:
    assert (await (await enter("anna")).get(f"/api/cases?{query}")).status == 400
