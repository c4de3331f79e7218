"""By which words a case is found, and what somebody means who looks for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casestore.case_words import Term, asked, folded, telephone_words, words_of
from domain.cases import Case, Said


def found(case: Case, text: str) -> bool:
    """As an index of words finds it: every term has a word that begins so, or is exactly so."""
    words = words_of(case)
    return all(
        any(word.startswith(beginning) for beginning in term.beginnings for word in words)
        or any(word in words for word in term.words)
        for term in asked(text)
    )


MARIA = Case(
    number="C-000012",
    title="Skrivaren på våning två",
    said=(Said(statement_id="s", text="Lösenordet till e-posten är glömt", at_ms=1),),
    contact_name="Maria Lind",
    caller_number="+46701740605",
    solution="Changed the toner",
)


@pytest.mark.parametrize(
    "text",
    [
        "skriv", "SKRIVAREN", "vaning tva", "losenord", "posten", "maria", "lind mar", "toner",
        "C-12", "c-000012", "c12", "12", "0701740605", "070-174 06 05", "+46 70 174 06 05", "0046701740605",
        "070174", "", "  ", "%&/",
    ],
)  # fmt: skip
def test_a_case_is_found_by_beginnings_of_words_and_by_numbers_however_they_are_written(text: str):
    assert found(MARIA, text)


@pytest.mark.parametrize("text", ["rivaren", "maria bo", "C-13", "C-1", "0701740606", "open"])
def test_it_is_not_found_by_what_it_has_not(text: str):
    assert not found(MARIA, text)


def test_a_telephone_number_is_one_word_and_the_words_beside_it_are_others():
    assert asked("anna 070-174 06 05") == (
        Term(beginnings=("0701740605",), words=("=n=701740605",), number="0701740605"),
        Term(beginnings=("anna",)),
    )


def test_a_number_may_be_a_persons():
    assert asked("4711")[0].number == "4711"
    assert asked("A4711")[0].number == "a4711"
    assert asked("anna")[0].number == ""


def test_numbers_are_kept_as_they_are_dialled_from_abroad_and_at_home():
    assert telephone_words("+4781549300") == ("4781549300", "81549300")
    assert telephone_words("1234") == ("1234",)
    assert telephone_words("") == telephone_words("withheld") == ()


@given(st.text())
def test_what_is_folded_is_letters_and_digits_and_stays_so(text: str):
    words = folded(text)
    assert all(word and '"' not in word and "'" not in word and "=" not in word for word in words)
    assert tuple(each for word in words for each in folded(word)) == words


@given(st.text(max_size=300))
def test_what_anybody_types_has_bounds(text: str):
    assert len(asked(text)) <= 8
    assert all(len(word) <= 60 for term in asked(text) for word in (*term.beginnings, *term.words))


@given(st.text(min_size=1))
def test_a_case_is_found_by_every_word_of_its_title(title: str):
    case = Case(number="C-000001", title=title)
    for word in folded(title)[:100]:
        assert found(case, word)
