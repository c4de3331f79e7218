"""Somebody changes their own password."""

from typing import Any

import pytest
from desk_browser import PASSWORD, Browser, Enter

from casestore import audit
from casestore.db import Store

NEW = "a new password of some length"


async def change(browser: Browser, old: str = PASSWORD, new: str = NEW) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    response = await browser.post("/api/password", json={"old": old, "new": new})
    body: dict[str, Any] = {} if response.status == 204 else await response.json()
    return response.status, body.get("error", {}).get("code", "")


async def test_the_new_password_counts_and_the_old_one_does_not(enter: Enter, store: Store) -> None:
    browser = await enter("anna")
    assert await change(browser) == (204, "")
    assert (await (await enter()).login("anna")).status == 401
    assert (await (await enter()).login("anna", NEW)).status == 200
    with store.reading() as tx:
        noted = [(entry.actor, entry.kind) for entry in audit.recent(tx, 9)]
    assert ("anna", "password_changed") in noted
    assert NEW not in repr(noted)


async def test_the_other_sessions_end_and_their_pages_close_and_this_one_stays(enter: Enter) -> None:
    browser, other, bo = await enter("anna"), await enter("anna"), await enter("bo")
    live = await other.live()
    await live.until("snapshot")
    assert (await change(browser))[0] == 204
    assert await live.closed() == 4401
    assert (await other.get("/api/me")).status == 401
    assert (await browser.get("/api/me")).status == 200
    assert (await bo.get("/api/me")).status == 200


async def test_it_needs_the_old_one(enter: Enter) -> None:
    browser = await enter("anna")
    assert await change(browser, old="not this") == (403, "wrong_password")
    assert (await (await enter()).login("anna")).status == 200


async def test_guessing_the_old_one_is_slowed_down_as_a_login_is(enter: Enter) -> None:
    browser = await enter("anna")
    for _ in range(5):
        assert (await change(browser, old="a guess"))[0] == 403
    assert await change(browser) == (429, "too_many_logins")


@pytest.mark.parametrize("new", ["", "123456789"])
async def test_a_short_one_is_refused(enter: Enter, new: str) -> None:
    assert await change(await enter("anna"), new=new) == (400, "weak_password")


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"old":1,"new":2}'])
async def test_a_malformed_request_is_refused(enter: Enter, body: bytes) -> None:
    browser = await enter("anna")
    headers = {"Content-Type": "application/json"}
    assert (await browser.post("/api/password", data=body, headers=headers)).status == 400
