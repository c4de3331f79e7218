"""The live connection: `GET /live`, and what keeps it going while the server runs."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from aiohttp import WSMsgType, web

from screenpop.desk.browser import Browser
from screenpop.desk.desk import Desk
from screenpop.desk.messages import MOST_BYTES
from screenpop.desk.running_desk import RunningDesk
from screenpop.server.auth import SESSIONS, SIGNED_IN, end_session, needs
from screenpop.server.security import CONFIG, check_origin

log = structlog.get_logger()

THE_DESK = web.AppKey("the_desk", RunningDesk)

# Below the minute after which many proxies drop a connection on which nothing is said.
_HEARTBEAT_S = 20.0


async def run_desk(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the desk hears the bus from here on."""
    running = app[THE_DESK]
    running.work.start("sessions", lambda: _check_sessions(app, running.desk))
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


async def _check_sessions(app: web.Application, desk: Desk) -> None:
    """A page open for days outlives its session: close it when that has ended, wherever that happened."""
    while True:
        await asyncio.sleep(app[CONFIG].session_check_s)
        try:
            for token_hash in desk.sessions():
                if await app[SESSIONS].find_hashed(token_hash) is None:
                    desk.end_session(token_hash)
        except Exception:
            log.exception("sessions_not_checked")


def _number(text: str) -> int:
    """A cursor; -1, which no page ever had, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
