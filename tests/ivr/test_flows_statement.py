"""What is wrong: the caller's own words, asked back when in doubt, else by keys."""

import pytest
from transcript import CASE, CLEAR, DOUBTFUL, MURKY, Transcript

from ivr.flows.asking import YES_NO, Unanswered
from ivr.flows.statement import SERVICES, menu_prompts, take_statement
from ivr.moves import (
    Ask,
    Chosen,
    Deaf,
    Listen,
    Option,
    Pressed,
    Prompt,
    Record,
    Recorded,
    SaveCase,
    Say,
    Silence,
    Unclear,
)

ABOUT = Prompt("about_title", {"title": CASE.title})
LISTEN = Listen((Prompt("what_is_wrong"),))
LISTEN_AGAIN_UNCLEAR = Listen((Prompt("again_unclear"), Prompt("what_is_wrong")))
OPTIONS = tuple(Option(service, key) for key, service in SERVICES.items())
MENU = Ask("service", menu_prompts(SERVICES), OPTIONS, by_keys=True)
IS_IT_RIGHT = Ask(
    "statement_right",
    (Prompt("i_heard", {"text": DOUBTFUL.text}), Prompt("yes_or_no")),
    YES_NO,
)


def unkept() -> Transcript:
    return Transcript(take_statement(voice_is_kept=False))


def test_words_that_are_certain_become_a_case_at_once():
    unkept().then(LISTEN, CLEAR).then(SaveCase(CLEAR, "certain"), CASE).ends(ABOUT)


def test_the_caller_is_told_once_that_the_voice_is_kept():
    talk = Transcript(take_statement(voice_is_kept=True)).then(Say(Prompt("voice_is_kept")))
    talk.then(LISTEN, Unclear()).then(LISTEN_AGAIN_UNCLEAR, CLEAR)
    talk.then(SaveCase(CLEAR, "certain"), CASE).ends(ABOUT)


def test_doubtful_words_are_kept_and_asked_back_before_anything_follows_from_them():
    talk = unkept().then(LISTEN, DOUBTFUL).then(SaveCase(DOUBTFUL, "doubtful"), CASE)
    talk.then(IS_IT_RIGHT, Chosen("yes", spoken=True)).then(SaveCase(DOUBTFUL, "confirmed"), CASE).ends(ABOUT)


def test_words_that_are_denied_stay_in_the_case_but_decide_nothing():
    talk = unkept().then(LISTEN, DOUBTFUL).then(SaveCase(DOUBTFUL, "doubtful"), CASE)
    talk.then(IS_IT_RIGHT, Chosen("no")).then(SaveCase(DOUBTFUL, "denied"), CASE)
    talk.then(Listen((Prompt("again_sorry"), Prompt("what_is_wrong"))), CLEAR)
    talk.then(SaveCase(CLEAR, "certain"), CASE).ends(ABOUT)


def test_an_unanswered_is_that_right_leaves_the_words_undecided():
    keys = Ask(
        "statement_right",
        (Prompt("again_silence"), Prompt("i_heard", {"text": DOUBTFUL.text}), Prompt("yes_or_no_keys")),
        YES_NO,
        by_keys=True,
    )
    again = Ask("statement_right", (Prompt("again_silence"), *IS_IT_RIGHT.prompts), YES_NO)
    talk = unkept().then(LISTEN, DOUBTFUL).then(SaveCase(DOUBTFUL, "doubtful"), CASE)
    talk.then(IS_IT_RIGHT, Silence()).then(again, Silence()).then(keys, Silence()).fails(Unanswered)


def test_after_two_misunderstandings_the_caller_chooses_by_keys():
    talk = unkept().then(LISTEN, MURKY).then(SaveCase(MURKY, "unclear"), CASE)
    talk.then(LISTEN_AGAIN_UNCLEAR, MURKY).then(SaveCase(MURKY, "unclear"), CASE)
    talk.then(MENU, Chosen("printing")).then(SaveCase(service="printing"), CASE)
    talk.ends(Prompt("about_service", {"service": "printing"}))


def test_silence_ends_at_the_menu_and_then_in_the_queue():
    again = Listen((Prompt("again_silence"), Prompt("what_is_wrong")))
    unkept().then(LISTEN, Silence()).then(again, Silence()).then(MENU, Silence()).fails(Unanswered)


def test_a_key_goes_to_the_menu_at_once_and_keeps_what_was_said_before_it():
    talk = unkept().then(LISTEN, Pressed("4", CLEAR)).then(SaveCase(CLEAR, "unclear"), CASE)
    talk.then(MENU, Chosen("printing")).then(SaveCase(service="printing"), CASE)
    talk.ends(Prompt("about_service", {"service": "printing"}))


def test_sound_that_became_no_words_is_asked_for_once_more_to_be_kept():
    talk = Transcript(take_statement(voice_is_kept=True)).then(Say(Prompt("voice_is_kept")))
    talk.then(LISTEN, Unclear()).then(LISTEN_AGAIN_UNCLEAR, Unclear())
    menu = Ask("service", menu_prompts(SERVICES), OPTIONS, by_keys=True)
    talk.then(menu, Chosen("email")).then(SaveCase(service="email"), CASE)
    talk.then(Record((Prompt("after_the_tone"),)), Recorded()).then(SaveCase(), CASE)
    talk.ends(Prompt("about_service", {"service": "email"}))


def test_where_nobody_can_hear_words_the_caller_chooses_by_keys_and_the_sound_is_kept():
    talk = Transcript(take_statement(voice_is_kept=True)).then(Say(Prompt("voice_is_kept")))
    talk.then(LISTEN, Deaf()).then(MENU, Chosen("other")).then(SaveCase(service="other"), CASE)
    talk.then(Record((Prompt("after_the_tone"),)), Recorded()).then(SaveCase(), CASE)
    talk.ends(Prompt("about_service", {"service": "other"}))


@pytest.mark.parametrize("heard", [Deaf(MURKY), Deaf(recorded=True), Deaf(MURKY, recorded=True)])
def test_an_engine_that_fails_in_mid_sentence_loses_neither_words_nor_sound(heard):
    talk = Transcript(take_statement(voice_is_kept=True)).then(Say(Prompt("voice_is_kept")))
    talk.then(LISTEN, heard).then(SaveCase(heard.statement, "unclear"), CASE)
    talk.then(MENU, Chosen("email")).then(SaveCase(service="email"), CASE)
    if not heard.recorded:
        talk.then(Record((Prompt("after_the_tone"),)), Silence())
    talk.ends(Prompt("about_service", {"service": "email"}))


def test_a_desk_has_a_menu_of_its_own():
    menu = {"1": "payroll", "0": "other"}
    asked = Ask(
        "service",
        (
            Prompt("menu"),
            Prompt("menu_choice", {"service": "payroll", "key": "1"}),
            Prompt("menu_choice", {"service": "other", "key": "0"}),
        ),
        (Option("payroll", "1"), Option("other", "0")),
        by_keys=True,
    )
    talk = Transcript(take_statement(voice_is_kept=False, menu=menu))
    talk.then(LISTEN, Pressed("1")).then(asked, Chosen("payroll")).then(SaveCase(service="payroll"), CASE)
    talk.ends(Prompt("about_service", {"service": "payroll"}))
