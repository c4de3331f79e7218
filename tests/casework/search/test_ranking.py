"""The right article is found by what callers say, and told by which of their words."""

import tomllib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casestore import article_files
from casework.search.ranking import Ranking
from casework.search.words import tokens
from domain.articles import Article
from domain.cases import Case
from tests.checkout import ROOT

ARTICLES = article_files.read(ROOT / "knowledge").articles
RANKING = Ranking(ARTICLES)


def found(text: str, language: str = "en") -> list[str]:
    return [ranked.article.key for ranked in RANKING.suggest([(text, 1.0)], language)]


def article(key: str, *examples: str, language: str = "en") -> Article:
    return Article(
        key=key,
        language=language,
        title=key,
        service="printing",
        category="incident",
        body="",
        examples=examples,
    )


def case(number: str, statement: str) -> Case:
    return Case(number=number, title=statement[:20], statement=statement)


def test_nearly_all_test_sentences_find_their_article_among_the_first_three() -> None:
    sentences = tomllib.loads((ROOT / "tests" / "bench" / "sentences.toml").read_text())["sentence"]
    missed = [
        sentence["text"]
        for sentence in sentences
        if not set(found(sentence["text"])[:3]) & set(sentence["articles"])
    ]
    assert len(missed) <= 0.02 * len(sentences), missed


def test_no_test_sentence_is_an_example_of_an_article() -> None:
    sentences = tomllib.loads((ROOT / "tests" / "bench" / "sentences.toml").read_text())["sentence"]
    examples = {example for article in ARTICLES for example in article.examples}
    keys = {key for sentence in sentences for key in sentence["articles"]}
    assert not examples & {sentence["text"] for sentence in sentences}
    assert keys == {article.key for article in ARTICLES if not article.desk}


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("en", "my pay is too low this month and the overtime is missing", "hr-salary"),
        ("en", "how many days of vacation do i have left", "hr-holiday"),
        ("en", "i want to report that i am ill", "hr-sick-leave"),
        ("en", "we are having a baby in june and i want to stay at home", "hr-parental-leave"),
        ("en", "the bank wants a certificate that i work for you", "hr-certificate"),
        ("en", "i lost the receipt from my hotel", "hr-travel-expenses"),
        ("sv", "min lön har inte kommit", "hr-salary"),
        ("sv", "hur många semesterdagar har jag", "hr-holiday"),
        ("nb", "jeg vil levere egenmelding for i går", "hr-sick-leave"),
        ("nb", "når må jeg søke om foreldrepermisjon", "hr-parental-leave"),
    ],
)
def test_callers_of_hr_find_its_articles_and_callers_of_it_do_not(language: str, text: str, key: str) -> None:
    asked = ((text, 1.0),)
    assert RANKING.suggest(asked, language, desk="hr")[0].article.key == key
    others = (RANKING.suggest(asked, language, desk=desk) for desk in ("it", ""))
    assert not [found for ranked in others for found in ranked if found.article.desk]


def test_how_much_a_word_tells_does_not_depend_on_what_other_desks_write() -> None:
    without = Ranking([article for article in ARTICLES if not article.desk])
    asked = (("the printer has a paper jam and i can not send my expenses", 1.0),)
    assert RANKING.suggest(asked, "en", desk="it") == without.suggest(asked, "en")


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("sv", "lösenordet har slutat gälla", "password-reset"),
        ("sv", "nätverksskrivaren skriver inte", "printer-not-printing"),
        ("sv", "utskriftskön står still", "printer-not-printing"),
        ("sv", "papper sitter fast i skrivarna", "printer-paper-jam"),
        ("sv", "användarkontot är låst", "account-locked"),
        ("sv", "jag behöver behörigheter till projektmapparna", "shared-folder"),
        ("nb", "passordene er glemt", "password-reset"),
        ("nb", "nettverksskriveren skriver ikke ut", "printer-not-printing"),
        ("nb", "utskriftskøen står stille", "printer-not-printing"),
        ("nb", "brukerkontoen er låst", "account-locked"),
        ("nb", "pc-ene er trege", "slow-computer"),
    ],
)
def test_nordic_compounds_and_definite_forms_are_found(language: str, text: str, key: str) -> None:
    assert found(text, language)[0] == key


@pytest.mark.parametrize(
    ("heard", "key"),
    [
        ("i dropped my laptop in the screen is tracked", "broken-screen"),
        ("i dot a new phone and now i do not get the code when i sign in", "authenticator-new-phone"),
        ("my computer is very slow unsafe sending the start", "slow-computer"),
        ("i need access to the shared folder the command be", "shared-folder"),
        ("my files are not synchronize with the flag any more", "cloud-sync"),
    ],
)
def test_words_that_were_misheard_do_not_hide_the_article(heard: str, key: str) -> None:
    assert key in found(heard)[:3]


def test_what_other_guesses_agree_on_outweighs_a_slip_of_the_best() -> None:
    guesses = [
        ("my painter is offline", 1.0),
        ("my printer is offline", 0.5),
        ("the printer is offline", 0.5),
    ]
    best = RANKING.suggest(guesses, "en")[0]
    assert best.article.service == "printing"
    assert set(best.because) <= {"my", "painter", "is", "offline"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "?!",
        "yes",
        "no",
        "the the the",
        "hello good morning",
        "it does not work",
        "xyzzy",
        "å" * 500,
    ],
)
def test_words_that_say_nothing_find_nothing(text: str) -> None:
    assert found(text) == []


def test_no_text_and_no_articles_find_nothing() -> None:
    assert RANKING.suggest([], "en") == ()
    assert Ranking([]).suggest([("my printer is broken", 1.0)], "en") == ()


def test_three_to_five_are_suggested_best_first() -> None:
    ranked = RANKING.suggest([("my printer does not print anymore it says paper jam", 1.0)], "en")
    assert 3 <= len(ranked) <= 5
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert ranked[0].article.key == "printer-paper-jam"


def test_the_reasons_are_the_callers_own_words_as_they_stand() -> None:
    ranked = RANKING.suggest([("Hello, my PRINTER says: Paper jam!", 1.0)], "en")[0]
    assert {"PRINTER", "Paper", "jam"} == set(ranked.because)


def test_an_article_is_suggested_once_in_the_callers_language_else_in_english() -> None:
    own = RANKING.suggest([("skrivaren har papperstrassel", 1.0)], "sv")
    other = RANKING.suggest([("docking station", 1.0)], "sv")
    assert own[0].article.language == "sv"
    assert other[0].article.language == "en"
    assert len({ranked.article.key for ranked in own}) == len(own)


def test_a_language_without_articles_is_searched_in_english() -> None:
    assert found("the printer has a paper jam", "de")[0] == "printer-paper-jam"


def test_a_small_knowledge_base_works_too() -> None:
    small = Ranking([article("jam", "there is a paper jam"), article("toner", "the toner is empty")])
    assert small.suggest([("paper jam again", 1.0)], "en")[0].article.key == "jam"


@given(
    st.lists(st.tuples(st.text(max_size=200), st.floats(0, 1)), max_size=4), st.sampled_from(["en", "sv", ""])
)
def test_any_text_gets_scores_between_0_and_1_and_reasons_from_the_first_text(
    texts: Sequence[tuple[str, float]], language: str
) -> None:
    for ranked in RANKING.suggest(texts, language):
        assert 0 < ranked.score <= 1
        assert set(ranked.because) <= set(tokens(texts[0][0]))


def test_similar_cases_are_those_about_the_same_thing() -> None:
    cases = [
        case("C-000001", "my mouse does not work"),
        case("C-000002", "the printers on the second floor have a paper jam"),
        case("C-000003", "i have forgotten my password"),
    ]
    similar = RANKING.similar_cases("paper jam in our printer", cases, "en")
    assert [one.number for one in similar] == ["C-000002"]


def test_a_name_that_no_article_knows_makes_cases_similar() -> None:
    cases = [case("C-000001", "zebranet refuses my order"), case("C-000002", "i can not print my order")]
    assert RANKING.similar_cases("zebranet is gone", cases, "en")[0].number == "C-000001"


def test_at_most_as_many_similar_cases_as_wanted_and_none_for_silence() -> None:
    cases = [case(f"C-{number:06}", "there is a paper jam") for number in range(10)]
    assert len(RANKING.similar_cases("a paper jam", cases, "en", limit=2)) == 2
    assert RANKING.similar_cases("", cases, "en") == ()
    assert RANKING.similar_cases("a paper jam", [], "en") == ()
