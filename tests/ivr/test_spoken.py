"""Words → choices and digits: plain words count, everything else means nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flows.asking import YES_NO
from ivr.flows.language import OPTIONS
from ivr.moves import Option
from ivr.spoken import choice, choice_grammar, digits, number_grammar
from ivr.texts import catalogue

UNKNOWN = "[unk]"
EN, SV, NB = (catalogue(language) for language in ("en", "sv", "nb"))


@pytest.mark.parametrize("text", ["yes", "yes please", "that's right", "yes yes", "yes i am"])
def test_a_plain_yes_is_a_yes(text):
    assert choice(text, YES_NO, EN) == "yes"


@pytest.mark.parametrize("text", ["no", "that's not right", "no no", "no i am not"])
def test_a_plain_no_is_a_no(text):
    assert choice(text, YES_NO, EN) == "no"


@pytest.mark.parametrize(
    "text",
    ["", "yes no", "no yes", f"yes {UNKNOWN}", f"{UNKNOWN} yes", "yes but", "no that's right", "what", "one"],
)
def test_anything_else_is_neither(text):
    assert choice(text, YES_NO, EN) is None


def test_yes_and_no_in_the_other_languages():
    assert [choice(text, YES_NO, SV) for text in ("ja tack", "nej det stämmer inte")] == ["yes", "no"]
    assert [choice(text, YES_NO, NB) for text in ("det stemmer", "det stemmer ikke")] == ["yes", "no"]


def test_a_language_is_chosen_by_its_name():
    assert [choice(text, OPTIONS, EN) for text in ("swedish", "norwegian", "what")] == ["sv", "nb", None]


def test_an_option_without_words_of_its_own_is_chosen_by_its_number():
    assert choice("two", (Option("1", "1"), Option("2", "2")), EN) == "2"


def test_digits_are_read_in_every_language():
    assert digits("four two oh seven", EN) == "4207"
    assert digits("sju sju noll ett", SV) == "7701"
    assert digits("null syv sju en", NB) == "0771"


@pytest.mark.parametrize("text", ["", "four two [unk] seven", "forty two", "hello"])
def test_what_is_not_all_digits_is_no_number(text):
    assert digits(text, EN) is None


def test_what_people_say_instead_of_an_answer_is_listened_for_and_means_nothing():
    assert {"what", "hello"} <= set(choice_grammar(YES_NO, EN))
    assert choice("what", YES_NO, EN) is choice("hello", YES_NO, EN) is None


def test_all_digits_are_listened_for():
    assert {digits(word, EN) for word in number_grammar(EN)} == set("0123456789")


@given(st.lists(st.sampled_from([*choice_grammar(YES_NO, EN), "not", "maybe", UNKNOWN]), max_size=6))
def test_a_yes_never_comes_out_of_words_with_a_no_in_them(phrases):
    words = " ".join(phrases).split()
    if {"no", "not", "maybe", "what", UNKNOWN} & set(words):
        assert choice(" ".join(words), YES_NO, EN) != "yes"
