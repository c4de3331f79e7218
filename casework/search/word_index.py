"""Texts against the words that stand in them: what each spoken word is worth to each text.

A word adds to a text what the text's best word for it is worth: how rare that word is among the texts
(idf), how firmly it belongs to this one (the term frequency of Okapi BM25, Robertson & Zaragoza 2009) and
how alike the two words are (`casework.search.words`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from casework.search.words import WordList

_SATURATION = 1.5  # BM25's k1
_LENGTH = 0.5  # BM25's b
_REMEMBERED = 20_000  # words


class WordIndex:
    """A fixed collection of texts, each as its lower-case words with their weights.

    `rarest` is what a word of one text is worth: the measure of all worths here.
    """

    def __init__(self, texts: Sequence[Mapping[str, float]]) -> None:
        words = list(dict.fromkeys(word for text in texts for word in text))
        column = {word: at for at, word in enumerate(words)}
        columns = np.array([column[word] for text in texts for word in text], dtype=np.int64)
        rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        weights = np.array([weight for text in texts for weight in text.values()], dtype=float)
        frequency = np.bincount(columns, np.minimum(weights, 1.0), minlength=len(words))
        self._size = len(texts)
        self._rarity = np.log((len(texts) + 1) / (np.maximum(frequency, 1.0) + 0.5))
        self.rarest = float(np.log((len(texts) + 1) / 1.5))
        lengths = np.bincount(rows, weights, minlength=len(texts))
        relative = lengths[rows] / lengths.mean() if words else rows
        firmness = weights / (weights + _SATURATION * (1 - _LENGTH + _LENGTH * relative))
        shape = (len(texts), len(words))
        self._worth = csc_matrix((firmness * self._rarity[columns], (rows, columns)), shape=shape)
        # Comparing a word with every listed one is what costs; callers use the same words again and again.
        self._resembling = lru_cache(_REMEMBERED)(WordList(words).resembling)

    def gains(self, words: Sequence[str]) -> NDArray[np.float64]:
        """What each word (row) is worth to each text (column)."""
        gains = np.zeros((len(words), self._size))
        for gain, word in zip(gains, words, strict=True):
            for place, likeness in self._resembling(word).items():
                span = slice(self._worth.indptr[place], self._worth.indptr[place + 1])
                holders = self._worth.indices[span]
                gain[holders] = np.maximum(gain[holders], likeness * self._worth.data[span])
        return gains

    def rarity(self, word: str) -> float:
        """The most that a word can be worth; one that resembles nothing counts as very rare."""
        found = self._resembling(word)
        return max(
            (likeness * float(self._rarity[at]) for at, likeness in found.items()), default=self.rarest
        )

    def meaning(self, words: Sequence[str]) -> dict[object, float]:
        """The words as weights of the listed words they resemble; as far as they do not, of themselves."""
        meaning: dict[object, float] = {}
        for word in words:
            found = self._resembling(word)
            for place, likeness in found.items():
                worth = likeness * float(self._rarity[place])
                meaning[place] = max(meaning.get(place, 0.0), worth)
            # A name or a device that no article knows still tells two cases apart.
            strange = 1.0 - max(found.values(), default=0.0)
            if strange > 0.0:
                meaning[word] = strange * self.rarest
        return meaning
