"""What people of the desk did, as those see it who may."""

from pathlib import Path
from typing import Any

from desk_browser import PASSWORD, Enter

from casestore import audit, cases, recordings
from casestore.cases import NewCase
from casestore.db import Store


async def entries(enter: Enter, query: str = "") -> list[dict[str, Any]]:
    body = await (await (await enter("sofia")).get(f"/api/audit{query}")).json()
    found: list[dict[str, Any]] = body["entries"]
    return found


async def test_logins_and_refused_ones_are_seen_and_what_was_typed_is_not(enter: Enter) -> None:
    await enter("anna")
    await (await enter()).login("bo", "wrong")
    await (await enter()).login(PASSWORD, "typed into the wrong field")
    seen = [(entry["actor"], entry["kind"]) for entry in await entries(enter)]
    assert seen == [
        ("sofia", "logged_in"),
        ("(unknown)", "login_refused"),
        ("bo", "login_refused"),
        ("anna", "logged_in"),
    ]
    assert [entry["kind"] for entry in await entries(enter, "?actor=anna")] == ["logged_in"]


async def test_who_listened_to_a_caller_is_seen_once_however_the_player_asks(
    enter: Enter, store: Store, tmp_path: Path
) -> None:
    with store.uow() as tx:
        new = NewCase(title="x", service="printing", category="incident", call_id="call1")
        number = cases.register(tx, new, by="ivr", now_ms=1000).number
        recordings.add(
            tx, recordings.write(tmp_path / "statements", number, bytes(range(100)), 16000, now_ms=1)
        )
    browser = await enter("anna")
    for piece in ("bytes=0-", "bytes=40-", "bytes=60-70"):
        await browser.get(f"/api/cases/{number}/statement.wav", headers={"Range": piece})
    heard = [entry for entry in await entries(enter) if entry["kind"] == "statement_heard"]
    assert [(entry["actor"], entry["values"]) for entry in heard] == [("anna", {"case": number})]


async def test_it_comes_a_page_at_a_time(enter: Enter, store: Store) -> None:
    with store.uow() as tx:
        for number in range(150):
            audit.note(tx, "anna", "statement_heard", {"case": f"C-{number:06}"}, number)
    sofia = await enter("sofia")
    first = await (await sofia.get("/api/audit?actor=anna")).json()
    rest = await (await sofia.get(f"/api/audit?actor=anna&before={first['older_than']}")).json()
    assert (len(first["entries"]), len(rest["entries"]), rest["older_than"]) == (100, 50, None)
    assert (await sofia.get("/api/audit?before=x")).status == 200
