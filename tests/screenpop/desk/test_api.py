"""What pages and `svarklar call` ask for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import hdrs
from desk_browser import API_TOKEN, Enter, Serve
from structlog.testing import capture_logs

from casestore import calls, cases, knowledge, recordings, users
from casestore.cases import NewCase
from casestore.db import Store
from cti.bus.memory import MemoryBus
from domain.calls import Call, CallChanged
from domain.cases import Suggestion
from domain.streams import CALLS
from screenpop.app import make_app
from screenpop.server.config import WebConfig

HOSTILE = "<img src=x onerror=alert(1)>"


def register(store: Store, call_id: str = "call1") -> str:
    with store.uow() as tx:
        new = NewCase(title=HOSTILE, service="printing", category="incident", call_id=call_id)
        return cases.register(tx, new, by="ivr", now_ms=1000).number


async def test_me_has_the_credentials_of_the_own_phone_and_of_no_other(enter: Enter) -> None:
    browser = await enter("anna")
    body = await (await browser.get("/api/me")).json()
    ws_url = f"ws://{browser.root.host}:8088/ws"
    assert body["phone"] == {
        "uri": "sip:anna-browser@127.0.0.1",
        "username": "anna-browser",
        "password": "secret of anna-browser",
        "ws_url": ws_url,
    }
    assert body["csrf"] == browser.csrf
    assert body["support_number"] == "100"
    assert "lunch" in body["break_reasons"]
    assert "bo-browser" not in str(body)
    assert "anna-phone" not in str(body)


async def test_who_has_no_phone_gets_none(enter: Enter) -> None:
    body = await (await (await enter("sofia")).get("/api/me")).json()
    assert body["phone"] is None
    body = await (await (await enter("admin")).get("/api/me")).json()
    assert body["webcaller"]["username"] == "webcaller"


async def test_a_case_comes_with_its_history_and_what_its_call_was_suggested(
    enter: Enter, store: Store
) -> None:
    number = register(store)
    suggestion = Suggestion(article="printer", title="Printer", score=0.9, because=("printer",))
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="call1", suggestions=(suggestion,))])
    body = await (await (await enter("anna")).get(f"/api/cases/{number}")).json()
    assert (body["case"]["number"], body["case"]["title"]) == (number, HOSTILE)
    assert [line["by"] for line in body["history"]] == ["ivr"]
    assert body["suggestions"] == [
        {"article": "printer", "title": "Printer", "score": 0.9, "because": ["printer"]}
    ]


@pytest.mark.parametrize(
    "number", ["C-999999", "c-1", "'; DROP TABLE cases; --", "..%2f..%2fsvarklar.db", "%00"]
)
async def test_a_case_that_is_none_is_not_found(enter: Enter, number: str) -> None:
    browser = await enter("anna")
    assert (await browser.get(f"/api/cases/{number}")).status == 404
    assert (await browser.get(f"/api/cases/{number}/statement.wav")).status == 404


async def test_the_statement_is_played_from_anywhere_and_who_listened_is_logged(
    enter: Enter, store: Store, tmp_path: Path
) -> None:
    number = register(store)
    recording = recordings.write(tmp_path / "statements", number, bytes(range(100)), 16000, now_ms=1)
    with store.uow() as tx:
        recordings.add(tx, recording)
    sound = (tmp_path / "statements" / recording.file).read_bytes()
    browser = await enter("anna")
    with capture_logs() as logs:
        whole = await browser.get(f"/api/cases/{number}/statement.wav")
        part = await browser.get(f"/api/cases/{number}/statement.wav", headers={"Range": "bytes=4-7"})
    assert (whole.status, whole.content_type, await whole.read()) == (200, "audio/wav", sound)
    assert (part.status, await part.read()) == (206, sound[4:8])
    assert "no-store" in whole.headers[hdrs.CACHE_CONTROL]
    heard = [(line["username"], line["case"]) for line in logs if line["event"] == "statement_heard_by"]
    assert heard == [("anna", number)] * 2


async def test_an_article_is_html_that_carries_no_script(enter: Enter, store: Store, tmp_path: Path) -> None:
    hostile = (
        f"# Title\n\n{HOSTILE}\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) "
        "[b](https://example.org/x) ![c](https://example.org/track.png)\n\n| x |\n|---|\n| y |\n"
    )
    front = "---\ntitle: Title\nservice: printing\ncategory: incident\nlanguage: en\n---\n"
    (tmp_path / "services.toml").write_text("[service.printing]\n[category.incident]\n", encoding="utf-8")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "printer.md").write_text(front + hostile, encoding="utf-8")
    with store.uow() as tx:
        assert knowledge.import_directory(tx, tmp_path).errors == ()
    body = await (await (await enter("bo")).get("/api/articles/printer")).json()
    assert (body["key"], body["language"], body["title"]) == ("printer", "en", "Title")
    html = body["html"]
    assert "<h1>Title</h1>" in html
    assert "<td>y</td>" in html
    assert 'href="https://example.org/x" target="_blank" rel="noopener noreferrer"' in html
    for dangerous in ("<script", "<img", 'href="javascript:'):
        assert dangerous not in html
    assert (await (await enter("bo")).get("/api/articles/unknown")).status == 404


async def test_a_call_is_for_the_holder_of_the_token(enter: Enter, store: Store) -> None:
    browser = await enter()
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="call1", sip_call_id="abc@phone", number=HOSTILE)])
    path = "/api/calls?sip_call_id=abc@phone"
    for wrong in ("", "Bearer", "Bearer ", "Bearer wrong", f"Basic {API_TOKEN}", "Bearer ÿ"):
        assert (await browser.get(path, headers={"Authorization": wrong})).status == 401
    right = {"Authorization": f"Bearer {API_TOKEN}"}
    found = await browser.get(path, headers=right)
    assert (await found.json())["number"] == HOSTILE
    assert (await browser.get("/api/calls?sip_call_id=other", headers=right)).status == 404
    assert (await browser.get("/api/calls", headers=right)).status == 404


async def test_a_call_on_screen_is_told_as_it_is_now(enter: Enter, store: Store, bus: MemoryBus) -> None:
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="call1", sip_call_id="abc@phone", number="as saved")])
    browser = await enter("anna")
    live = await browser.live()
    now = Call(call_id="call1", sip_call_id="abc@phone", number="as on screen")
    await bus.publish(CALLS, CallChanged(at_ms=1, call=now))
    await live.until("call")
    right = {"Authorization": f"Bearer {API_TOKEN}"}
    path = "/api/calls?sip_call_id=abc@phone"
    found = await browser.get(path, headers=right)
    assert (await found.json())["number"] == "as on screen"
    again = right | {"If-None-Match": found.headers["ETag"]}
    assert (await browser.get(path, headers=again)).status == 304
    await bus.publish(CALLS, CallChanged(at_ms=2, call=replace(now, number="changed")))
    await live.until("call")
    assert (await browser.get(path, headers=again)).status == 200


async def test_figures_are_for_the_holder_of_the_token(serve: Serve, enter: Enter) -> None:
    browser = await enter(at=await serve(figures=lambda: {"loop_longest_stall_ms": 1.5}))
    right = {"Authorization": f"Bearer {API_TOKEN}"}
    assert await (await browser.get("/api/figures", headers=right)).json() == {"loop_longest_stall_ms": 1.5}
    assert (await browser.get("/api/figures")).status == 401


async def test_a_login_is_no_token(enter: Enter) -> None:
    assert (await (await enter("admin")).get("/api/calls?sip_call_id=x")).status == 401


async def test_without_a_token_in_the_settings_nobody_holds_it(serve: Serve, enter: Enter) -> None:
    browser = await enter(at=await serve(api_token=""))
    assert (await browser.get("/api/calls?sip_call_id=x", headers={"Authorization": "Bearer "})).status == 401


async def test_health_names_the_parts(serve: Serve, enter: Enter) -> None:
    browser = await enter(at=await serve(health=lambda: {"asterisk": "ok"}))
    response = await browser.get("/healthz")
    assert response.status == 200
    assert await response.json() == {
        "status": "ok",
        "parts": {"asterisk": "ok", "desk": "ok", "database": "ok"},
    }
    browser = await enter(at=await serve(health=lambda: {"asterisk": "down"}))
    assert (await (await browser.get("/healthz")).json())["status"] == "degraded"


async def test_a_database_that_is_unusable_is_said(enter: Enter, store: Store, tmp_path: Path) -> None:
    browser = await enter("anna")
    store.close()
    (tmp_path / "svarklar.db").write_bytes(b"no database at all" * 1000)
    response = await browser.get("/healthz")
    assert (response.status, (await response.json())["parts"]["database"]) == (503, "failed")
    failed = await browser.get("/api/me")
    assert (failed.status, (await failed.json())["error"]["code"]) == (500, "internal")


async def test_a_locked_database_is_a_clear_answer(
    enter: Enter, serve: Serve, store: Store, tmp_path: Path
) -> None:
    impatient = Store(f"sqlite:///{tmp_path / 'svarklar.db'}", busy_timeout_ms=1)
    browser = await enter(at=await serve(store=impatient))
    with store.uow() as tx:
        users.all_users(tx)
        response = await browser.login("anna")
    assert (response.status, (await response.json())["error"]["code"]) == (503, "busy")
    assert (await browser.login("anna")).status == 200
    impatient.close()


def test_no_secret_shows_in_the_configuration() -> None:
    config = WebConfig(statements=Path(), api_token=API_TOKEN, sip_passwords={"anna-browser": "secret"})
    assert API_TOKEN not in repr(config)
    assert "secret" not in repr(config)


def test_making_the_app_connects_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    make_app(WebConfig(statements=tmp_path, api_token="", sip_passwords={}), store, MemoryBus())
