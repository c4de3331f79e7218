"""What is said of a desk: its greetings and its menu, as the catalogues write them. Pure."""

from collections.abc import Iterator

from domain.desks import Desk
from ivr.flows.language import welcome
from ivr.flows.statement import menu_prompts
from ivr.texts import catalogue


def desk_prompts(desk: Desk) -> Iterator[tuple[str, str, str]]:
    """(language, key, text) of each: they can be made before the desk's first call."""
    for language in desk.languages:
        for prompt in (welcome(language, desk.greeting), *menu_prompts(desk.menu)):
            yield language, prompt.key, catalogue(language).say(prompt.key, prompt.values)
