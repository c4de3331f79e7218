"""What is wrong? In the caller's own words, else by keys; the case is kept from the first words. Pure."""

from collections.abc import Mapping

from domain.cases import Case
from ivr.flows.asking import TRIES, again, choose_by_keys, confirm
from ivr.moves import (
    Answer,
    Deaf,
    Flow,
    Listen,
    Option,
    Pressed,
    Prompt,
    Record,
    Recorded,
    SaveCase,
    Say,
    Statement,
    Trust,
    Unclear,
)

SERVICES = {
    "1": "account",
    "2": "email",
    "3": "network",
    "4": "printing",
    "5": "computer",
    "0": "other",
}
"""The menu of a desk that says nothing else: services by the key that chooses them."""


def take_statement(*, voice_is_kept: bool, menu: Mapping[str, str] = SERVICES) -> Flow[Prompt]:
    """Keep the case with what the caller says or chooses; tells what it is about. Raises Unanswered."""
    if voice_is_kept:
        yield Say(Prompt("voice_is_kept"))
    before: tuple[Prompt, ...] = ()
    unheard = False  # something was said that is neither words nor kept sound yet
    for _ in range(TRIES):
        answer: Answer = yield Listen((*before, Prompt("what_is_wrong")))
        match answer:
            case Statement(trust="certain"):
                return (yield from _used(answer, "certain"))
            case Statement(trust="doubtful"):
                unheard = False
                # Before asking: whoever hangs up at the question has still said something.
                yield SaveCase(answer, "doubtful")
                if (yield from confirm("statement_right", Prompt("i_heard", {"text": answer.text}))):
                    return (yield from _used(answer, "confirmed"))
                # Kept as well: the agent may read from it what the caller meant.
                yield SaveCase(answer, "denied")
                before = (Prompt("again_sorry"),)
            case Statement():
                unheard = False
                yield SaveCase(answer, "unclear")
                before = (again(answer),)
            case Pressed(_, words):
                unheard = False
                if words:
                    yield SaveCase(words, "unclear")
                break
            case Deaf(words, recorded):
                unheard = not recorded
                if words or recorded:
                    yield SaveCase(words, "unclear")
                break
            case _:
                unheard = isinstance(answer, Unclear)
                before = (again(answer),)
    return (yield from _by_keys(menu or SERVICES, record=voice_is_kept and unheard))


def _used(statement: Statement, trust: Trust) -> Flow[Prompt]:
    case: Case = yield SaveCase(statement, trust)
    return Prompt("about_title", {"title": case.title})


def menu_prompts(menu: Mapping[str, str]) -> tuple[Prompt, ...]:
    """What is said of a menu, a service at a time."""
    choices = (Prompt("menu_choice", {"service": service, "key": key}) for key, service in menu.items())
    return Prompt("menu"), *choices


def _by_keys(menu: Mapping[str, str], *, record: bool) -> Flow[Prompt]:
    """A service by its key; where nobody could hear words, the sound says the rest to the agent."""
    options = tuple(Option(service, key) for key, service in menu.items())
    chosen = yield from choose_by_keys("service", menu_prompts(menu), options)
    yield SaveCase(service=chosen.name)
    if record:
        yield from record_sound()
    return Prompt("about_service", {"service": chosen.name})


def record_sound() -> Flow[None]:
    """Keep the caller's sound with the case."""
    answer: Answer = yield Record((Prompt("after_the_tone"),))
    if isinstance(answer, Recorded):
        yield SaveCase()
