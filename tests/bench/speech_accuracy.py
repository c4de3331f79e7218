"""How many words are wrong, whether the right article is found all the same, and what was wrongly trusted."""

import asyncio
import random
import tempfile
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from casestore import knowledge
from casestore.db import Store
from casework.search.ranking import Ranking
from ivr.moves import Ask, AskNumber, Chosen, Number, Option
from ivr.reading import grammar_for, reader_for
from ivr.speech.pool.recogniser import Pool
from ivr.texts import catalogue
from tests.bench.figures import Figure
from tests.bench.spoken import CODECS, VOICES, Hearing, Sentence, hear, on_the_line, sentences

Out = TypeVar("Out")

_EACH = 12  # sentences of every voice, codec and condition
_AT_ONCE = 4
_ALTERNATIVE = 0.5  # what another guess counts in the search, as in ivr.call_case
_NEITHER = (
    "hello", "maybe", "i don't know", "hold on", "what", "my name is anna", "help me please", "agent",
    "i guess", "i guess so", "i know", "not sure", "i am not sure", "let me think", "could be",
    "good question", "yes and no", "just a moment", "say that again", "can you repeat that",
)  # fmt: skip


def words_wrong(said: str, heard: str) -> tuple[int, int]:
    """The least number of words to change, add or drop, and the number of words said."""
    wanted, got = said.split(), heard.split()
    row = list(range(len(got) + 1))
    for place, word in enumerate(wanted, 1):
        above, row[0] = row[0], place
        for column, other in enumerate(got, 1):
            above, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, above + (word != other)),
            )
    return row[-1], len(wanted)


async def listen(pool: Pool) -> list[Hearing]:
    """Every voice over every codec, clean and in noise, with sentences in turn so that all are heard."""
    texts, jobs = sentences(), []
    for place, voice in enumerate(VOICES):
        for offset, codec in enumerate(CODECS):
            for noisy in (False, True):
                first = (place * _EACH + offset * _EACH // 2) % len(texts)
                chosen = (texts + texts)[first : first + _EACH]
                jobs += [_hear(pool, sentence, voice, codec, noisy) for sentence in chosen]
    return await _some_at_once(jobs)


def word_errors(hearings: Sequence[Hearing]) -> list[Figure]:
    """Word error rates by codec and condition, each voice named."""
    figures = []
    for codec in CODECS:
        for noisy in (False, True):
            chosen = [one for one in hearings if (one.codec, one.noisy) == (codec, noisy)]
            voices = ", ".join(
                f"{voice} {_rate(one for one in chosen if one.voice == voice):.0%}" for voice in VOICES
            )
            name = f"words wrong, {codec}, {'15 dB of white noise' if noisy else 'clean'}"
            figures.append(Figure(name=name, value=f"{_rate(chosen):.1%} ({voices})"))
    return figures


def hits(hearings: Sequence[Hearing]) -> list[Figure]:
    """Whether the first article, or one of the first three, is a right one."""
    ranking, figures = _ranking(), []
    for noisy, goal in ((False, 0.97), (True, 0.90)):
        chosen = [one for one in hearings if one.noisy == noisy]
        first, third = (sum(_hit(ranking, one, limit) for one in chosen) / len(chosen) for limit in (1, 3))
        held = [one for one in chosen if one.said.held]
        condition = "15 dB of noise" if noisy else "clean"
        held_third = sum(_hit(ranking, one, 3) for one in held) / len(held)
        figures.append(
            Figure(
                name=f"right article first / among three, {condition}, {len(chosen)} heard",
                value=f"{first:.1%} / {third:.1%} (sentences never tuned on: {held_third:.1%})",
                goal=f"among three ≥ {goal:.0%}",
                met=third >= goal,
            )
        )
    return figures


async def answers(pool: Pool) -> list[Figure]:
    """Yes and no: how many are understood, and how often something else was taken for one without asking."""
    texts = catalogue("en")
    question = Ask("bench", (), options=(Option("yes", "1"), Option("no", "2")))
    reader, grammar = reader_for(question, texts, pool.thresholds("en")), grammar_for(question, texts)

    async def chosen(said: str, voice: str, noisy: bool) -> str:
        sound = on_the_line(said, voice, "pcmu", noisy=noisy, seed=len(said))
        answer = reader.words(await hear(pool, sound, CODECS["pcmu"], grammar))
        return answer.name if isinstance(answer, Chosen) else ""

    meant = {said: name for name in ("yes", "no") for said in texts.words[name]} | dict.fromkeys(_NEITHER, "")
    meant |= {one.text: "" for one in sentences()[:: len(VOICES)]}
    said = [(text, voice, noisy) for text in meant for voice in VOICES for noisy in (False, True)]
    taken = await _some_at_once([chosen(*one) for one in said])
    wrong = [one for one, name in zip(said, taken, strict=True) if name and name != meant[one[0]]]
    right = [one for one, name in zip(said, taken, strict=True) if name and name == meant[one[0]]]
    answered = sum(bool(meant[text]) for text, _, _ in said)
    return [
        Figure(
            name=f"yes and no understood at once, {answered} said, half of them in noise",
            value=f"{len(right) / answered:.1%}",
        ),
        Figure(
            name=f"a wrong yes or no taken without asking, {len(said)} said",
            value=f"{len(wrong)} {sorted({text for text, _, _ in wrong})[:5] if wrong else ''}",
            goal="0",
            met=not wrong,
        ),
    ]


async def numbers(pool: Pool) -> list[Figure]:
    """Employee numbers of four digits; what is heard is always asked back."""
    texts, drawn = catalogue("en"), random.Random(7)
    question = AskNumber("bench", (), length=4)
    reader, grammar = reader_for(question, texts, pool.thresholds("en")), grammar_for(question, texts)

    async def outcome(voice: str, noisy: bool, digits: tuple[str, ...]) -> str:
        said = " ".join(texts.digits[digit][0] for digit in digits)
        sound = on_the_line(said, voice, "pcmu", noisy=noisy, seed=len(said))
        answer = reader.words(await hear(pool, sound, CODECS["pcmu"], grammar))
        if not isinstance(answer, Number):
            return "unclear"
        return "right" if answer.digits == "".join(digits) else "wrong"

    jobs = [
        outcome(voice, noisy, tuple(drawn.choices("0123456789", k=4)))
        for voice in VOICES
        for noisy in (False, True)
        for _ in range(5)
    ]
    outcomes = await _some_at_once(jobs)
    counts = " / ".join(str(outcomes.count(kind)) for kind in ("right", "unclear", "wrong"))
    return [Figure(name="numbers of four digits: right / said again / wrong and asked back", value=counts)]


def thresholds(hearings: Sequence[Hearing], pool: Pool) -> Figure:
    """What the thresholds do with free speech."""
    limits = pool.thresholds("en")
    sure = [one for one in hearings if one.heard.confidence >= limits.accept]
    asked = [one for one in hearings if limits.confirm <= one.heard.confidence < limits.accept]
    return Figure(
        name="statements used as heard / asked back / not used",
        value=(
            f"{len(sure) / len(hearings):.0%} with {_rate(sure):.1%} of the words wrong /"
            f" {len(asked) / len(hearings):.0%} with {_rate(asked):.1%} /"
            f" {1 - (len(sure) + len(asked)) / len(hearings):.0%}"
        ),
    )


async def _hear(pool: Pool, sentence: Sentence, voice: str, codec: str, noisy: bool) -> Hearing:
    sound = on_the_line(sentence.text, voice, codec, noisy=noisy, seed=len(sentence.text))
    return Hearing(sentence, voice, codec, noisy, await hear(pool, sound, CODECS[codec]))


async def _some_at_once(jobs: Sequence[Coroutine[object, object, Out]]) -> list[Out]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(job: Coroutine[object, object, Out]) -> Out:
        async with gate:
            return await job

    return await asyncio.gather(*(one(job) for job in jobs))


def _rate(hearings: Iterable[Hearing]) -> float:
    counts = [words_wrong(one.said.text, one.heard.text) for one in hearings]
    return sum(wrong for wrong, _ in counts) / max(1, sum(words for _, words in counts))


def _ranking() -> Ranking:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/bench.db")
        store.upgrade()
        with store.uow() as tx:
            knowledge.import_directory(tx, Path("knowledge"))
            articles = knowledge.articles(tx)
        store.close()
    return Ranking(articles)


def _hit(ranking: Ranking, hearing: Hearing, limit: int) -> bool:
    texts = [(hearing.heard.text, 1.0), *((text, _ALTERNATIVE) for text in hearing.heard.alternatives)]
    found = ranking.suggest(texts, "en", limit)
    return any(one.article.key in hearing.said.articles for one in found)
