"""Text as a database can keep it: no NUL, no lone surrogates, no longer than its field."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for what neither SQLite nor PostgreSQL can hold (NUL, lone surrogates)."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, limit: int) -> str:
    """The text made storable and no longer than `limit` characters; an ellipsis marks a cut."""
    text = storable(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(field: str, text: str, limit: int) -> str:
    """The text without surrounding space; ValueError where it is too long or holds control characters."""
    text = text.strip()
    if len(text) > limit:
        raise ValueError(f"{field} has {len(text)} characters, at most {limit} are allowed")
    if _CONTROL.search(text):
        raise ValueError(f"{field} holds control characters or broken Unicode")
    return text
