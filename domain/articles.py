"""Articles of the knowledge base."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Article:
    """A knowledge-base article; `key` is its file's name, the same in every language.

    It is for the callers of one `desk`; empty: for everybody's.
    """

    key: str
    language: str
    title: str
    service: str
    category: str
    body: str
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    desk: str = ""
