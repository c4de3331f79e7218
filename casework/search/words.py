"""Words as the search sees them: how alike two of them are, letter by letter.

A word is compared by its character n-grams. They join definite and plural forms (lösenordet, lösenord),
compounds and their parts (nätverksskrivaren, skrivare) and what was said with what was heard
(tracked, cracked), in every language and without a list of endings.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LONGEST = 40  # letters of a word that count
_LEAST_ALIKE = 0.35  # below this two words are strangers
_KNOWN_WORD = 0.5  # a known word means itself, and what resembles it half as much
_COMPOUND = 0.8
_SHORTEST_PART = 5  # letters; a shorter word stands by chance in too many others


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text exactly as they stand there, without punctuation."""
    return tuple(WORD.findall(text))


class WordList:
    """The words of a collection of texts, lower case, each once; finds those that a word resembles."""

    def __init__(self, words: Sequence[str]) -> None:
        self._at = {word: at for at, word in enumerate(words)}
        self._letters = np.array([len(word) for word in words])
        self._parts: dict[str, int] = {}
        rows = [[self._parts.setdefault(part, len(self._parts)) for part in _parts(word)] for word in words]
        columns = np.array([part for row in rows for part in row], dtype=np.int32)
        starts = np.cumsum([0, *map(len, rows)])
        frequency = np.bincount(columns, minlength=len(self._parts))
        self._rarity = np.log((len(words) + 1) / frequency)
        self._unseen = float(self._rarity.max(initial=1.0))
        weights = self._rarity[columns]
        shape = (len(words), len(self._parts))
        matrix = csr_matrix((weights, columns, starts), shape=shape)
        self._lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        self._by_part = matrix.T.tocsr()

    def resembling(self, word: str) -> dict[int, float]:
        """The positions of the words that a lower-case word resembles, each with its likeness 0–1."""
        parts = _parts(word)
        known = [at for part in parts if (at := self._parts.get(part)) is not None]
        if not known:
            return {}
        weights = self._rarity[known]
        length = float(np.sqrt(np.sum(weights**2) + (len(parts) - len(known)) * self._unseen**2))
        shared = np.zeros(len(self._at))
        for part, weight in zip(known, weights, strict=True):
            span = slice(self._by_part.indptr[part], self._by_part.indptr[part + 1])
            shared[self._by_part.indices[span]] += weight * self._by_part.data[span]
        likeness = shared / (length * self._lengths)
        itself = self._at.get(word)
        # Only unknown words are taken apart: a compound that stands in the texts has a meaning of its own.
        if itself is None and len(word) > _SHORTEST_PART:
            likeness = np.maximum(likeness, self._inside(word, shared))
        elif itself is not None:
            likeness *= _KNOWN_WORD
            likeness[itself] = 1.0
        near = np.flatnonzero(likeness >= _LEAST_ALIKE)
        return dict(zip(near.tolist(), likeness[near].tolist(), strict=True))

    def _inside(self, word: str, shared: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of each listed word stands inside a compound that is not listed."""
        possible = (self._letters >= _SHORTEST_PART) & (self._letters < len(word))
        return np.where(possible, _COMPOUND * np.minimum(shared / self._lengths**2, 1.0), 0.0)


def _parts(word: str) -> tuple[str, ...]:
    """The n-grams, 3–5 letters, of a word between its two ends."""
    # The ends count as letters: words that begin or end alike are more alike than words that share a middle.
    text = f"<{word[:_LONGEST]}>"
    grams = (text[at : at + size] for size in (3, 4, 5) for at in range(len(text) - size + 1))
    return tuple(dict.fromkeys(grams))
