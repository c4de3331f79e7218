"""A statement becomes service, category, impact, urgency, priority and title, each with its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casestore import article_files
from casework.said import Said
from casework.search.ranking import Ranking
from casework.search.words import tokens
from casework.triage.understand import Understanding
from domain.cases import ITIL, Judgement
from tests.checkout import ROOT

ARTICLES = article_files.read(ROOT / "knowledge").articles
UNDERSTANDING = Understanding(Ranking(ARTICLES))
TELLING = "we nobody everyone else can can't not work still only my whole office is down urgent"
SOME_WORDS = st.lists(st.sampled_from(TELLING.split(" "))).map(" ".join)


def understand(text: str, language: str = "en") -> Judgement:
    return UNDERSTANDING.understand(Said(text), language)


def test_the_whole_office_without_internet_is_the_most_pressing_case() -> None:
    understood = understand("the whole office has no internet since this morning and nobody can work")
    assert (understood.service, understood.category) == ("network", "incident")
    assert (understood.impact, understood.urgency) == ("everyone", "stopped")
    assert understood.title == "The whole office has no internet since this morning"
    assert "internet" in understood.because["service"]
    assert {"whole", "office", "nobody"} <= set(understood.because["impact"])
    assert {"nobody", "can", "work"} <= set(understood.because["urgency"])


def test_what_no_word_decides_has_a_default_and_no_reasons() -> None:
    understood = understand("hello")
    assert (understood.service, understood.category) == ("", "incident")
    assert (understood.impact, understood.urgency) == ("one", "hindered")
    assert understood.because == {}


def test_the_recognisers_other_guesses_help_to_find_the_service() -> None:
    understood = UNDERSTANDING.understand(Said("my painter is offline", ("my printer is offline",)), "en")
    assert understood.service == "printing"


@pytest.mark.parametrize(
    ("language", "text", "impact"),
    [
        ("en", "my printer does not print", "one"),
        ("en", "everyone else can print but i can't", "one"),
        ("en", "it works for everyone else", "one"),
        ("en", "only my computer is slow, nobody else has this", "one"),
        ("en", "nobody can hear me in the meeting", "one"),
        ("en", "nobody answers when i call you", "one"),
        ("en", "i sent a mail to everyone", "one"),
        ("en", "not everyone can log in", "several"),
        ("en", "we can not print", "several"),
        ("en", "we can't print", "several"),
        ("en", "my colleague and i have no sound", "several"),
        ("en", "three of us are locked out", "several"),
        ("en", "none of us can print", "everyone"),
        ("en", "all our computers are slow", "everyone"),
        ("en", "the whole school has lost its network", "everyone"),
        ("sv", "min skrivare fungerar inte", "one"),
        ("sv", "jag har ingen bild på skärmen", "one"),
        ("sv", "alla andra kan skriva ut men inte jag", "one"),
        ("sv", "vi kan inte skriva ut", "several"),
        ("sv", "flera kollegor kan inte logga in", "several"),
        ("sv", "hela våningen saknar internet", "everyone"),
        ("sv", "ingen av oss kan skriva ut", "everyone"),
        ("nb", "skriveren min virker ikke", "one"),
        ("nb", "jeg har ingen lyd", "one"),
        ("nb", "alle andre kan skrive ut", "one"),
        ("nb", "vi kan ikke skrive ut", "several"),
        ("nb", "mange brukere er låst ute", "several"),
        ("nb", "hele avdelingen mangler nettverk", "everyone"),
    ],
)
def test_impact_is_how_many_are_said_to_be_affected(language: str, text: str, impact: str) -> None:
    assert understand(text, language).impact == impact


@pytest.mark.parametrize(
    ("language", "text", "urgency"),
    [
        ("en", "my mouse is strange", "hindered"),
        ("en", "i can not work", "stopped"),
        ("en", "I can’t work", "stopped"),
        ("en", "the order system is down", "stopped"),
        ("en", "it is urgent", "stopped"),
        ("en", "my laptop was stolen", "stopped"),
        ("en", "customers are waiting", "stopped"),
        ("en", "i can still work", "works"),
        ("en", "i can still do my work", "works"),
        ("en", "it is not urgent", "works"),
        ("en", "it isn't that urgent", "works"),
        ("en", "how do i share my calendar", "works"),
        ("sv", "jag kan inte jobba", "stopped"),
        ("sv", "systemet ligger nere", "stopped"),
        ("sv", "jag kan fortfarande jobba", "works"),
        ("sv", "det är inte bråttom", "works"),
        ("sv", "hur byter jag lösenord", "works"),
        ("sv", "datorn är långsam", "hindered"),
        ("nb", "jeg får ikke jobbet", "stopped"),
        ("nb", "det haster", "stopped"),
        ("nb", "det haster ikke", "works"),
        ("nb", "jeg kan fortsatt jobbe", "works"),
        ("nb", "maskinen er treg", "hindered"),
    ],
)
def test_urgency_is_how_badly_the_work_suffers(language: str, text: str, urgency: str) -> None:
    assert understand(text, language).urgency == urgency


@pytest.mark.parametrize(
    ("language", "text", "title"),
    [
        ("en", "", ""),
        ("en", "hello", "Hello"),
        ("en", "hello good morning my printer is broken", "My printer is broken"),
        ("en", "i am calling because my screen is black", "My screen is black"),
        ("en", "i have forgotten my password and i need a new one", "I have forgotten my password"),
        ("en", "my keyboard and mouse do not work", "My keyboard and mouse do not work"),
        ("en", "My laptop was stolen! It was on the train.", "My laptop was stolen"),
        ("en", "when i start i see a blue page", "When I start I see a blue page"),
        ("sv", "hej jag ringer för att öppettiderna är fel på skärmen", "Öppettiderna är fel på skärmen"),
        ("nb", "hei skriveren virker ikke i dag men i går gikk det", "Skriveren virker ikke i dag"),
    ],
)
def test_the_title_is_the_first_clause_after_the_greetings(language: str, text: str, title: str) -> None:
    assert understand(text, language).title == title


def test_a_long_title_is_cut_between_words() -> None:
    title = understand("the printer in the very long corridor of the old house near the harbour " * 3).title
    assert len(title) <= 80
    assert title.endswith(("harbour…", "the…", "in…", "printer…"))


def test_more_people_or_worse_trouble_is_never_less_pressing() -> None:
    for impact in ("one", "several", "everyone"):
        assert ITIL[impact]["works"] >= ITIL[impact]["hindered"] >= ITIL[impact]["stopped"]
    for urgency in ("works", "hindered", "stopped"):
        assert ITIL["one"][urgency] >= ITIL["several"][urgency] >= ITIL["everyone"][urgency]


@given(text=st.text(max_size=300) | SOME_WORDS, language=st.sampled_from(["en", "sv", "nb", "de", ""]))
def test_any_text_is_understood_somehow_by_its_own_words(text: str, language: str) -> None:
    understood = UNDERSTANDING.understand(Said(text, (text[::-1],)), language)
    assert len(understood.title) <= 80
    assert "\n" not in understood.title
    for words in understood.because.values():
        assert words
        assert set(words) <= set(tokens(text))


def test_a_text_of_any_length_is_understood() -> None:
    assert understand("nobody can work " * 100_000).impact == "everyone"
    assert understand("a" * 1_000_000).title.endswith("…")
