"""The built pages, served from memory: what is not in the folder at start does not exist.

Files under `assets/` carry a hash in their name and are cached for ever; pages are asked for again.
"""

import asyncio
import gzip
import hashlib
import html
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import hdrs, web

from screenpop.server.auth import public
from screenpop.server.refusals import Refused, language_of
from screenpop.server.texts import say

log = structlog.get_logger()

_PAGES = {
    "/": "index.html",
    "/login": "login.html",
    "/phone": "phone.html",
    "/settings": "settings.html",
}
_PACKED = (
    "text/",
    "application/json",
    "application/javascript",
    "image/svg+xml",
    "application/manifest+json",
)


@dataclass(frozen=True)
class StaticFile:
    """One file, and its gzip form where that is smaller by much."""

    content_type: str
    body: bytes = field(repr=False)
    packed: bytes | None = field(repr=False)
    etag: str


FILES = web.AppKey("files", dict[str, StaticFile])


def load(folder: Path) -> dict[str, StaticFile]:
    """Every file below the folder by its path (`assets/desk-1a2b.js`); empty where there is no folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): _read(file) for file in files}


async def load_pages(app: web.Application, folder: Path) -> None:
    """Read the folder in a thread; a missing page is a clear log line."""
    app[FILES].update(await asyncio.to_thread(load, folder))
    if missing := [name for name in _PAGES.values() if name not in app[FILES]]:
        log.warning("pages_not_built", missing=missing, hint="run: make run")


@public
async def page(request: web.Request) -> web.Response:
    """`GET /`, `/login`, `/phone`, `/settings`, and the places of the desk: `/cases`, `/cases/C-000123`."""
    file = request.app[FILES].get(_PAGES.get(request.path, _PAGES["/"]))
    if file is None:
        return _not_built(language_of(request))
    return _respond(request, file, "no-cache")


@public
async def asset(request: web.Request) -> web.Response:
    """`GET /assets/…` and whatever else the build put beside the pages (an icon)."""
    name = request.match_info["name"]
    file = request.app[FILES].get(name)
    if file is None:
        raise Refused(404, "not_found")
    forever = "public, max-age=31536000, immutable"
    return _respond(request, file, forever if name.startswith("assets/") else "no-cache")


def _read(file: Path) -> StaticFile:
    body = file.read_bytes()
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    # Once, at the start, so it may take the time that the best compression takes.
    packed = gzip.compress(body, 9) if content_type.startswith(_PACKED) else body
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return StaticFile(content_type, body, packed if len(packed) < 0.9 * len(body) else None, etag)


def _respond(request: web.Request, file: StaticFile, cache: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: cache, hdrs.ETAG: file.etag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if file.etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    packed = file.packed if _takes_gzip(request.headers) else None
    if packed is not None:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    charset = "; charset=utf-8" if file.content_type.startswith("text/") else ""
    headers[hdrs.CONTENT_TYPE] = file.content_type + charset
    return web.Response(body=packed or file.body, headers=headers)


def _takes_gzip(headers: Mapping[str, str]) -> bool:
    return "gzip" in headers.get(hdrs.ACCEPT_ENCODING, "").lower()


def _not_built(language: str) -> web.Response:
    title, text = html.escape(say(language, "not_built_title")), html.escape(say(language, "not_built"))
    body = (
        f'<!doctype html><html lang="{language}"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>'
    )
    return web.Response(status=503, text=body, content_type="text/html")
