"""The whole dialogue before the queue: language, who, what. Pure."""

from contextlib import suppress

from domain.cases import Case
from domain.contacts import Callers
from ivr.flows.asking import Unanswered
from ivr.flows.identity import find_out_who
from ivr.flows.language import agree_on_language
from ivr.flows.open_case import continue_open_case
from ivr.flows.statement import take_statement
from ivr.moves import FindCallers, Flow, Prompt, SaveCase, Say


def intake(*, ask_language: bool, language: str, voice_is_kept: bool) -> Flow[None]:
    """Ends with a case, whatever was or was not said, and the caller told that they are put through."""
    about: Prompt | None = None
    with suppress(Unanswered):  # nobody reacts: straight to the queue with what is known
        about = yield from _talk(ask_language=ask_language, language=language, voice_is_kept=voice_is_kept)
    # Whatever came of the talk, so that the agent has a case with the caller's number.
    case: Case = yield SaveCase()
    yield Say(Prompt("case_number", {"number": case.number}))
    if about:
        yield Say(about)
    yield Say(Prompt("connecting"))


def _talk(*, ask_language: bool, language: str, voice_is_kept: bool) -> Flow[Prompt]:
    """What the case is about, as it is told to the caller. Raises Unanswered."""
    callers: Callers = yield FindCallers()
    yield from agree_on_language(callers.contacts, ask=ask_language, otherwise=language)
    contact = yield from find_out_who(callers)
    if contact:
        case = yield from continue_open_case(contact, voice_is_kept=voice_is_kept)
        if case:
            return Prompt("about_title", {"title": case.title})
    return (yield from take_statement(voice_is_kept=voice_is_kept))
