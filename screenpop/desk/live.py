"""The live connection: `GET /live`, and what keeps it going while the server runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from aiohttp import WSMsgType, web

from casestore import users
from casestore.db import Store, StoreUnusable
from domain.users import Person
from screenpop.desk.browser import Browser
from screenpop.desk.desk import Desk
from screenpop.desk.messages import MOST_BYTES
from screenpop.desk.running_desk import RunningDesk
from screenpop.server.auth import READS, SESSIONS, SIGNED_IN, STORE, end_session, needs
from screenpop.server.security import CONFIG, check_origin

log = structlog.get_logger()

THE_DESK = web.AppKey("the_desk", RunningDesk)

# Below the minute after which many proxies drop a connection on which nothing is said.
_HEARTBEAT_S = 20.0


async def run_desk(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the desk hears the bus from here on."""
    running = app[THE_DESK]
    running.work.start("sessions", lambda: _check_sessions(app))
    with contextlib.suppress(StoreUnusable):  # then they come when the database is back
        running.state_shown.begin_with(await app[READS].run(_people, app[STORE]))
    running.work.start("people", lambda: _follow_people(app))
    await running.start()
    yield
    await running.close()


async def close_pages(app: web.Application) -> None:
    """Shutdown signal: a WebSocket would keep the server from stopping."""
    app[THE_DESK].desk.close()


@needs("see_calls")
async def live(request: web.Request) -> web.WebSocketResponse:
    """`GET /live?epoch=E&after=N`: see docs/architecture.md for what is said."""
    # A page of another site can open a WebSocket here, with our cookie: CORS does not cover it.
    check_origin(request)
    epoch, after = request.query.get("epoch", ""), _number(request.query.get("after", ""))
    # Frames are built once for all pages; compressing them would be work for each.
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=MOST_BYTES, compress=False)
    await socket.prepare(request)
    assert request.transport is not None
    config, desk, signed_in = request.app[CONFIG], request.app[THE_DESK].desk, request[SIGNED_IN]
    browser = Browser(socket, request.transport, signed_in, config.outbox_frames)
    writer = asyncio.create_task(browser.write())
    with request.app[SESSIONS].held(signed_in.token_hash):
        try:
            desk.join(browser, epoch, after)
            await _hear(socket, browser, desk)
        finally:
            # Whatever ended it: an agent whose page is only believed to be there would get calls.
            desk.leave(browser)
            writer.cancel()
    return socket


@needs("own_session")
async def logout(request: web.Request) -> web.Response:
    """`POST /api/logout`: ends the session and closes its open pages."""
    response = await end_session(request)
    request.app[THE_DESK].desk.end_session(request[SIGNED_IN].token_hash)
    return response


async def _hear(socket: web.WebSocketResponse, browser: Browser, desk: Desk) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            desk.hear(browser, message.data)
        elif message.type is WSMsgType.BINARY:
            log.warning("binary_live_message", username=browser.username, length=len(message.data))
            desk.refuse(browser, "bad_message")
        else:  # aiohttp has closed it: too large (1009), not UTF-8 (1007), against the protocol (1002)
            log.warning("live_connection_failed", username=browser.username, why=str(message.data))


async def _check_sessions(app: web.Application) -> None:
    """A page open for days outlives its session: close it when that has ended, wherever that happened."""
    while True:
        await asyncio.sleep(app[CONFIG].session_check_s)
        try:
            await close_ended(app)
        except Exception:
            log.exception("sessions_not_checked")


async def _follow_people(app: web.Application) -> None:
    """Who there is, as it changes: agents are added and removed while the server runs."""
    known: tuple[Person, ...] | None = None
    while True:
        try:
            people = await app[READS].run(_people, app[STORE])
        except StoreUnusable as error:
            log.warning("people_not_read", error=str(error))
        else:
            app[THE_DESK].desk.show_people(people)
            # Who is removed, or has another role, has no session any more.
            if known not in (None, people):
                await close_ended(app)
            known = people
        await asyncio.sleep(app[CONFIG].people_check_s)


def _people(store: Store) -> tuple[Person, ...]:
    with store.reading() as tx:
        found = users.all_users(tx)
    return tuple(Person(username=user.username, name=user.name, role=user.role) for user in found)


async def close_ended(app: web.Application) -> None:
    """Close the pages whose session has ended. Who talks there finishes first: the phone is in the page."""
    desk = app[THE_DESK].desk
    for token_hash in desk.sessions():
        if not desk.talks_at(token_hash) and await app[SESSIONS].find_hashed(token_hash) is None:
            desk.end_session(token_hash)


def _number(text: str) -> int:
    """A cursor; -1, which no page ever had, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
