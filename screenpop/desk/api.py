"""The JSON API of the pages, and of `svarklar call`."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

import structlog
from aiohttp import web

from casestore import calls, cases, desks, knowledge, recordings
from casestore.db import Store
from domain.articles import Article
from domain.calls import Call
from domain.endpoints import WEBCALLER, endpoint
from domain.rights import may
from screenpop.desk.answers import ArticleAnswer, CaseAnswer, Me, SipAccount
from screenpop.desk.articles import ArticleRenderer
from screenpop.desk.live import THE_DESK
from screenpop.server.auth import READS, SIGNED_IN, STORE, needs, needs_token, note, page_user, public
from screenpop.server.encode import answer
from screenpop.server.health import DatabaseCheck
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
            support_number=await request.app[READS].run(_first_number, request.app[STORE])
            or config.support_number,
            break_reasons=config.break_reasons,
        )
    )


@needs("see_cases")
async def case(request: web.Request) -> web.Response:
    """`GET /api/cases/C-000001`: the case, its history, what was suggested during its call."""
    found = await request.app[READS].run(_read_case, request.app[STORE], request.match_info["number"])
    if found is None:
        raise Refused(404, "case_not_found")
    return answer(found)


@needs("hear_statements")
async def statement(request: web.Request) -> web.FileResponse:
    """`GET /api/cases/C-000001/statement.wav`: the caller's voice, with Range; who listened is audited."""
    number = request.match_info["number"]
    folder = request.app[CONFIG].statements
    file = await request.app[READS].run(_find_statement, request.app[STORE], folder, number)
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
    found = await request.app[READS].run(
        _read_article, request.app[STORE], request.match_info["key"], language
    )
    if found is None:
        raise Refused(404, "article_not_found")
    return answer(ArticleAnswer(**vars(found), html=await request.app[ARTICLES].html(found.body)))


@needs_token
async def call(request: web.Request) -> web.Response:
    """`GET /api/calls?sip_call_id=…`: the call as JSON, for `svarklar call`.

    That one asks again and again: 304 where nothing has changed since the ETag that it names.
    """
    sip_call_id = request.query.get("sip_call_id", "")
    if not sip_call_id:
        raise Refused(404, "call_not_found")
    on_screen = request.app[THE_DESK].desk.call_json(sip_call_id)
    if on_screen is not None:
        version = blake2b(on_screen.encode(), digest_size=16).hexdigest()
        unchanged = any(tag.value == version for tag in request.if_none_match or ())
        response = web.Response(status=304) if unchanged else web.json_response(text=on_screen)
        response.etag = version
        return response
    found = await request.app[READS].run(_read_call, request.app[STORE], sip_call_id)
    if found is None:
        raise Refused(404, "call_not_found")
    return answer(found)


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


def _first_number(store: Store) -> str:
    """The number of the default desk; empty where there is none yet."""
    with store.reading() as tx:
        default = desks.book(tx).default
    return default.numbers[0] if default else ""


def _find_statement(store: Store, folder: Path, number: str) -> Path | None:
    with store.reading() as tx:
        return recordings.find(tx, folder, number)


def _read_case(store: Store, number: str) -> CaseAnswer | None:
    with store.reading() as tx:
        found = cases.get(tx, number)
        if found is None:
            return None
        its_call = calls.get(tx, found.call_id) if found.call_id else None
        suggestions = its_call.suggestions if its_call else ()
        return CaseAnswer(case=found, history=cases.history(tx, number), suggestions=suggestions)


def _read_article(store: Store, key: str, language: str) -> Article | None:
    with store.reading() as tx:
        return knowledge.article(tx, key, language)


def _read_call(store: Store, sip_call_id: str) -> Call | None:
    with store.reading() as tx:
        return calls.by_sip_call_id(tx, sip_call_id)
