"""The catalogues: the same in every language, and safe against what callers bring."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.languages import LANGUAGES
from ivr.flows.asking import YES_NO
from ivr.flows.language import OPTIONS as LANGUAGE_OPTIONS
from ivr.flows.statement import SERVICES
from ivr.texts import catalogue, placeholders

ENGLISH = catalogue("en")
TABLES = [field.name for field in fields(ENGLISH) if field.name != "language"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", TABLES)
def test_every_language_has_the_same_keys(language, table):
    assert getattr(catalogue(language), table).keys() == getattr(ENGLISH, table).keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", ["prompts", "desk"])
def test_every_language_says_the_same_values_in_the_same_way(language, table):
    for key, text in getattr(catalogue(language), table).items():
        assert placeholders(text) == placeholders(getattr(ENGLISH, table)[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_may_be_chosen_has_words(language):
    texts = catalogue(language)
    assert texts.digits.keys() == set("0123456789")
    assert {option.name for option in (*YES_NO, *LANGUAGE_OPTIONS)} <= texts.words.keys()
    assert set(SERVICES.values()) < texts.services.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_means_two_things(language):
    phrases = [phrase for words in catalogue(language).words.values() for phrase in words]
    assert len(phrases) == len(set(phrases))


def test_numbers_are_said_digit_by_digit():
    assert ENGLISH.say("case_number", {"number": "C-000420"}) == "Your case number is four, two, zero."
    assert ENGLISH.say("wrong_number", {"number": "0042"}) == (
        "I found nobody with the number zero, zero, four, two."
    )
    assert catalogue("nb").say("case_number", {"number": "C-000007"}) == "Saksnummeret ditt er sju."


def test_services_are_called_by_their_names():
    assert catalogue("sv").say("about_service", {"service": "printing"}) == "Det gäller: en skrivare."


def test_a_value_cannot_bring_placeholders_or_line_breaks():
    said = ENGLISH.say("hello", {"name": "{name}\r\nAction: Originate"})
    assert said == "Hello, {name} Action: Originate."


@given(st.text(max_size=10_000))
def test_any_text_becomes_one_short_printable_line(text):
    said = ENGLISH.say("about_title", {"title": text})
    assert said.isprintable()
    assert len(said) <= 200


def test_a_missing_value_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        ENGLISH.say("hello", {})


def test_prompts_without_values_can_be_made_before_the_first_call():
    fixed = dict(ENGLISH.fixed_prompts())
    assert "welcome" in fixed
    assert "hello" not in fixed
