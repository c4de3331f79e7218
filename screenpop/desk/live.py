"""The live connection: `GET /live`, and what keeps it going while the server runs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import structlog
from aiohttp import WSMsgType, web

from casestore import calls
from casestore.db import Store, StoreUnusable
from cti.bus import Bus
from domain.events import CALLS, DESK
from screenpop.desk.browser import Browser
from screenpop.desk.bus_link import Wire
from screenpop.desk.desk import Desk
from screenpop.desk.live_state import LiveState
from screenpop.desk.messages import MOST_BYTES
from screenpop.server.auth import SESSIONS, SIGNED_IN, STORE, end_session, needs
from screenpop.server.security import CONFIG, check_origin

log = structlog.get_logger()

THE_DESK = web.AppKey("the_desk", Desk)
THE_BUS: web.AppKey[Bus] = web.AppKey("the_bus")

_HEARTBEAT_S = 20.0
_SESSION_CHECK_S = 60.0


async def run_desk(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the desk hears the bus from here on."""
    config, wire = app[CONFIG], Wire(app[THE_BUS])
    state = LiveState(kept=config.outbox_frames // 2)  # what a page missed fits into its outbox
    desk = Desk(state, wire.publish, endpoints=config.sip_passwords, away_after_s=config.away_after_s)

    async def recall() -> None:
        """Changes of the calls on screen were missed; the store has them."""
        try:
            state.restore(await asyncio.to_thread(_stored, app[STORE], state.call_ids()))
        except StoreUnusable:
            log.warning("calls_not_recalled")
        desk.begin_again()

    async def nothing_to_recall() -> None:
        """Offers live half a second: the gate has settled what was missed."""

    state.restore(await asyncio.to_thread(_unfinished, app[STORE]))
    async with AsyncExitStack() as running:
        await running.enter_async_context(wire.speaking())
        await running.enter_async_context(wire.hearing(DESK, desk.show, recall))
        await running.enter_async_context(wire.hearing(CALLS, desk.follow, nothing_to_recall))
        checking = asyncio.create_task(_check_sessions(app, desk))
        running.callback(checking.cancel)
        app[THE_DESK] = desk
        yield


async def close_pages(app: web.Application) -> None:
    """Shutdown signal: a WebSocket would keep the server from stopping."""
    app[THE_DESK].close()


@needs("agent")
async def live(request: web.Request) -> web.WebSocketResponse:
    """`GET /live?epoch=E&after=N`: see docs/architecture.md for what is said."""
    check_origin(request)
    epoch, after = request.query.get("epoch", ""), _number(request.query.get("after", ""))
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=MOST_BYTES, compress=False)
    await socket.prepare(request)
    assert request.transport is not None
    config, desk, signed_in = request.app[CONFIG], request.app[THE_DESK], request[SIGNED_IN]
    browser = Browser(socket, request.transport, signed_in, config.outbox_frames)
    writer = asyncio.create_task(browser.write())
    with request.app[SESSIONS].held(signed_in.token_hash):
        try:
            desk.join(browser, epoch, after)
            await _hear(socket, browser, desk)
        finally:
            desk.leave(browser)
            writer.cancel()
    return socket


@needs("agent")
async def logout(request: web.Request) -> web.Response:
    """`POST /api/logout`: ends the session and closes its open pages."""
    response = await end_session(request)
    request.app[THE_DESK].end_session(request[SIGNED_IN].token_hash)
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
        await asyncio.sleep(_SESSION_CHECK_S)
        try:
            for token_hash in desk.sessions():
                if await app[SESSIONS].find_hashed(token_hash) is None:
                    desk.end_session(token_hash)
        except Exception:
            log.exception("sessions_not_checked")


def _stored(store: Store, call_ids: tuple[str, ...]) -> list[Mapping[str, Any]]:
    with store.reading() as tx:
        found = [calls.get(tx, call_id) for call_id in call_ids]
    return [call for call in found if call is not None]


def _unfinished(store: Store) -> tuple[Mapping[str, Any], ...]:
    """The calls that lived when the server last ended, less those the bridge knows to have ended since."""
    with store.reading() as tx:
        return calls.unfinished(tx)


def _number(text: str) -> int:
    """A cursor; -1, which no page ever had, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
