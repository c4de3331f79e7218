"""Calls and callers: who calls for pages, how a call stands for `svarklar call`."""

from hashlib import blake2b

from aiohttp import web

from casestore import calls, case_lists
from casestore.db import Transaction
from domain.calls import Call
from domain.cases import CaseSummary
from screenpop.desk import caller_card
from screenpop.desk.answers import CallerCard
from screenpop.desk.frames import Encoded
from screenpop.desk.live import THE_DESK
from screenpop.server.auth import needs, needs_token
from screenpop.server.encode import answer, to_json
from screenpop.server.reading import read
from screenpop.server.refusals import Refused


@needs("see_cases")
async def caller(request: web.Request) -> web.Response:
    """`GET /api/calls/CALL/caller`: who calls; known already while the call lives."""
    call_id, state = request.match_info["call_id"], request.app[THE_DESK].state_shown
    on_screen = state.call(call_id)
    if on_screen and (prepared := state.cards.get(on_screen)):
        return web.json_response(text=prepared)
    card = await read(request, _card_of, call_id, on_screen)
    if card is None:
        raise Refused(404, "call_not_found")
    return answer(card)


@needs("see_cases")
async def contact(request: web.Request) -> web.Response:
    """`GET /api/contacts/7`: the person, with their cases and calls."""
    contact_id = request.match_info["contact_id"]
    found = await read(request, caller_card.of_contact, int(contact_id)) if len(contact_id) < 10 else None
    if found is None:
        raise Refused(404, "contact_not_found")
    return answer(found)


@needs_token
async def call(request: web.Request) -> web.Response:
    """`GET /api/calls?sip_call_id=…`: the call as JSON with its `case`, for `svarklar call`.

    That one asks again and again: 304 where nothing has changed since the ETag that it names.
    """
    text = await _call_with_case(request, request.query.get("sip_call_id", ""))
    version = blake2b(text.encode(), digest_size=16).hexdigest()
    unchanged = any(tag.value == version for tag in request.if_none_match or ())
    response = web.Response(status=304) if unchanged else web.json_response(text=text)
    response.etag = version
    return response


async def _call_with_case(request: web.Request, sip_call_id: str) -> str:
    """On screen before what was kept: that is how it is now."""
    state = request.app[THE_DESK].state_shown
    on_screen = state.call_of_phone(sip_call_id) if sip_call_id else None
    if on_screen:
        known, json = on_screen
        case = state.cases.get(known.case_number)
        if case is None and known.case_number:
            case = _encoded(await read(request, _case_of, known))
        return _joined(json, case)
    found = await read(request, _read_call, sip_call_id) if sip_call_id else None
    if found is None:
        raise Refused(404, "call_not_found")
    kept, its_case = found
    return _joined(to_json(kept), _encoded(its_case))


def _joined(call_json: str, case: str | None) -> str:
    return f'{call_json[:-1]},"case":{case or "null"}}}'


def _encoded(case: CaseSummary | None) -> Encoded[CaseSummary] | None:
    return Encoded[CaseSummary](to_json(case)) if case else None


def _read_call(tx: Transaction, sip_call_id: str) -> tuple[Call, CaseSummary | None] | None:
    found = calls.by_sip_call_id(tx, sip_call_id)
    return (found, _case_of(tx, found)) if found else None


def _case_of(tx: Transaction, call: Call) -> CaseSummary | None:
    return next(iter(case_lists.summaries(tx, [call.case_number])), None) if call.case_number else None


def _card_of(tx: Transaction, call_id: str, on_screen: Call | None) -> CallerCard | None:
    known = on_screen or calls.get(tx, call_id)
    return caller_card.of_call(tx, known) if known else None
