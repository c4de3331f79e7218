"""Logging in and out, and who may do what.

Every handler of a route is decorated: `needs(right)`, `needs_token`, or `public` for what asks nobody. A test
goes through all routes.
"""

import functools
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field

from casestore import audit, users
from casestore.db import Store
from domain.audit import AuditKind
from domain.clock import now_ms, steady_ms
from domain.rights import Right, may
from domain.users import User
from screenpop.server.bodies import read_body
from screenpop.server.encode import answer
from screenpop.server.login_limit import AttemptLimit
from screenpop.server.passwords import PasswordCheck
from screenpop.server.refusals import LANGUAGE, Refused
from screenpop.server.security import CONFIG, SAFE_METHODS
from screenpop.server.sessions import Sessions, SignedIn
from screenpop.server.threads import Threads

log = structlog.get_logger()

STORE = web.AppKey("store", Store)
READS = web.AppKey("reads", Threads)
SESSIONS = web.AppKey("sessions", Sessions)
PASSWORDS = web.AppKey("passwords", PasswordCheck)
SIGNED_IN = web.RequestKey("signed_in", SignedIn)
COOKIE = "svarklar_session"

Guard = Right | Literal["public", "token"]


class Credentials(BaseModel):
    """The body of a login."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class LoginLimits:
    """Attempts a minute: 5 at one user name from one address, 30 from one address."""

    def __init__(self) -> None:
        self._name = AttemptLimit(5)
        self._address = AttemptLimit(30)

    def attempt(self, address: str, username: str) -> None:
        """Raises Refused 429 where this is one too many."""
        now = steady_ms()  # the other one may be set back, and would lock people out
        # The address first: guessing many names from one place must not fill the table of names.
        wait_ms = self._address.attempt(address, now) or self._name.attempt((address, username), now)
        if wait_ms:
            log.warning("login_rate_limited", address=address, wait_ms=wait_ms)
            raise Refused(429, "too_many_logins", {"Retry-After": str(-(-wait_ms // 1000))})

    def forgive(self, address: str, username: str) -> None:
        """That was a good login: it does not count."""
        self._address.forgive(address)
        self._name.forgive((address, username))


LIMITS = web.AppKey("limits", LoginLimits)


def needs(right: Right) -> Callable[[Handler], Handler]:
    """Decorator: 401 without a session, 403 without this right, 403 for a change without the CSRF token."""

    def guard(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            signed_in = await request.app[SESSIONS].find(request.cookies.get(COOKIE, ""))
            if signed_in is None:
                raise Refused(401, "signed_out")
            request[SIGNED_IN] = signed_in
            request[LANGUAGE] = signed_in.user.language
            if not may(signed_in.user.role, right):
                log.warning("forbidden", username=signed_in.user.username, right=right, path=request.path)
                raise Refused(403, "forbidden")
            given = request.headers.get("X-CSRF-Token", "")
            if request.method not in SAFE_METHODS and not same_secret(given, signed_in.csrf):
                log.warning("bad_csrf", username=signed_in.user.username, path=request.path)
                raise Refused(403, "bad_csrf")
            return await handler(request)

        return guarded_by(right)(guarded)

    return guard


def guarded_by(what: Guard) -> Callable[[Handler], Handler]:
    """Decorator: writes on the handler who may come in; `guard_of` reads it."""

    def mark(handler: Handler) -> Handler:
        handler.guarded_by = what  # type: ignore[attr-defined]
        return handler

    return mark


def guard_of(handler: object) -> Guard | None:
    """Who may come in; None for a handler that nobody has thought about."""
    return getattr(handler, "guarded_by", None)


public = guarded_by("public")
"""Decorator: for everybody."""


def needs_token(handler: Handler) -> Handler:
    """Decorator: 401 without the API token from the secrets (`Authorization: Bearer …`)."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same_secret(token, request.app[CONFIG].api_token):
            log.warning("bad_api_token", address=request.remote, path=request.path)
            raise Refused(401, "bad_token", {"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return guarded_by("token")(guarded)


def same_secret(given: str, expected: str) -> bool:
    """Compares in a time that tells nothing; an empty secret is nobody's."""
    return bool(expected) and hmac.compare_digest(given.encode(errors="replace"), expected.encode())


@public
async def login(request: web.Request) -> web.Response:
    """`POST /api/login`: a session for the right password."""
    app, address = request.app, request.remote or ""
    credentials = await read_body(request, Credentials)
    username = credentials.username.strip().lower()
    app[LIMITS].attempt(address, username)
    user, password_hash = await app[READS].run(_account, app[STORE], username)
    # Also where there is no such user: the time of the answer must not tell.
    right = await app[PASSWORDS].matches(password_hash, credentials.password)
    if user is None or not right:
        known = username if user else "(unknown)"  # what was typed may be a password in the wrong field
        log.warning("login_refused", username=known, address=address)
        await note(request, known, "login_refused", address=address)
        raise Refused(401, "wrong_login")
    app[LIMITS].forgive(address, username)
    token, csrf = await app[SESSIONS].begin(user)
    log.info("logged_in", username=username, address=address)
    await note(request, username, "logged_in", address=address)
    response = answer({"user": page_user(user), "csrf": csrf})
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="Strict",
        secure=request.secure or app[CONFIG].secure_cookie,
        max_age=app[CONFIG].session_life_ms // 1000,
    )
    return response


async def note(request: web.Request, actor: str, kind: AuditKind, **values: str) -> None:
    """Write down for others to see that somebody did this."""

    def write() -> None:
        with request.app[STORE].uow() as tx:
            audit.note(tx, actor, kind, values, now_ms())

    await request.app[READS].run(write)


async def end_session(request: web.Request) -> web.Response:
    """Forget the session of this request and its cookie: 204."""
    signed_in = request[SIGNED_IN]
    await request.app[SESSIONS].end(signed_in.token_hash)
    log.info("logged_out", username=signed_in.user.username)
    response = web.Response(status=204)
    response.del_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


@dataclass(frozen=True, kw_only=True)
class PageUser:
    """A user as pages see them."""

    username: str
    name: str
    role: str
    language: str


def page_user(user: User) -> PageUser:
    """The user as pages see them."""
    return PageUser(username=user.username, name=user.name, role=user.role, language=user.language)


def _account(store: Store, username: str) -> tuple[User | None, str | None]:
    with store.reading() as tx:
        return users.by_username(tx, username), users.password_hash(tx, username)
