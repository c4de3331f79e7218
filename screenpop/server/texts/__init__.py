"""What the server says to people, in their language: one catalogue a language."""

import functools
import tomllib
from pathlib import Path

from domain.languages import LANGUAGES


@functools.cache
def _catalogue(language: str) -> dict[str, str]:
    file = Path(__file__).with_name(f"{language}.toml")
    texts: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def say(language: str, key: str) -> str:
    """The text of this key; in English where we do not speak the language."""
    return _catalogue(language if language in LANGUAGES else "en")[key]


def spoken_by(accept_language: str) -> str:
    """The first language of an Accept-Language header that we speak; quality values are not weighed."""
    for wanted in accept_language.split(","):
        language = wanted.split(";")[0].strip().split("-")[0].lower()
        # Norwegian of either kind: Bokmål is what we have.
        if language in ("no", "nn"):
            return "nb"
        if language in LANGUAGES:
            return language
    return "en"
