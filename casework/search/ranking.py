"""Finds the articles that a caller's words are about, and says by which words.  Pure.

The score of an article, 0–1, is what the spoken words are worth to it (`casework.search.word_index`), divided
by the most they could be worth to any article and one rare word more, so that little evidence never looks
like much. A word counts by the share of the recogniser's guesses that hold it.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from casework.search.word_index import WordIndex
from casework.search.words import tokens
from domain.articles import Article
from domain.cases import Case
from domain.languages import FALLBACK

_NO_DESK = ""  # of articles that are for everybody's callers, and of callers of no desk
_TITLE, _KEYWORD, _EXAMPLE, _BODY = 2.0, 2.0, 1.0, 0.1
_LEAST_SCORE = 0.1  # of the best article; below it every suggestion would be nonsense
_USUAL = 3  # suggestions; more only where they are nearly as good as the best
_NEAR_BEST, _VERY_NEAR_BEST = 0.3, 0.6
_LEAST_EVIDENCE = 0.3  # some word must be worth this share of the rarest: "it does not work" says nothing
_LEAST_REASON = 0.15  # share of the score from which a word is told as a reason
_LEAST_LIKENESS = 0.35  # of two cases
_REMEMBERED = 64  # questions: more than there are callers between their judgement and their solutions


@dataclass(frozen=True)
class Ranked:
    """An article with its score, 0–1, and the caller's words that brought it, most telling first."""

    article: Article
    score: float
    because: tuple[str, ...]


class Ranking:
    """The articles of all languages, ready to be searched; threads may share it."""

    def __init__(self, articles: Sequence[Article]) -> None:
        """An article that does not exist in a language is searched, there, by its English text.

        Each desk with articles of its own has an index of its own: how rare a word is there, and so how much
        it tells, must not depend on what other desks write about.
        """
        languages = {FALLBACK, *(article.language for article in articles)}
        desks = {_NO_DESK, *(article.desk for article in articles)}
        self._articles = {
            (desk, language): _in_language(_of_desk(articles, desk), language)
            for desk in desks
            for language in languages
        }
        self._indexes = {
            place: WordIndex([_weighted_words(article) for article in chosen])
            for place, chosen in self._articles.items()
        }
        self._remembered = lru_cache(_REMEMBERED)(self._rank)

    def suggest(
        self, texts: Sequence[tuple[str, float]], language: str, limit: int = 5, *, desk: str = _NO_DESK
    ) -> tuple[Ranked, ...]:
        """The desk's own and everybody's articles for what was heard, best first; none where nothing fits.

        `texts` are guesses at the same words, each with its weight, the likeliest first; the reasons are
        words of that first one exactly as they stand in it. What was asked a moment ago is not ranked again:
        the same words are judged first and searched for then.
        """
        return self._remembered(tuple(texts), language, limit, desk)

    def _rank(
        self, texts: tuple[tuple[str, float], ...], language: str, limit: int, desk: str
    ) -> tuple[Ranked, ...]:
        place = self._place(language, desk)
        index, articles = self._indexes[place], self._articles[place]
        weights = _word_weights(texts)
        words = list(weights)
        if not articles or not words:
            return ()
        gains = index.gains(words) * np.array(list(weights.values()))[:, np.newaxis]
        most = sum(weight * index.rarity(word) for word, weight in weights.items()) + index.rarest
        scores = gains.sum(axis=0) / most
        if gains.max() < _LEAST_EVIDENCE * index.rarest or scores.max() < _LEAST_SCORE:
            return ()
        spoken = tokens(texts[0][0])
        return tuple(
            Ranked(
                articles[at],
                round(float(scores[at]), 3),
                _reasons(spoken, dict(zip(words, gains[:, at].tolist(), strict=True))),
            )
            for place, at in enumerate(np.argsort(-scores, kind="stable")[:limit].tolist())
            if scores[at] >= scores.max() * (_NEAR_BEST if place < _USUAL else _VERY_NEAR_BEST)
        )

    def similar_cases(
        self, text: str, cases: Sequence[Case], language: str, limit: int = 3
    ) -> tuple[Case, ...]:
        """The cases whose words mean much the same as the text, most similar first."""
        index = self._indexes[self._place(language, _NO_DESK)]
        asked = index.meaning(_words(text))
        alike = [
            (_cosine(asked, index.meaning(_words(f"{case.title} {case.statement}"))), case) for case in cases
        ]
        alike = [(likeness, case) for likeness, case in alike if likeness >= _LEAST_LIKENESS]
        return tuple(case for _, case in sorted(alike, key=lambda pair: -pair[0])[:limit])

    def _place(self, language: str, desk: str) -> tuple[str, str]:
        """Where to look: a desk without articles of its own has everybody's."""
        known = desk if (desk, FALLBACK) in self._indexes else _NO_DESK
        return known, language if (known, language) in self._indexes else FALLBACK


def _of_desk(articles: Sequence[Article], desk: str) -> tuple[Article, ...]:
    return tuple(article for article in articles if article.desk in (_NO_DESK, desk))


def _in_language(articles: Sequence[Article], language: str) -> tuple[Article, ...]:
    # English first, then over it what the language has: no article is missing in any of them.
    chosen = {article.key: article for article in articles if article.language == FALLBACK}
    chosen |= {article.key: article for article in articles if article.language == language}
    return tuple(chosen.values())


def _words(text: str) -> list[str]:
    return [word.casefold() for word in tokens(text)]


def _weighted_words(article: Article) -> dict[str, float]:
    """How much each word belongs to the article; a word counts once in each example."""
    weights: defaultdict[str, float] = defaultdict(float)
    fields = [(_TITLE, article.title), (_BODY, article.body)]
    fields += [(_KEYWORD, keyword) for keyword in article.keywords]
    for weight, text in fields:
        for word in _words(text):
            weights[word] += weight
    for example in article.examples:
        # Once each: a sentence that says "printer" twice is not about it twice as much.
        for word in dict.fromkeys(_words(example)):
            weights[word] += _EXAMPLE
    return dict(weights)


def _word_weights(texts: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Each word with the share of the weight of all texts that stands behind it."""
    weights: defaultdict[str, float] = defaultdict(float)
    for text, weight in texts:
        for word in dict.fromkeys(_words(text)):
            weights[word] += weight
    total = sum(weight for _, weight in texts)
    return {word: weight / total for word, weight in weights.items() if weight > 0}


def _reasons(spoken: Sequence[str], gains: Mapping[str, float]) -> tuple[str, ...]:
    least = _LEAST_REASON * sum(gains.values())
    telling = {word: gains[word.casefold()] for word in spoken if gains.get(word.casefold(), 0.0) >= least}
    return tuple(sorted(telling, key=lambda word: -telling[word]))


def _cosine(left: Mapping[object, float], right: Mapping[object, float]) -> float:
    shared = sum(weight * right.get(word, 0.0) for word, weight in left.items())
    if not shared:
        return 0.0
    return shared / (math.hypot(*left.values()) * math.hypot(*right.values()))
