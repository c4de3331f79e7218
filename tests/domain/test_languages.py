"""The languages stand in one place; whatever lists them again is held to it."""

import re

import pytest

from casework.triage import understand
from domain.languages import FALLBACK, LANGUAGES, is_language
from ivr.flows.language import OPTIONS
from ivr.speaking import voices
from ivr.texts import catalogue
from screenpop.server import texts as desk_texts
from tests.checkout import ROOT

PAGES = ROOT / "screenpop/web/src"


def test_only_ours_are_languages_of_ours():
    assert FALLBACK in LANGUAGES
    assert [is_language(text) for text in ("en", "sv", "nb", "", "de", "EN")] == [True] * 3 + [False] * 3


def test_callers_may_choose_each_by_a_key():
    assert tuple(option.name for option in OPTIONS) == LANGUAGES


def test_the_voice_that_is_always_there_speaks_each():
    assert voices._ESPEAK_VOICES.keys() == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_texts_rules_and_articles_in_each(language):
    assert catalogue(language).prompts
    assert understand._phrases(language)
    assert list((ROOT / "knowledge" / language).glob("*.md"))
    assert (PAGES / f"text/{language}.json").is_file()


def test_the_desk_speaks_each_and_no_other():
    assert desk_texts.LANGUAGES == LANGUAGES
    source = (PAGES / "lib/text.svelte.ts").read_text(encoding="utf-8")
    listed = re.search(r"export const LANGUAGES = \[(.*?)\] as const", source)
    assert listed
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == LANGUAGES
