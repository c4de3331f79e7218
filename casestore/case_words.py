"""By which words a case is found, and what somebody means who looks for one. Pure; no database's own rules.

A word is folded: `Lösenordet` is `losenordet`. Words beside the text begin with `=`, which no text has:

| word         | found by                            |
|--------------|-------------------------------------|
| `=n=12`      | the case's number, however written  |
| `=s=open`    | status; likewise `=v=` service, `=p=` priority, `=d=` desk, `=a=` agent, `=c=` contact's id |
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from domain.cases import Case

_LONGEST_WORD = 40
_MOST_WORDS = 2_000
_MOST_TERMS = 8
_MOST_ASKED = 200
_CASE_NUMBER = re.compile(r"c(-?)0*([0-9]{1,12})", re.IGNORECASE)
# However somebody writes a telephone number down, it is one word: blanks and dashes are of no account.
_TELEPHONE = re.compile(r"(?<![\w-])\+?\(?[0-9][0-9 ()./-]{3,}[0-9]")
_PLACE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Term:
    """Any of these: words that begin so, exactly these words, or whatever is of the person of this number."""

    beginnings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    number: str = ""


def words_of(case: Case) -> tuple[str, ...]:
    """Every word that finds the case, each once, in a fixed order."""
    texts = (case.title, case.solution, case.contact_name, *(said.text for said in case.said))
    found = dict.fromkeys(
        (
            *_kept_apart(case),
            *telephone_words(case.caller_number),
            *(word for text in texts for word in folded(text)),
        )
    )
    return tuple(found)[:_MOST_WORDS]


def folded(text: str) -> tuple[str, ...]:
    """The words of a text without case, accents and everything that is no letter or digit."""
    # Twice: a letter of mathematics has no small one before it has become a letter of the alphabet.
    parted = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    plain = "".join(map(_folded_letter, parted))
    return tuple(word[:_LONGEST_WORD] for word in plain.split())


@functools.lru_cache(4096)
def _folded_letter(letter: str) -> str:
    # As Unicode was long ago: a letter that SQLite does not know yet would part a word in two.
    match unicodedata.ucd_3_2_0.category(letter)[0]:
        case "L" | "N":
            return letter
        case "M":
            return ""
    return " "


def telephone_words(number: str) -> tuple[str, ...]:
    """Digits of the number as it is dialled from abroad and in its own country."""
    digits = re.sub(r"[^0-9]", "", number)
    if not digits:
        return ()
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return (digits,)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    return digits, re.sub(r"[^0-9]", "", national)


def number_of(case_number: str) -> int:
    """`C-000012` as 12."""
    return int(case_number.removeprefix("C-"))


def apart(kind: str, value: object) -> str:
    """The word for a value beside the text."""
    return f"={kind}={_PLACE.sub('-', str(value).casefold())[:_LONGEST_WORD]}"


def asked(text: str) -> tuple[Term, ...]:
    """What somebody means who types this: all of it must be there, as far as it is not too much."""
    text = text[:_MOST_ASKED]
    terms = [_telephone(each.group()) for each in _TELEPHONE.finditer(text)]
    for word in _TELEPHONE.sub(" ", text).split():
        terms += _terms_of(word)
    return tuple(terms[:_MOST_TERMS])


def _telephone(written: str) -> Term:
    digits = re.sub(r"[^0-9]", "", written).removeprefix("00")[:_LONGEST_WORD]
    return Term(beginnings=(digits,), words=_perhaps_case(digits), number=digits)


def _terms_of(word: str) -> Iterator[Term]:
    if number := _CASE_NUMBER.fullmatch(word):
        # Without a dash it may be a room as well.
        yield Term(beginnings=() if number[1] else folded(word), words=(apart("n", number[2]),))
        return
    for each in folded(word):
        yield Term(
            beginnings=(each,), words=_perhaps_case(each), number=each if any(map(str.isdigit, each)) else ""
        )


def _perhaps_case(word: str) -> tuple[str, ...]:
    return (apart("n", int(word)),) if word.isdecimal() and len(word) <= 12 else ()


def _kept_apart(case: Case) -> Iterable[str]:
    yield apart("n", number_of(case.number))
    yield apart("s", case.status)
    yield apart("p", case.priority)
    for kind, value in (("v", case.service), ("d", case.desk), ("a", case.agent), ("c", case.contact_id)):
        if value not in ("", None):
            yield apart(kind, value)
