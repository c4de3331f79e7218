"""The whole dialogue before the queue: language, who, what. Pure.

| what the routing says      | what the caller hears and does                              | then          |
|----------------------------|-------------------------------------------------------------|---------------|
| the desk is open           | who they are, what is wrong                                 | the queue     |
| closed or full: `queue`    | why, and that they may wait; then as if it were open        | the queue     |
| closed or full: `case`     | why; that they may leave a case; who they are, what is wrong| they are let go |
| closed or full: `announce` | why, and to call again                                      | they are let go |
"""

from contextlib import suppress

from domain.cases import Case
from domain.contacts import Callers
from domain.desks import Reception, WhenClosed, Why
from ivr.flows.asking import Unanswered
from ivr.flows.identity import find_out_who
from ivr.flows.language import agree_on_language
from ivr.flows.open_case import continue_open_case
from ivr.flows.statement import take_statement
from ivr.moves import FindCallers, Flow, Prompt, SaveCase, Say

_REASONS: dict[Why, str] = {
    "hours": "closed_hours",
    "holiday": "closed_holiday",
    "closed_day": "closed_today",
    "full": "closed_full",
}
_OFFERS: dict[WhenClosed, str] = {
    "queue": "closed_wait",
    "case": "closed_case",
    "announce": "closed_call_again",
}


def intake(received: Reception, *, voice_is_kept: bool) -> Flow[bool]:
    """Whether the caller was told that nobody answers now; else they are put through, with a case.

    Unless the desk only announces, it ends with a case, whatever was or was not said.
    """
    closed = received.routing.why in _REASONS
    about: Prompt | None = None
    if closed and received.routing.then == "announce":
        yield from _announce(received)
        return True
    with suppress(Unanswered):  # nobody reacts: straight on with what is known
        about = yield from _talk(received, voice_is_kept=voice_is_kept)
    # Whatever came of the talk, so that the agent has a case with the caller's number.
    case: Case = yield SaveCase()
    yield Say(Prompt("case_number", {"number": case.number}))
    if about:
        yield Say(about)
    let_go = closed and received.routing.then == "case"
    yield Say(Prompt("closed_goodbye" if let_go else "connecting"))
    return let_go


def _talk(received: Reception, *, voice_is_kept: bool) -> Flow[Prompt]:
    """What the case is about, as it is told to the caller. Raises Unanswered."""
    callers: Callers = yield FindCallers()
    yield from _welcome(received, callers)
    yield from _say_why(received)
    contact = yield from find_out_who(callers)
    if contact:
        case = yield from continue_open_case(contact, voice_is_kept=voice_is_kept)
        if case:
            return Prompt("about_title", {"title": case.title})
    return (yield from take_statement(voice_is_kept=voice_is_kept, menu=received.desk.menu))


def _announce(received: Reception) -> Flow[None]:
    """Why nobody answers; also to whoever does not say in which language."""
    callers: Callers = yield FindCallers()
    with suppress(Unanswered):
        yield from _welcome(received, callers)
    yield from _say_why(received)


def _welcome(received: Reception, callers: Callers) -> Flow[None]:
    desk = received.desk
    yield from agree_on_language(
        callers.contacts, ask=desk.ask_language, languages=desk.languages, greeting=desk.greeting
    )


def _say_why(received: Reception) -> Flow[None]:
    reason = _REASONS.get(received.routing.why)
    if reason:
        yield Say(Prompt(reason))
        yield Say(Prompt(_OFFERS[received.routing.then]))
