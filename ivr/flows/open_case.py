"""Is it about the open case? Then nothing is registered twice. Pure."""

from domain.cases import Case
from domain.contacts import Contact
from ivr.flows.asking import confirm
from ivr.flows.statement import record_sound
from ivr.moves import (
    Answer,
    ContinueCase,
    Deaf,
    FindOpenCases,
    Flow,
    Listen,
    Pressed,
    Prompt,
    SaveCase,
    Say,
    Statement,
)


def continue_open_case(contact: Contact, *, voice_is_kept: bool) -> Flow[Case | None]:
    """The contact's newest open case when the caller says it is that one, with anything new; else None.

    A case of which nobody understood what it is about is not asked about: there is nothing to call it by.

    Raises Unanswered.
    """
    open_cases: tuple[Case, ...] = yield FindOpenCases(contact)
    cases = [case for case in open_cases if _can_be_named(case)]
    if not cases:
        return None
    # Only the newest is asked about: a caller will not listen to a list of their own cases.
    newest = max(cases, key=lambda case: case.opened_ms)
    if not (yield from confirm("open_case", Prompt("open_case", {"title": newest.title}))):
        return None
    case: Case = yield ContinueCase(newest)
    if voice_is_kept:
        yield Say(Prompt("voice_is_kept"))
    answer: Answer = yield Listen((Prompt("anything_new"),))
    match answer:
        case Statement():
            yield SaveCase(answer, answer.trust)
        case Pressed(_, Statement() as words):
            yield SaveCase(words, words.trust)
        case Deaf(words, has_sound):
            if words or has_sound:
                yield SaveCase(words, "unclear")
            elif voice_is_kept:
                yield from record_sound()
    return case


def _can_be_named(case: Case) -> bool:
    """Whether its title is what somebody has written, or what was surely said."""
    setting = case.set_by.get("title")
    is_sure = not case.said or any(said.trust in ("certain", "confirmed") for said in case.said)
    return bool(case.title) and (is_sure or (setting is not None and setting.by_person))
