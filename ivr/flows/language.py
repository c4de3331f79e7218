"""In which language? The contact's own, else asked once, else the house's. Pure."""

from collections.abc import Sequence

from domain.contacts import Contact
from domain.languages import FALLBACK, LANGUAGES, is_language
from ivr.flows.asking import choose
from ivr.moves import Flow, Option, Prompt, Say, UseLanguage

OPTIONS = tuple(Option(language, str(key)) for key, language in enumerate(LANGUAGES, 1))


def agree_on_language(contacts: Sequence[Contact], *, ask: bool, otherwise: str) -> Flow[None]:
    """Welcome the caller in a language that is known, or ask; `otherwise` serves where nothing is asked.

    Raises Unanswered.
    """
    known = {contact.language for contact in contacts}
    if len(known) == 1 and all(map(is_language, known)):
        yield UseLanguage(known.pop())
        yield Say(Prompt("welcome"))
        return
    yield Say(Prompt("welcome"))
    if ask:
        prompts = tuple(Prompt("language_choice", language=option.name) for option in OPTIONS)
        chosen = yield from choose("language", prompts, prompts, OPTIONS, tries=1, heard_in=FALLBACK)
        otherwise = chosen.name
    yield UseLanguage(otherwise)
