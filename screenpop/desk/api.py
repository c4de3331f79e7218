"""Who I am, articles, the caller's voice, figures and health."""

from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from casestore import desks, knowledge, recordings
from casestore.db import Transaction
from domain.endpoints import WEBCALLER, endpoint
from domain.rights import may
from screenpop.desk.answers import ArticleAnswer, Me, SipAccount
from screenpop.desk.articles import ArticleRenderer
from screenpop.desk.live import THE_DESK
from screenpop.server.auth import SIGNED_IN, needs, needs_token, note, page_user, public
from screenpop.server.encode import answer
from screenpop.server.health import DatabaseCheck
from screenpop.server.reading import read
from screenpop.server.refusals import Refused, language_of
from screenpop.server.security import CONFIG, phone_ws_url

log = structlog.get_logger()

Health = Callable[[], Mapping[str, str]]
HEALTH: web.AppKey[Health] = web.AppKey("health")
Figures = Callable[[], Mapping[str, float]]
FIGURES: web.AppKey[Figures] = web.AppKey("figures")
DATABASE = web.AppKey("database", DatabaseCheck)
ARTICLES = web.AppKey("articles", ArticleRenderer)


@needs("own_session")
async def me(request: web.Request) -> web.Response:
    """`GET /api/me`: the user, and the credentials of this user's own phone and of nobody else's."""
    signed_in, config = request[SIGNED_IN], request.app[CONFIG]
    role = signed_in.user.role
    return answer(
        Me(
            user=page_user(signed_in.user),
            csrf=signed_in.csrf,
            phone=_phone(request, endpoint(signed_in.user.username, "browser")),
            webcaller=_phone(request, WEBCALLER) if may(role, "phone_as_anybody") else None,
            support_number=await read(request, _first_number) or config.support_number,
            break_reasons=config.break_reasons,
        )
    )


@needs("hear_statements")
async def statement(request: web.Request) -> web.FileResponse:
    """`GET /api/cases/C-000001/statement.wav`: the caller's voice, with Range; who listened is audited."""
    number = request.match_info["number"]
    folder = request.app[CONFIG].statements
    file = await read(request, recordings.find, folder, number)
    if file is None:
        raise Refused(404, "statement_not_found")
    username = request[SIGNED_IN].user.username
    log.info("statement_heard_by", username=username, case=number)
    # A page asks for the rest, and for what is jumped to, in requests of their own.
    if request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):
        await note(request, username, "statement_heard", case=number)
    return web.FileResponse(file, headers={"Content-Type": "audio/wav", "Cache-Control": "private, no-store"})


@needs("see_articles")
async def article(request: web.Request) -> web.Response:
    """`GET /api/articles/KEY?language=sv`: where it is missing, in English."""
    language = request.query.get("language") or language_of(request)
    found = await read(request, knowledge.article, request.match_info["key"], language)
    if found is None:
        raise Refused(404, "article_not_found")
    return answer(ArticleAnswer(**vars(found), html=await request.app[ARTICLES].html(found.body)))


@needs_token
async def figures(request: web.Request) -> web.Response:
    """`GET /api/figures`: what the server measures of itself, for `make bench`."""
    return answer(request.app[FIGURES]())


@public
async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: 200 while pages can be served; `status` is `ok` where every part says `ok`."""
    database = await request.app[DATABASE].state()
    parts = {**request.app[HEALTH](), "desk": request.app[THE_DESK].state, "database": database}
    status = "ok" if set(parts.values()) == {"ok"} else "degraded"
    # Only the database makes it 503: without Asterisk or the bus, pages are served and a restart is no help.
    return answer({"status": status, "parts": parts}, 200 if database == "ok" else 503)


def _phone(request: web.Request, endpoint: str) -> SipAccount | None:
    config = request.app[CONFIG]
    if endpoint not in config.sip_passwords:
        return None
    return SipAccount(
        uri=f"sip:{endpoint}@{config.sip_host}",
        username=endpoint,
        password=config.sip_passwords[endpoint],
        ws_url=phone_ws_url(request),
    )


def _first_number(tx: Transaction) -> str:
    """The number of the default desk; empty where there is none yet."""
    default = desks.book(tx).default
    return default.numbers[0] if default else ""
