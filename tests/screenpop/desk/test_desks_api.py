"""The settings page's desks: what an admin changes, what is refused and why, and two admins at once."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from desk_browser import Browser, Enter

from casestore import audit, desks
from casestore.db import Store
from domain.desks import Desk, Membership

IT = Desk(key="it", name="IT", numbers=("100",), menu={"1": "account"})
HR = Desk(key="hr", name="Personnel", numbers=("101",), queue="hr", menu={"1": "payroll"}, ring_s=9)


@pytest.fixture
async def admin(store: Store, enter: Enter) -> Browser:
    """An admin of an installation with two desks."""
    with store.uow() as tx:
        for desk in (IT, HR):
            desks.save(tx, desk, known_version=0)
    return await enter("admin")


async def put(browser: Browser, desk: Desk, **fields: Any) -> tuple[int, Any]:
    response = await browser.change("PUT", f"/api/desks/{desk.key}", json={**asdict(desk), **fields})
    return response.status, await response.json()


async def of(browser: Browser, path: str) -> Any:
    return await (await browser.get(path)).json()


async def test_an_admin_sees_every_desk_and_one(admin: Browser) -> None:
    everything = (await of(admin, "/api/desks"))["desks"]
    assert [(desk["key"], desk["version"]) for desk in everything] == [("it", 1), ("hr", 1)]
    assert await of(admin, "/api/desks/hr") == everything[1]
    assert (await admin.get("/api/desks/nobody")).status == 404


async def test_a_change_is_saved_counted_and_audited(admin: Browser, store: Store) -> None:
    status, saved = await put(admin, HR, ring_s=20, version=1)
    assert (status, saved["ring_s"], saved["version"]) == (200, 20, 2)
    with store.reading() as tx:
        assert desks.get(tx, "hr") == replace(HR, ring_s=20, version=2)
        (entry,) = [entry for entry in audit.recent(tx, 9) if entry.kind == "settings_changed"]
    assert (entry.actor, entry.values) == ("admin", {"desk": "hr"})


async def test_a_new_desk_is_made_with_version_0(admin: Browser) -> None:
    lab = Desk(key="lab", name="Lab", numbers=("102",), queue="lab", menu={"0": "other"})
    assert (await put(admin, lab))[0] == 200
    assert len((await of(admin, "/api/desks"))["desks"]) == 3


async def test_every_fault_is_told_by_field_in_the_admins_language(admin: Browser) -> None:
    status, answer = await put(admin, HR, numbers=["100", "x"], menu={}, version=1)
    assert (status, answer["error"]["code"]) == (422, "desk_refused")
    told = {(fault["field"], fault["code"]): fault["message"] for fault in answer["faults"]}
    assert told.keys() == {("numbers", "bad_number"), ("menu", "missing")}
    _, answer = await put(admin, HR, numbers=["100"], version=1)
    assert [(fault["field"], fault["message"]) for fault in answer["faults"]] == [
        ("numbers", "Nummeret 100 hører allerede til «it»; «hr» kan ikke også ha det.")
    ]


async def test_of_two_admins_the_second_is_told_and_shown_what_stands_now(admin: Browser) -> None:
    await put(admin, HR, ring_s=20, version=1)
    status, answer = await put(admin, HR, ring_s=30, version=1)
    assert (status, answer["error"]["code"], answer["current"]["ring_s"]) == (409, "desk_conflict", 20)


async def test_what_stands_in_the_file_is_changed_there(admin: Browser, store: Store) -> None:
    with store.uow() as tx:
        desks.replace_all_of_file(tx, [HR])
    version = (await of(admin, "/api/desks/hr"))["version"]
    status, answer = await put(admin, HR, managed_by="page", version=version)
    assert (status, answer["error"]["code"]) == (409, "desk_in_file")
    gone = await admin.change("DELETE", f"/api/desks/hr?version={version}")
    assert gone.status == 409


async def test_a_desk_is_removed_and_the_last_one_is_not(admin: Browser) -> None:
    assert (await admin.change("DELETE", "/api/desks/hr?version=7")).status == 409
    assert (await admin.change("DELETE", "/api/desks/hr?version=1")).status == 204
    last = await admin.change("DELETE", "/api/desks/it?version=1")
    assert (last.status, (await last.json())["faults"][0]["code"]) == (422, "last_desk")
    assert (await admin.change("DELETE", "/api/desks/it")).status == 400


@pytest.mark.parametrize("body", ["[]", "{", '"x"', "[" * 10_000, '{"key": "it"}', '{"version": "x"}'])
async def test_what_is_no_desk_is_refused(admin: Browser, body: str) -> None:
    json = {"Content-Type": "application/json"}
    assert (await admin.change("PUT", "/api/desks/hr", data=body, headers=json)).status in (400, 422)


async def test_who_serves_which_queue_is_read_and_changed(admin: Browser, store: Store) -> None:
    before = await of(admin, "/api/memberships")
    assert before["queues"] == ["support", "hr"]
    assert {agent["username"] for agent in before["agents"]} == {"admin", "anna", "bo", "sofia"}
    change = {"version": before["version"], "memberships": [{"agent": "sofia", "queue": "hr", "penalty": 5}]}
    saved = await admin.change("PUT", "/api/memberships", json=change)
    assert (saved.status, (await saved.json())["version"] > before["version"]) == (200, True)
    with store.reading() as tx:
        assert desks.memberships(tx) == (Membership(agent="sofia", queue="hr", penalty=5),)
    again = await admin.change("PUT", "/api/memberships", json=change)
    assert (again.status, (await again.json())["current"]["version"]) == (
        409,
        (await saved.json())["version"],
    )


@pytest.mark.parametrize(
    "wrong",
    [{"agent": "nobody"}, {"queue": "nowhere"}, {"penalty": 100}, {"penalty": "x"}, {"agent": None}],
)
async def test_a_membership_of_nobody_or_nothing_is_refused(admin: Browser, wrong: dict[str, Any]) -> None:
    version = (await of(admin, "/api/memberships"))["version"]
    member = {"agent": "anna", "queue": "hr", "penalty": 1} | wrong
    answer = await admin.change("PUT", "/api/memberships", json={"version": version, "memberships": [member]})
    assert (answer.status, (await answer.json())["error"]["code"]) == (422, "membership_refused")
