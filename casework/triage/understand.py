"""What a caller's words mean for the desk: service, category, impact, urgency, priority and a title.  Pure.

Service and category are those of the article that the words are most about; impact and urgency are said by
phrases, which stand in `casework/triage/rules/`, one file a language. Every judgement comes with its words.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from casework.said import Said
from casework.search.ranking import Ranking
from casework.triage.phrases import NOTHING, Phrase, Scale, Spoken
from casework.triage.titles import title
from domain.cases import IMPACTS, ITIL, URGENCIES, Because, Impact, Judgement, Priorities, Urgency
from domain.languages import FALLBACK, LANGUAGES, Language, is_language

_FOLDER = Path(__file__).with_name("rules")


class Understanding:
    """Judges statements by the articles and the phrases; threads may share it."""

    def __init__(self, ranking: Ranking, priorities: Priorities = ITIL) -> None:
        """`priorities` maps impact and urgency to a priority, 1 the most pressing."""
        self._ranking = ranking
        self._priorities = priorities
        for language in LANGUAGES:
            _phrases(language)  # read now, not while somebody waits

    def understand(self, said: Said, language: str, desk: str = "") -> Judgement:
        """Judge what was heard; in a language that we do not speak, as English.

        Service and category are those of the article that would be suggested first. Where no word decides:
        no service, an incident, one person, hindered; and no reasons.
        """
        guesses = said.weighted()
        text = guesses[0][0]
        told = _phrases(language if is_language(language) else FALLBACK)
        spoken = told.read(text)
        impact, impact_words = told.impact.judge(spoken)
        urgency, urgency_words = told.urgency.judge(spoken)
        # The same question that the search asks: so the service agrees with the first suggestion.
        found = self._ranking.suggest(guesses, language, desk=desk)
        topic_words = found[0].because if found else ()
        reasons: Because = {
            "service": topic_words,
            "category": topic_words,
            "impact": impact_words,
            "urgency": urgency_words,
        }
        severity = cast(Impact, impact or "one"), cast(Urgency, urgency or "hindered")
        return Judgement(
            title=told.title(text),
            service=found[0].article.service if found else "",
            category=found[0].article.category if found else "incident",
            impact=severity[0],
            urgency=severity[1],
            priority=self._priorities[severity[0]][severity[1]],
            because={judged: words for judged, words in reasons.items() if words},
        )


@dataclass(frozen=True)
class _Phrases:
    """One language's file."""

    read: Callable[[str], Spoken]
    impact: Scale
    urgency: Scale
    title: Callable[[str], str]


@cache
def _phrases(language: Language) -> _Phrases:
    table = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return _Phrases(
        read=partial(Spoken.of, same=table["same"]),
        impact=_scale(table["impact"], IMPACTS),
        urgency=_scale(table["urgency"], URGENCIES),
        title=partial(
            title,
            same=table["same"],
            openings=[Phrase.of(written) for written in table["title"]["openings"]],
            joints=table["title"]["joints"],
            capitals=table["title"]["capitals"],
        ),
    )


def _scale(table: dict[str, Any], values: tuple[str, ...]) -> Scale:
    return Scale({value: [Phrase.of(written) for written in table[value]] for value in (*values, NOTHING)})
