"""Refused requests: `{"error": {"code", "message"}}`, the message in the user's language."""

from collections.abc import Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from casestore.store_errors import StoreBusy, StoreUnreachable
from screenpop.server.encode import answer
from screenpop.server.texts import say, spoken_by

log = structlog.get_logger()

LANGUAGE = web.RequestKey("language", str)
_CODES = {404: "not_found", 405: "not_allowed", 413: "too_large"}


class Refused(Exception):
    """Ends a request: HTTP status, and a code that every catalogue has a text for."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def language_of(request: web.Request) -> str:
    """The user's language, or the browser's while nobody has logged in."""
    return request.get(LANGUAGE) or spoken_by(request.headers.get("Accept-Language", ""))


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware: every failure becomes a JSON answer; one that nobody foresaw is logged."""
    try:
        return await handler(request)
    except Refused as refused:
        return _refuse(request, refused)
    except web.HTTPException as failure:
        # aiohttp raises redirects as well.
        if failure.status < 400:
            raise
        return _refuse(request, Refused(failure.status, _CODES.get(failure.status, "bad_request")))
    # Both pass by themselves, so the page may ask again; what is full or damaged is an error to be seen.
    except (StoreBusy, StoreUnreachable) as error:
        log.warning("request_while_store_busy", path=request.path, error=str(error))
        return _refuse(request, Refused(503, "busy", {"Retry-After": "1"}))
    except Exception:
        log.exception("request_failed", method=request.method, path=request.path)
        return _refuse(request, Refused(500, "internal"))


def _refuse(request: web.Request, refused: Refused) -> web.Response:
    message = say(language_of(request), refused.code)
    response = answer({"error": {"code": refused.code, "message": message}}, refused.status)
    response.headers.update(refused.headers)
    return response
