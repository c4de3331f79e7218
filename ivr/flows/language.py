"""In which language? The contact's own, else asked once, else the house's. Pure."""

from collections.abc import Mapping, Sequence

from domain.contacts import Contact
from domain.languages import FALLBACK, LANGUAGES, Language, is_language
from ivr.flows.asking import choose
from ivr.moves import Flow, Option, Prompt, Say, UseLanguage

_NONE: Mapping[Language, str] = {}
# A language has the same key at every desk, whichever of them it speaks.
OPTIONS = tuple(Option(language, str(key)) for key, language in enumerate(LANGUAGES, 1))


def agree_on_language(
    contacts: Sequence[Contact],
    *,
    ask: bool,
    languages: Sequence[Language] = LANGUAGES,
    greeting: Mapping[Language, str] = _NONE,
) -> Flow[None]:
    """Welcome the caller in a language that is known, or ask; the first serves where nothing is asked.

    `languages` are those of the desk, `greeting` its own words of welcome. Raises Unanswered.
    """
    otherwise: str = languages[0]
    known = {contact.language for contact in contacts}
    if len(known) == 1 and known <= set(languages):
        otherwise = known.pop()
        yield UseLanguage(otherwise)
        yield Say(welcome(otherwise, greeting))
        return
    yield Say(welcome(otherwise, greeting))
    if ask and len(languages) > 1:
        options = tuple(option for option in OPTIONS if option.name in languages)
        prompts = tuple(Prompt("language_choice", language=option.name) for option in options)
        chosen = yield from choose("language", prompts, prompts, options, tries=1, heard_in=FALLBACK)
        otherwise = chosen.name
    yield UseLanguage(otherwise)


def welcome(language: str, greeting: Mapping[Language, str]) -> Prompt:
    """The desk's own words in this language, else the catalogue's."""
    own = greeting.get(language) if is_language(language) else None
    return Prompt("greeting", {"greeting": own}) if own else Prompt("welcome")
