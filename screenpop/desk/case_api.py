"""Cases for pages: lists, one case with its history, and what is done about it."""

from collections.abc import Awaitable

from aiohttp import web

from casestore import calls, case_lists, users
from casestore.case_lists import CasePage
from casestore.db import Transaction
from casework.case import Conflict, NotAllowed
from casework.port import Casework
from domain.cases import Case
from domain.clock import now_ms
from screenpop.desk import case_reads
from screenpop.desk.answers import CaseAnswer, CaseConflict, CaseList, Failure
from screenpop.desk.case_requests import (
    REQUESTS,
    AssignRequest,
    LinkRequest,
    ListQuery,
    RegisterRequest,
    UndoRequest,
)
from screenpop.server.auth import SIGNED_IN, needs
from screenpop.server.bodies import read_body, read_query
from screenpop.server.encode import answer
from screenpop.server.reading import read
from screenpop.server.refusals import Refused, language_of
from screenpop.server.texts import say

CASEWORK: web.AppKey[Casework] = web.AppKey("casework")


@needs("see_cases")
async def case_list(request: web.Request) -> web.Response:
    """`GET /api/cases?…`: see `ListQuery`."""
    asked = read_query(request, ListQuery)
    wanted = asked.filter(_me(request))
    page = await read(request, _page, wanted, asked.sort, asked.after, asked.limit)
    if page is None:
        raise Refused(400, "bad_request")
    return answer(CaseList(cases=page.cases, next=page.next))


@needs("see_cases")
async def case(request: web.Request) -> web.Response:
    """`GET /api/cases/C-000001?before=SEQ`: the case, its history, what was suggested during its calls."""
    before = request.query.get("before", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
        raise Refused(400, "bad_request")
    return answer(await _current(request, _number(request), int(before) if before else None))


@needs("edit_cases")
async def register(request: web.Request) -> web.Response:
    """`POST /api/cases`: a case by hand."""
    body = await read_body(request, RegisterRequest)
    return await _done(request, _casework(request).carry_out("", body.command(_me(request), now_ms())))


@needs("edit_cases")
async def carry_out(request: web.Request) -> web.Response:
    """`POST /api/cases/C-000001/COMMAND`: what is asked of the case, by one of `REQUESTS`."""
    kind = REQUESTS.get(request.match_info["command"])
    if kind is None:
        raise Refused(404, "not_found")
    body = await read_body(request, kind)
    if isinstance(body, AssignRequest) and body.agent and not await read(request, _user, body.agent):
        raise Refused(400, "no_such_agent")
    command = body.command(_me(request), now_ms())
    return await _done(request, _casework(request).carry_out(_number(request), command))


@needs("edit_cases")
async def undo(request: web.Request) -> web.Response:
    """`POST /api/cases/C-000001/undo`: what I have changed there is as before."""
    body = await read_body(request, UndoRequest)
    undone = _casework(request).undo(
        _number(request), body.event_id, actor=_me(request), at_ms=now_ms(), change_id=body.change_id
    )
    return await _done(request, undone)


@needs("edit_cases")
async def link(request: web.Request) -> web.Response:
    """`POST /api/cases/C-000001/link`: this call is about the case."""
    body = await read_body(request, LinkRequest)
    if not await read(request, calls.get, body.call_id):
        raise Refused(404, "call_not_found")
    linked = _casework(request).link_call(
        body.call_id, _number(request), actor=_me(request), at_ms=now_ms(), change_id=body.change_id
    )
    return await _done(request, linked)


async def _done(request: web.Request, asked: Awaitable[Case]) -> web.Response:
    """The case after what was asked; 409 with the case as it is where that was not possible."""
    try:
        changed = await asked
    except Conflict as conflict:
        return await _conflict(request, conflict.current.number, "case_conflict", conflict.stale)
    except NotAllowed as refused:
        return await _conflict(request, refused.current.number, "case_not_allowed", ())
    except LookupError:
        raise Refused(404, "case_not_found") from None
    except ValueError:
        raise Refused(400, "bad_request") from None
    return answer(await read(request, case_reads.saved_case, changed))


async def _conflict(request: web.Request, number: str, code: str, stale: tuple[str, ...]) -> web.Response:
    error = Failure(code=code, message=say(language_of(request), code))
    return answer(CaseConflict(error=error, current=await _current(request, number), stale=stale), 409)


async def _current(request: web.Request, number: str, before: int | None = None) -> CaseAnswer:
    found = await read(request, case_reads.case_answer, number, before)
    if found is None:
        raise Refused(404, "case_not_found")
    return found


def _casework(request: web.Request) -> Casework:
    return request.app[CASEWORK]


def _me(request: web.Request) -> str:
    return request[SIGNED_IN].user.username


def _number(request: web.Request) -> str:
    return request.match_info["number"]


def _user(tx: Transaction, username: str) -> bool:
    return users.by_username(tx, username) is not None


def _page(tx: Transaction, *asked: object) -> CasePage | None:
    """None where the place to go on from is of another order."""
    try:
        return case_lists.page(tx, *asked)  # type: ignore[arg-type]
    except ValueError:
        return None
