"""Every route of the app for every role, and for who has not logged in."""

from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from desk_browser import API_TOKEN, Browser, Enter
from structlog.testing import capture_logs

from casestore import users
from casestore.db import Store
from domain.rights import RIGHTS, RIGHTS_OF, may
from domain.users import ROLES, Role
from screenpop.desk.messages import MESSAGES, RIGHT_TO_SAY
from screenpop.server.auth import COOKIE, SESSIONS, Guard, guard_of

ROUTES: dict[tuple[str, str], Guard] = {
    ("GET", "/"): "public",
    ("GET", "/cases"): "public",
    ("GET", "/cases/{number}"): "public",
    ("GET", "/login"): "public",
    ("GET", "/phone"): "public",
    ("GET", "/settings"): "public",
    ("GET", "/{name}"): "public",
    ("GET", "/healthz"): "public",
    ("POST", "/api/login"): "public",
    ("GET", "/api/calls"): "token",
    ("GET", "/api/figures"): "token",
    ("GET", "/api/me"): "own_session",
    ("POST", "/api/logout"): "own_session",
    ("POST", "/api/password"): "own_password",
    ("GET", "/api/audit"): "see_audit",
    ("GET", "/live"): "see_calls",
    ("GET", "/api/calls/{call_id}/caller"): "see_cases",
    ("GET", "/api/contacts/{contact_id}"): "see_cases",
    ("GET", "/api/cases"): "see_cases",
    ("POST", "/api/cases"): "edit_cases",
    ("GET", "/api/cases/{number}"): "see_cases",
    ("POST", "/api/cases/{number}/undo"): "edit_cases",
    ("POST", "/api/cases/{number}/link"): "edit_cases",
    ("POST", "/api/cases/{number}/{command}"): "edit_cases",
    ("GET", "/api/cases/{number}/statement.wav"): "hear_statements",
    ("GET", "/api/articles/{key}"): "see_articles",
    ("GET", "/api/desks"): "manage_desks",
    ("GET", "/api/desks/{key}"): "manage_desks",
    ("PUT", "/api/desks/{key}"): "manage_desks",
    ("DELETE", "/api/desks/{key}"): "manage_desks",
    ("GET", "/api/memberships"): "manage_desks",
    ("PUT", "/api/memberships"): "manage_desks",
}
"""Who may ask for what. A new route is put here, on purpose."""

WHO: dict[Role, str] = {"agent": "anna", "supervisor": "sofia", "admin": "admin"}


def routes(server: TestServer) -> Iterator[tuple[str, str, web.AbstractRoute]]:
    for route in server.app.router.routes():
        if route.method != "HEAD":  # aiohttp's own, beside each GET
            assert route.resource is not None
            yield route.method, route.resource.canonical, route


def is_in(role: Role | None, guard: Guard) -> bool:
    return guard == "public" or (role is not None and guard != "token" and may(role, guard))


def test_every_route_says_who_may_ask(server: TestServer) -> None:
    assert {(method, path): guard_of(route.handler) for method, path, route in routes(server)} == ROUTES


@pytest.mark.parametrize("role", [*ROLES, None])
async def test_nobody_gets_what_is_not_theirs(
    server: TestServer, enter: Enter, store: Store, role: Role | None
) -> None:
    browser = await enter()
    for method, path, route in list(routes(server)):
        if role:
            await sign_in(server, store, browser, role)
        with capture_logs():
            status = await ask(browser, method, path)
        guard = ROUTES[method, path]
        refused = 401 if role is None or guard == "token" else 403
        assert (status in (401, 403)) == (not is_in(role, guard)), (role, method, path, status)
        assert is_in(role, guard) or status == refused, (role, method, path, status)
        assert guard_of(route.handler) == guard


async def sign_in(server: TestServer, store: Store, browser: Browser, role: Role) -> None:
    """A session without the password: that costs time, and may be tried five times a minute."""
    with store.reading() as tx:
        user = users.by_username(tx, WHO[role])
    assert user is not None
    assert user.role == role
    token, browser.csrf = await server.app[SESSIONS].begin(user)
    browser.session.cookie_jar.update_cookies({COOKIE: token}, browser.root)


_NAMES = {
    "number": "C-000001", "key": "printer", "name": "icon.svg", "contact_id": "1", "call_id": "1.1",
    "command": "solve",
}  # fmt: skip


async def ask(browser: Browser, method: str, path: str) -> int:
    """The status of the answer; a body is malformed on purpose, so that nothing comes of it."""
    for name, value in _NAMES.items():
        path = path.replace(f"{{{name}}}", value)
    if path == "/live":
        try:
            await (await browser.session.ws_connect("/live", origin=browser.origin)).close()
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status
        return 101
    if method != "GET":
        return (
            await browser.change(method, path, data=b"{", headers={"Content-Type": "application/json"})
        ).status
    return (await browser.session.request(method, path)).status


async def test_the_token_opens_what_is_for_tokens(server: TestServer, enter: Enter) -> None:
    browser = await enter()
    bearer = {"Authorization": f"Bearer {API_TOKEN}"}
    for path in [path for (_, path), guard in ROUTES.items() if guard == "token"]:
        assert (await browser.get(path, headers=bearer)).status not in (401, 403)


def test_every_message_of_a_page_needs_a_right() -> None:
    assert RIGHT_TO_SAY.keys() == set(MESSAGES)


async def test_a_message_without_the_right_is_refused(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await (await enter("anna")).live()
    await live.until("snapshot")
    monkeypatch.setitem(RIGHTS_OF, "agent", frozenset({"see_calls"}))
    await live.say(type="presence", presence="ready")
    assert (await live.until("error"))["code"] == "forbidden"


def test_whoever_may_do_more_may_do_all_of_the_less() -> None:
    agent, supervisor, admin = (RIGHTS_OF[role] for role in ROLES)
    assert agent < supervisor < admin
    assert admin == set(RIGHTS)


async def test_only_who_may_phone_as_anybody_gets_the_callers_account(enter: Enter) -> None:
    for username in ("anna", "sofia", "admin"):
        body = await (await (await enter(username)).get("/api/me")).json()
        assert (body["webcaller"] is not None) == (username == "admin")
