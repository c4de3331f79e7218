"""Who is calling: by the number, by a choice, by an employee number; never by a guess."""

import pytest
from transcript import ANNA, MARIA, Transcript

from domain.contacts import Callers
from ivr.flows.asking import YES_NO
from ivr.flows.identity import find_out_who
from ivr.moves import (
    Ask,
    AskNumber,
    Chosen,
    Deaf,
    FindEmployee,
    Identify,
    Number,
    Option,
    Prompt,
    Say,
    Silence,
    Skipped,
    Unclear,
)

WHICH = Ask(
    "who",
    (
        Prompt("who_is_calling"),
        Prompt("who_choice", {"name": "Maria Lind", "key": "1"}),
        Prompt("who_choice", {"name": "Anna Berg", "key": "2"}),
        Prompt("who_else", {"key": "9"}),
    ),
    (Option("1", "1"), Option("2", "2"), Option("nobody", "9")),
)
EMPLOYEE_NUMBER = AskNumber("employee_number", (Prompt("employee_number"),), 4)
ARE_YOU_MARIA = Ask("name", (Prompt("are_you", {"name": "Maria Lind"}), Prompt("yes_or_no")), YES_NO)
NOBODY_KNOWN = Say(Prompt("unknown_is_fine"))


def greeted(talk: Transcript, contact, how: str) -> None:
    talk.then(Identify(contact, how)).then(Say(Prompt("hello", {"name": contact.name}))).ends(contact)


def several() -> Transcript:
    return Transcript(find_out_who(Callers("several", "+46701740610", (MARIA, ANNA), "ani")))


def unknown(match="none") -> Transcript:
    return Transcript(find_out_who(Callers(match)))


def test_one_contact_is_greeted_by_name():
    greeted(Transcript(find_out_who(Callers("one", "+46701740605", (MARIA,), "ani"))), MARIA, "ani")


def test_several_on_one_number_are_asked_and_a_key_is_certain():
    greeted(several().then(WHICH, Chosen("2")), ANNA, "choice")


def test_a_spoken_choice_is_confirmed_by_the_name():
    talk = several().then(WHICH, Chosen("1", spoken=True)).then(ARE_YOU_MARIA, Chosen("yes", spoken=True))
    greeted(talk, MARIA, "choice")


def test_a_spoken_choice_that_is_denied_identifies_nobody():
    talk = several().then(WHICH, Chosen("1", spoken=True)).then(ARE_YOU_MARIA, Chosen("no"))
    talk.then(EMPLOYEE_NUMBER, Skipped()).then(NOBODY_KNOWN).ends(None)


def test_somebody_else_on_a_shared_number_may_give_an_employee_number():
    talk = several().then(WHICH, Chosen("nobody")).then(EMPLOYEE_NUMBER, Number("4217"))
    greeted(talk.then(FindEmployee("4217"), (MARIA,)), MARIA, "employee_number")


def test_more_people_than_keys_are_asked_for_the_employee_number():
    crowd = Callers("several", "+46701740610", (MARIA,) * 9, "ani")
    Transcript(find_out_who(crowd)).then(EMPLOYEE_NUMBER, Skipped()).then(NOBODY_KNOWN).ends(None)


@pytest.mark.parametrize("match", ["none", "withheld"])
def test_a_typed_employee_number_is_used_at_once(match):
    talk = unknown(match).then(EMPLOYEE_NUMBER, Number("4217")).then(FindEmployee("4217"), (MARIA,))
    greeted(talk, MARIA, "employee_number")


def test_a_spoken_employee_number_is_confirmed_by_the_name_before_it_is_used():
    talk = unknown().then(EMPLOYEE_NUMBER, Number("4217", spoken=True)).then(FindEmployee("4217"), (MARIA,))
    greeted(talk.then(ARE_YOU_MARIA, Chosen("yes")), MARIA, "employee_number")


def test_a_spoken_number_without_a_yes_identifies_nobody():
    talk = unknown()
    again = AskNumber("employee_number", (Prompt("again_sorry"), Prompt("employee_number")), 4)
    for question in (EMPLOYEE_NUMBER, again):
        talk.then(question, Number("4217", spoken=True)).then(FindEmployee("4217"), (MARIA,))
        talk.then(ARE_YOU_MARIA, Chosen("no"))
    talk.then(NOBODY_KNOWN).ends(None)


def test_silence_instead_of_a_yes_is_a_no():
    talk = unknown().then(EMPLOYEE_NUMBER, Number("4217", spoken=True)).then(FindEmployee("4217"), (MARIA,))
    talk.then(ARE_YOU_MARIA, Silence())
    talk.then(Ask("name", (Prompt("again_silence"), *ARE_YOU_MARIA.prompts), YES_NO), Silence())
    keys = (Prompt("again_silence"), ARE_YOU_MARIA.prompts[0], Prompt("yes_or_no_keys"))
    talk.then(Ask("name", keys, YES_NO, by_keys=True), Silence())
    again = AskNumber("employee_number", (Prompt("again_sorry"), Prompt("employee_number")), 4)
    talk.then(again, Skipped()).then(NOBODY_KNOWN).ends(None)


def test_two_wrong_numbers_go_on_unidentified():
    wrong = Prompt("wrong_number", {"number": "9999"})
    talk = unknown().then(EMPLOYEE_NUMBER, Number("9999")).then(FindEmployee("9999"), ())
    talk.then(AskNumber("employee_number", (wrong, Prompt("employee_number")), 4), Unclear())
    talk.then(NOBODY_KNOWN).ends(None)


def test_without_an_engine_the_number_is_typed():
    keys = AskNumber("employee_number", (Prompt("employee_number_keys"),), 4, by_keys=True)
    talk = unknown().then(EMPLOYEE_NUMBER, Deaf()).then(keys, Number("4217"))
    greeted(talk.then(FindEmployee("4217"), (MARIA,)), MARIA, "employee_number")
