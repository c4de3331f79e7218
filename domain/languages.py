"""The languages that we speak, with callers and on pages: the one place that lists them."""

from typing import Literal, TypeGuard, get_args

Language = Literal["en", "sv", "nb"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FALLBACK: Language = "en"  # every text and every article exists in it


def is_language(text: str) -> TypeGuard[Language]:
    """Whether we speak it."""
    return text in LANGUAGES
