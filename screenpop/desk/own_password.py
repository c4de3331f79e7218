"""`POST /api/password`: somebody changes their own password; their other sessions end."""

import asyncio

import structlog
from aiohttp import web
from pydantic import BaseModel, Field

from casestore import audit, users
from casestore.db import Store
from domain.clock import now_ms
from screenpop.desk.live import close_ended
from screenpop.server.auth import LIMITS, PASSWORDS, READS, SIGNED_IN, STORE, needs
from screenpop.server.bodies import read_body
from screenpop.server.passwords import LEAST_CHARACTERS, hash_password
from screenpop.server.reading import read
from screenpop.server.refusals import Refused

log = structlog.get_logger()


class PasswordChange(BaseModel):
    """The body of the request."""

    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


@needs("own_password")
async def change_password(request: web.Request) -> web.Response:
    """204; 400 `weak_password`, 403 `wrong_password`, 429 as for a login."""
    app, signed_in = request.app, request[SIGNED_IN]
    change = await read_body(request, PasswordChange)
    username, address = signed_in.user.username, request.remote or ""
    if len(change.new) < LEAST_CHARACTERS:
        raise Refused(400, "weak_password")
    # Whoever sits down at an open page must not guess on.
    app[LIMITS].attempt(address, username)
    known = await read(request, users.password_hash, username)
    if not await app[PASSWORDS].matches(known, change.old):
        log.warning("password_not_changed", username=username, address=address)
        raise Refused(403, "wrong_password")
    app[LIMITS].forgive(address, username)
    made = await asyncio.to_thread(hash_password, change.new)
    await app[READS].run(_keep, app[STORE], username, made, signed_in.token_hash)
    log.info("password_changed", username=username)
    await close_ended(app)
    return web.Response(status=204)


def _keep(store: Store, username: str, password_hash: str, token_hash: str) -> None:
    with store.uow() as tx:
        users.set_password_hash(tx, username, password_hash, keep=token_hash)
        audit.note(tx, username, "password_changed", {}, now_ms())
