"""How sure a word is, from the engine's list of what else it may have been."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import Heard
from ivr.speech.engines.vosk_confidence import Hypothesis, heard


def hypothesis(text: str, probability: float, start_s: float = 0.0) -> Hypothesis:
    words = [
        {"word": word, "start": start_s + 0.5 * place, "end": start_s + 0.5 * place + 0.4}
        for place, word in enumerate(text.split())
    ]
    return {"text": text, "confidence": 100 + math.log(probability), "result": words}


def test_a_word_is_as_sure_as_the_hypotheses_that_have_it() -> None:
    best, other = hypothesis("my printer", 0.6), hypothesis("my sprinter", 0.4)
    final = heard([best, other], 0.0, grammar=False)
    assert [word.confidence for word in final.words] == [1.0, 0.6]
    assert final.confidence == pytest.approx(0.8)


def test_the_same_word_at_another_time_does_not_count() -> None:
    final = heard([hypothesis("no", 0.7), hypothesis("no", 0.3, start_s=2.0)], 0.0, grammar=False)
    assert final.words[0].confidence == pytest.approx(0.7)


def test_a_word_that_lasts_longer_than_anybody_speaks_is_not_sure() -> None:
    music = {"text": "boolean", "confidence": 0.0, "result": [{"word": "boolean", "start": 1.0, "end": 4.0}]}
    assert heard([music], 0.0, grammar=False).confidence == pytest.approx(0.5)


def test_words_are_placed_in_the_stream() -> None:
    (word,) = heard([hypothesis("yes", 1.0)], 12.5, grammar=False).words
    assert (word.start_s, word.end_s) == (12.5, 12.9)


def test_alternatives_are_the_next_best_texts_each_once() -> None:
    texts = ["reset", "reset", "preset", "[unk] reset", "recent", "rest", "resit", "receipt"]
    listed = [hypothesis(text, 0.5**place) for place, text in enumerate(texts)]
    assert heard(listed, 0.0, grammar=False).alternatives == ("preset", "recent", "rest", "resit")


def test_a_number_is_as_sure_as_its_weakest_digit() -> None:
    final = heard([hypothesis("four two", 0.7), hypothesis("four three", 0.3)], 0.0, grammar=True)
    assert final.confidence == pytest.approx(0.7)


def test_unknown_sound_lowers_a_grammars_confidence_and_is_not_in_the_text() -> None:
    final = heard([hypothesis("no [unk] [unk]", 1.0)], 0.0, grammar=True)
    assert final.text == "no"
    assert final.confidence == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize(
    "hypotheses",
    [[], [{"text": "", "confidence": 1.0}], [hypothesis("[unk] [unk]", 1.0)]],
    ids=["nothing", "empty", "unknown"],
)
def test_sound_without_words_is_empty_and_not_trusted(hypotheses: list[Hypothesis]) -> None:
    assert heard(hypotheses, 0.0, grammar=True) == Heard("", 0.0)


@given(
    st.lists(
        st.tuples(st.text("abc ", min_size=1).filter(str.strip), st.floats(-1e4, 1e4)), min_size=1, max_size=8
    ),
    st.booleans(),
)
def test_confidence_is_a_probability(listed: list[tuple[str, float]], grammar: bool) -> None:
    listed.sort(key=lambda one: -one[1])
    hypotheses = [hypothesis(text, 1.0) | {"confidence": score} for text, score in listed]
    final = heard(hypotheses, 0.0, grammar=grammar)
    assert 0 <= final.confidence <= 1
    assert all(0 <= word.confidence <= 1 for word in final.words)
