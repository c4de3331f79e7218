"""The web server, put together."""

from collections.abc import AsyncIterator

from aiohttp import web

from casestore.db import Store
from casework.port import Casework
from cti.bus import Bus
from screenpop.desk import api, audit_api, call_api, case_api, desks_api, live, own_password
from screenpop.desk.articles import ArticleRenderer
from screenpop.desk.running_desk import RunningDesk
from screenpop.server import pages
from screenpop.server.auth import LIMITS, PASSWORDS, READS, SESSIONS, STORE, LoginLimits, login
from screenpop.server.config import WebConfig
from screenpop.server.health import DatabaseCheck
from screenpop.server.passwords import PasswordCheck
from screenpop.server.refusals import refusals
from screenpop.server.security import CONFIG, add_security_headers, own_origin_only
from screenpop.server.sessions import Sessions
from screenpop.server.threads import Threads

_READS_AT_ONCE = 4  # a locked database holds up these, and no health page or password
_MOST_BODY_BYTES = 64 * 1024  # the largest request is a long note


def make_app(
    config: WebConfig,
    store: Store,
    bus: Bus,
    casework: Casework,
    *,
    health: api.Health = dict,
    figures: api.Figures = dict,
) -> web.Application:
    """The application; nothing connects before it is started.

    `health` names the other parts and their state (`ok`, or what is wrong), `figures` what is measured.
    """
    app = web.Application(middlewares=[refusals, own_origin_only], client_max_size=_MOST_BODY_BYTES)
    app[CONFIG] = config
    app[STORE] = store
    app[READS] = Threads("pages", _READS_AT_ONCE)
    app[live.THE_DESK] = RunningDesk(config, store, bus)
    app[case_api.CASEWORK] = casework
    app[api.HEALTH] = health
    app[api.FIGURES] = figures
    app[api.DATABASE] = DatabaseCheck(store)
    app[api.ARTICLES] = ArticleRenderer()
    app[SESSIONS] = Sessions(
        store, app[READS], life_ms=config.session_life_ms, idle_ms=config.session_idle_ms
    )
    app[PASSWORDS] = PasswordCheck()
    app[LIMITS] = LoginLimits()
    app[pages.FILES] = {}
    app.cleanup_ctx.extend([_prepare, live.run_desk])
    # On shutdown, not on cleanup: in between aiohttp waits for connections, and a page never closes its own.
    app.on_shutdown.append(live.close_pages)
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(_ROUTES)
    return app


async def _prepare(app: web.Application) -> AsyncIterator[None]:
    await pages.load_pages(app, app[CONFIG].static)
    await app[PASSWORDS].prepare()
    yield
    for part in (app[READS], app[PASSWORDS], app[api.ARTICLES], app[api.DATABASE]):
        part.close()


_ROUTES = [
    web.get("/", pages.page),
    web.get("/cases", pages.page),
    web.get("/cases/{number}", pages.page),
    web.get("/login", pages.page),
    web.get("/phone", pages.page),
    web.get("/settings", pages.page),
    web.get("/live", live.live),
    web.get("/healthz", api.healthz),
    web.get("/api/me", api.me),
    web.get("/api/calls", call_api.call),
    web.get("/api/calls/{call_id}/caller", call_api.caller),
    web.get(r"/api/contacts/{contact_id:[0-9]+}", call_api.contact),
    web.get("/api/figures", api.figures),
    web.get("/api/cases", case_api.case_list),
    web.post("/api/cases", case_api.register),
    web.get("/api/cases/{number}", case_api.case),
    web.post("/api/cases/{number}/undo", case_api.undo),
    web.post("/api/cases/{number}/link", case_api.link),
    web.post("/api/cases/{number}/{command}", case_api.carry_out),
    web.get("/api/cases/{number}/statement.wav", api.statement),
    web.get("/api/articles/{key}", api.article),
    web.get("/api/audit", audit_api.audit_entries),
    web.get("/api/desks", desks_api.all_desks),
    web.get("/api/desks/{key}", desks_api.desk),
    web.put("/api/desks/{key}", desks_api.save_desk),
    web.delete("/api/desks/{key}", desks_api.remove_desk),
    web.get("/api/memberships", desks_api.memberships),
    web.put("/api/memberships", desks_api.save_memberships),
    web.post("/api/login", login),
    web.post("/api/password", own_password.change_password),
    web.post("/api/logout", live.logout),
    web.get("/{name:.+}", pages.asset),
]
