"""Keys and words as answers: what is not certain enough is no answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flows.asking import YES_NO
from ivr.moves import Ask, AskNumber, Chosen, Number, Pressed, Skipped, Unclear
from ivr.reading import ChoiceReader, NumberReader, StatementReader
from ivr.speech import Heard, Thresholds, Word
from ivr.texts import catalogue

THRESHOLDS = Thresholds(accept=0.9, confirm=0.6)
YES = ChoiceReader(Ask("sure", (), YES_NO), catalogue("en"), THRESHOLDS)
FOUR = NumberReader(AskNumber("employee_number", (), 4), catalogue("en"), THRESHOLDS)
FREE = StatementReader(THRESHOLDS)


def heard(*words: tuple[str, float]) -> Heard:
    spoken = tuple(Word(text, index, index + 1, confidence) for index, (text, confidence) in enumerate(words))
    mean = sum(confidence for _, confidence in words) / len(words)
    return Heard(" ".join(text for text, _ in words), mean, spoken)


@given(st.floats(0, 1))
def test_a_spoken_yes_counts_only_when_it_is_certain(confidence):
    answer = YES.words(heard(("yes", confidence)))
    assert answer == (Chosen("yes", spoken=True) if confidence >= THRESHOLDS.accept else Unclear())


def test_one_weak_word_makes_a_yes_uncertain():
    assert YES.words(heard(("yes", 1.0), ("please", 0.7))) == Unclear()


def test_sound_around_a_yes_makes_it_uncertain():
    assert YES.words(Heard("yes", 0.5, (Word("yes", 0, 1, 1.0),))) == Unclear()


def test_a_key_chooses_and_another_key_is_unclear():
    assert YES.keys("2", more=True) == Chosen("no")
    assert YES.keys("7", more=True) == Unclear()


def test_a_typed_number_is_whole_at_its_length_or_with_a_hash():
    assert FOUR.keys("421", more=True) is None
    assert FOUR.keys("4217", more=True) == Number("4217")
    assert FOUR.keys("42#", more=True) == Number("42")
    assert FOUR.keys("42", more=False) == Number("42")


def test_a_star_skips_the_number():
    assert FOUR.keys("4*", more=True) == Skipped()


def test_a_spoken_number_has_all_its_digits():
    digits = [(word, 0.95) for word in ("four", "two", "one", "seven")]
    assert FOUR.words(heard(*digits)) == Number("4217", spoken=True)
    assert FOUR.words(heard(*digits[:3])) == Unclear()
    assert FOUR.words(heard(*digits[:3], ("seven", 0.5))) == Unclear()


@pytest.mark.parametrize(
    ("confidence", "trust"), [(0.95, "certain"), (0.9, "certain"), (0.7, "doubtful"), (0.3, "unclear")]
)
def test_a_statement_tells_how_far_it_can_be_trusted(confidence, trust):
    statement = FREE.words(heard(("printer", confidence)))
    assert (statement.text, statement.trust, statement.words[0].end_s) == ("printer", trust, 1)


def test_sound_without_words_is_no_statement():
    assert FREE.words(Heard("", 0.0)) == Unclear()


def test_a_key_interrupts_free_speech():
    assert FREE.keys("4", more=True) == Pressed("4")
