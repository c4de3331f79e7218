"""What the browser may load, where it may connect to, and whose requests are ours."""

import re

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from screenpop.server.config import WebConfig
from screenpop.server.refusals import Refused

log = structlog.get_logger()

CONFIG = web.AppKey("config", WebConfig)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"^(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")


def phone_ws_url(request: web.Request) -> str:
    """Asterisk's WebSocket as this browser reaches it: the same machine, Asterisk's port."""
    config = request.app[CONFIG]
    host = _HOST.match(request.host)
    if config.phone_ws_url or host is None:
        return config.phone_ws_url
    # A page that came by https may not open a plain WebSocket.
    scheme = "wss" if request.secure else "ws"
    return f"{scheme}://{host['name']}:{config.asterisk_http_port}/ws"


def check_origin(request: web.Request) -> None:
    """Raises Refused 403 unless the request comes from a page of ours (or names our origin itself)."""
    origin = request.headers.get("Origin", "")
    if origin not in {f"{request.scheme}://{request.host}", *request.app[CONFIG].origins}:
        log.warning("foreign_origin", origin=origin[:100], path=request.path, address=request.remote)
        raise Refused(403, "bad_origin")


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: a Host that could not stand in a header is refused, a foreign change too."""
    # It is repeated in the Content-Security-Policy and in what the page is told to connect to.
    if not _HOST.match(request.host):
        raise Refused(400, "bad_request")
    if request.method not in SAFE_METHODS:
        check_origin(request)
    return await handler(request)


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: runs for every answer, errors and files too."""
    sockets = f"{'wss' if request.secure else 'ws'}://{request.host} {phone_ws_url(request)}"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self' {sockets if _HOST.match(request.host) else ''}; media-src 'self' blob:; "
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    headers.setdefault("Cache-Control", "no-store")
