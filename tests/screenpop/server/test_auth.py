"""Logging in, and what is refused without."""

import time

import aiohttp
import pytest
from aiohttp import WSServerHandshakeError, web
from desk_browser import PASSWORD, Browser, Enter, Serve
from structlog.testing import capture_logs

from casestore import users
from casestore.db import Store
from screenpop.server.auth import COOKIE, needs
from screenpop.server.sessions import Sessions
from screenpop.server.threads import Threads


async def error_of(response: aiohttp.ClientResponse) -> str:
    return str((await response.json())["error"]["code"])


async def test_the_right_password_gives_a_session_that_scripts_cannot_read(enter: Enter) -> None:
    browser = await enter()
    response = await browser.login("anna")
    assert await response.json() == {
        "user": {"username": "anna", "name": "Anna Dahl", "role": "agent", "language": "en"},
        "csrf": browser.csrf,
    }
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert (await browser.get("/api/me")).status == 200


async def test_the_cookie_is_secure_behind_https(serve: Serve, enter: Enter) -> None:
    browser = await enter(at=await serve(secure_cookie=True))
    response = await browser.login("anna")
    assert response.cookies[COOKIE]["secure"]


async def test_the_store_and_the_log_never_see_token_or_password(enter: Enter, store: Store) -> None:
    with capture_logs() as logs:
        browser = await enter()
        token = (await browser.login("anna")).cookies[COOKIE].value
        await browser.login("bo", "a wrong password")
    assert token not in repr(logs)
    assert PASSWORD not in repr(logs)
    assert "a wrong password" not in repr(logs)
    with store.reading() as tx:
        assert users.session(tx, token, 0) is None


@pytest.mark.parametrize(("username", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", "")])
async def test_wrong_user_and_wrong_password_look_the_same(
    enter: Enter, username: str, password: str
) -> None:
    browser = await enter()
    response = await browser.login(username, password)
    assert response.status == 401
    assert await response.json() == {
        "error": {"code": "wrong_login", "message": "Wrong user name or password."}
    }


async def test_errors_come_in_the_language_of_the_browser_then_of_the_user(enter: Enter) -> None:
    browser = await enter()
    refused = await browser.get("/api/me", headers={"Accept-Language": "nn,en;q=0.5"})
    assert (await refused.json())["error"]["message"] == "Du er ikke logget inn."
    await browser.login("bo")
    missing = await browser.get("/api/cases/C-999999", headers={"Accept-Language": "en"})
    assert (await missing.json())["error"]["message"] == "Ärendet finns inte."


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"username":1}', b'{"username":"anna","password":null}']
)
async def test_a_malformed_login_is_refused(enter: Enter, body: bytes) -> None:
    browser = await enter()
    response = await browser.post("/api/login", data=body, headers={"Content-Type": "application/json"})
    assert (response.status, await error_of(response)) == (400, "bad_request")


async def test_a_login_by_a_form_of_another_site_is_refused(enter: Enter) -> None:
    browser = await enter()
    form = {"username": "anna", "password": PASSWORD}
    assert (await browser.post("/api/login", data=form)).status == 400


async def test_a_huge_login_is_refused(enter: Enter) -> None:
    browser = await enter()
    response = await browser.login("anna", "x" * 100_000)
    assert (response.status, await error_of(response)) == (413, "too_large")


async def test_guessing_is_slowed_down_for_this_name_only(enter: Enter) -> None:
    browser = await enter()
    for _ in range(5):
        assert (await browser.login("anna", "wrong")).status == 401
    response = await browser.login("anna")
    assert (response.status, await error_of(response)) == (429, "too_many_logins")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert (await browser.login("bo")).status == 200


async def test_a_clock_that_is_set_back_locks_nobody_out(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await enter()
    with monkeypatch.context() as two_hours_ahead:
        ahead_ns = time.time_ns() + 7_200_000_000_000
        two_hours_ahead.setattr(time, "time_ns", lambda: ahead_ns)
        for _ in range(5):
            assert (await browser.login("anna", "wrong")).status == 401
    response = await browser.login("anna")
    assert response.status == 429
    assert int(response.headers["Retry-After"]) <= 60


async def test_logging_in_often_is_no_guessing(enter: Enter) -> None:
    browser = await enter()
    for _ in range(7):
        assert (await browser.login("anna")).status == 200


async def test_logging_out_ends_the_session_and_its_pages(enter: Enter) -> None:
    browser = await enter("anna")
    live = await browser.live()
    await live.until("snapshot")
    token = browser.session.cookie_jar.filter_cookies(browser.root)[COOKIE].value
    assert (await browser.post("/api/logout")).status == 204
    assert await live.closed() == 4401
    again = await browser.get("/api/me", headers={"Cookie": f"{COOKIE}={token}"})
    assert (again.status, await error_of(again)) == (401, "signed_out")


async def test_a_change_needs_the_csrf_token(enter: Enter) -> None:
    browser = await enter("anna")
    for wrong in ("", "x", "ÿ"):
        response = await browser.post("/api/logout", headers={"X-CSRF-Token": wrong})
        assert (response.status, await error_of(response)) == (403, "bad_csrf")
    assert (await browser.get("/api/me")).status == 200


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_a_foreign_origin_changes_nothing_and_hears_nothing(enter: Enter, origin: str) -> None:
    browser = await enter("anna")
    response = await browser.post("/api/logout", headers={"Origin": origin})
    assert (response.status, await error_of(response)) == (403, "bad_origin")
    response = await browser.post("/api/login", json={}, headers={"Origin": origin})
    assert (response.status, await error_of(response)) == (403, "bad_origin")
    browser.origin = origin
    with pytest.raises(WSServerHandshakeError, match="403"):
        await browser.live()


async def test_an_origin_from_the_settings_is_good(serve: Serve, enter: Enter) -> None:
    browser = await enter(at=await serve(origins=frozenset({"https://desk.example"})))
    browser.origin = "https://desk.example"
    assert (await browser.login("anna")).status == 200
    assert (await (await browser.live()).next())["type"] == "snapshot"


async def test_without_a_session_there_is_nothing_to_see(enter: Enter) -> None:
    browser = await enter()
    for path in ("/api/me", "/api/cases/C-000001", "/api/cases/C-000001/statement.wav", "/api/articles/x"):
        response = await browser.get(path, headers={"Cookie": f"{COOKIE}=forged"})
        assert (response.status, await error_of(response)) == (401, "signed_out")
    with pytest.raises(WSServerHandshakeError, match="401"):
        await browser.live()


@pytest.mark.parametrize(("username", "status"), [("anna", 403), ("sofia", 200), ("admin", 200)])
async def test_a_role_includes_those_below_it(
    serve: Serve, enter: Enter, username: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    @needs("see_audit")
    async def for_supervisors(_request: web.Request) -> web.Response:
        return web.Response()

    monkeypatch.setattr("screenpop.app._ROUTES", [web.get("/figures", for_supervisors), *app_routes()])
    browser = await enter(username, at=await serve())
    assert (await browser.get("/figures")).status == status


def app_routes() -> list[web.RouteDef]:
    from screenpop import app

    return app._ROUTES


async def test_a_session_ends_when_unused_or_old_but_not_under_an_open_page(store: Store) -> None:
    now = 0
    sessions = Sessions(store, Threads("reads", 1), life_ms=1000, idle_ms=100, clock=lambda: now)
    with store.reading() as tx:
        anna = users.by_username(tx, "anna")
    assert anna is not None
    idle, _ = await sessions.begin(anna)
    used, csrf = await sessions.begin(anna)
    now = 90
    found = await sessions.find(used)
    assert found is not None
    assert (found.user.username, found.csrf) == ("anna", csrf)
    now = 180
    assert await sessions.find(idle) is None
    with sessions.held(found.token_hash):
        now = 900
        assert await sessions.find(used)
    now = 999
    assert await sessions.find(used)
    now = 1000
    assert await sessions.find(used) is None
    assert await sessions.find("") is None


async def test_a_browser_knows_nothing_of_another_ones_session(enter: Enter) -> None:
    anna, bo = await enter("anna"), await enter("bo")
    response = await anna.post("/api/logout", headers={"X-CSRF-Token": bo.csrf})
    assert await error_of(response) == "bad_csrf"


async def test_what_a_hostile_host_header_gets(enter: Enter) -> None:
    browser: Browser = await enter()
    response = await browser.get("/healthz", headers={"Host": "x; script-src *"})
    assert response.status == 400
    assert "script-src *" not in response.headers["Content-Security-Policy"]
