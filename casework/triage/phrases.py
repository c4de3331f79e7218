"""Phrases that decide something, found in what a caller says.  Pure.

How a phrase is written stands at the head of `casework/triage/rules/en.toml`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from casework.search.words import tokens

_GAP = r"(?:\S+ ){0,3}?"
NOTHING = "nothing"  # the value of phrases that only take words away from others


@dataclass(frozen=True)
class Spoken:
    """A text as the phrases see it: its words as they stand, and a line to match with a place for each."""

    words: tuple[str, ...]
    line: str
    places: Mapping[int, int]  # where a word of the line begins -> which word of the text it is

    @classmethod
    def of(cls, text: str, same: Mapping[str, str]) -> "Spoken":
        """Read a text; `same` has other writings of lower-case words, such as can't: can not."""
        words = tokens(text)
        read: list[tuple[str, int]] = []
        for at, word in enumerate(words):
            folded = word.casefold().replace("’", "'")
            read.extend((part, at) for part in same.get(folded, folded).split())
        starts = accumulate((len(part) + 1 for part, _ in read), initial=0)
        line = "".join(f"{part} " for part, _ in read)
        return cls(words, line, {start: at for start, (_, at) in zip(starts, read, strict=False)})


@dataclass(frozen=True)
class Phrase:
    """A compiled phrase; its groups are the words that are written in it."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, written: str) -> "Phrase":
        """Compile a phrase; ValueError where it begins or ends with a gap, or is empty."""
        parts = written.split()
        if not parts or "..." in (parts[0], parts[-1]):
            raise ValueError(f"a phrase begins and ends with a word: {written!r}")
        return cls(re.compile(r"(?<!\S)" + "".join(_GAP if part == "..." else _word(part) for part in parts)))

    def end(self, spoken: Spoken, start: int) -> int:
        """Where the phrase ends in the line if it is said at `start`, else `start`."""
        match = self.pattern.match(spoken.line, start)
        return match.end() if match else start

    def matches(self, spoken: Spoken) -> Iterable[tuple[int, ...]]:
        """The places of the phrase's words in the text, for each time it is said."""
        for match in self.pattern.finditer(spoken.line):
            groups = range(1, (match.lastindex or 0) + 1)
            yield tuple(dict.fromkeys(spoken.places[match.start(group)] for group in groups))


def _word(part: str) -> str:
    choices = (
        re.escape(choice.removesuffix("*")) + (r"\S*" if choice.endswith("*") else "")
        for choice in part.split("|")
    )
    return f"({'|'.join(choices)}) "


@dataclass(frozen=True)
class Scale:
    """The values of one judged field, weakest first, each with the phrases that speak for it."""

    phrases: dict[str, Sequence[Phrase]]

    def judge(self, spoken: Spoken) -> tuple[str, tuple[str, ...]]:
        """The strongest value that is said, with the deciding words; ("", ()) where none is."""
        said = [
            (value, places)
            for value, phrases in self.phrases.items()
            for phrase in phrases
            for places in phrase.matches(spoken)
        ]
        taken: dict[int, str] = {}
        # The longest phrase first: what it has decided with its words, no shorter phrase in it decides again.
        for value, places in sorted(said, key=lambda found: -len(found[1])):
            if all(taken.get(place, value) == value for place in places):
                taken |= dict.fromkeys(places, value)
        for value in reversed(self.phrases):
            deciding = sorted(place for place, owner in taken.items() if owner == value != NOTHING)
            if deciding:
                return value, tuple(dict.fromkeys(spoken.words[place] for place in deciding))
        return "", ()
