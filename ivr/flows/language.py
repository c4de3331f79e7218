"""In which language? The contact's own, else asked once, else the house's. Pure."""

from collections.abc import Sequence

from domain.views import ContactView
from ivr.flows.asking import choose
from ivr.moves import Flow, Option, Prompt, Say, UseLanguage

LANGUAGES = (Option("en", "1"), Option("sv", "2"), Option("nb", "3"))


def agree_on_language(contacts: Sequence[ContactView], *, ask: bool, otherwise: str) -> Flow[None]:
    """Welcome the caller in a language that is known, or ask; `otherwise` serves where nothing is asked.

    Raises Unanswered.
    """
    known = {contact.language for contact in contacts}
    if len(known) == 1 and known <= {option.name for option in LANGUAGES}:
        yield UseLanguage(known.pop())
        yield Say(Prompt("welcome"))
        return
    yield Say(Prompt("welcome"))
    if ask:
        prompts = tuple(Prompt("language_choice", language=option.name) for option in LANGUAGES)
        chosen = yield from choose("language", prompts, prompts, LANGUAGES, tries=1, heard_in="en")
        otherwise = chosen.name
    yield UseLanguage(otherwise)
