"""A short title from what a caller said, in the caller's own words.  Pure."""

import re
from collections.abc import Collection, Mapping, Sequence

from casework.search.words import WORD
from casework.triage.phrases import Phrase, Spoken

_MOST_CHARACTERS = 80
_SHORTEST_CLAUSE = 4  # words; fewer are no title yet: "my keyboard and mouse …"
_CLAUSE_ENDS = re.compile(r"[.!?;:,]\s")


def title(
    text: str,
    *,
    same: Mapping[str, str],
    openings: Sequence[Phrase],
    joints: Collection[str],
    capitals: Collection[str],
) -> str:
    """The first clause after the greetings, in sentence case, at most 80 characters.

    `openings` are what people say before they come to the point, `joints` words that begin a new clause,
    `capitals` words written with a capital letter; `same` as for `Spoken.of`.
    """
    text = " ".join(text.split())
    spans = [match.span() for match in WORD.finditer(text)]
    if not spans:
        return ""
    first = _after_openings(Spoken.of(text, same), openings)
    begin, end = spans[first][0], len(text)
    for at, (word_begin, word_end) in enumerate(spans[first:]):
        if at >= _SHORTEST_CLAUSE and (
            _CLAUSE_ENDS.search(text, spans[first + at - 1][1], word_begin)
            or text[word_begin:word_end].casefold() in joints
        ):
            end = spans[first + at - 1][1]
            break
    clause = WORD.sub(
        lambda word: word.group().capitalize() if word.group() in capitals else word.group(), text[begin:end]
    )
    return _cut(clause[:1].upper() + clause[1:])


def _after_openings(spoken: Spoken, openings: Sequence[Phrase]) -> int:
    """The first word to the point; 0 where nothing but openings was said."""
    start = 0
    while (end := max((phrase.end(spoken, start) for phrase in openings), default=start)) > start:
        start = end
    return spoken.places.get(start, 0)


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text.rstrip(".!?;:, ")
    head, space, _ = text[:_MOST_CHARACTERS].rpartition(" ")
    return f"{(head if space else text[: _MOST_CHARACTERS - 1])[: _MOST_CHARACTERS - 1]}…"
