"""Which language: the contact's own, else asked once, else the house's."""

from dataclasses import replace

from transcript import ANNA, MARIA, Transcript

from ivr.flows.asking import Unanswered
from ivr.flows.language import OPTIONS, agree_on_language
from ivr.moves import Ask, Chosen, Prompt, Say, Silence, UseLanguage

WELCOME = Say(Prompt("welcome"))
CHOICES = tuple(Prompt("language_choice", language=language) for language in ("en", "sv", "nb"))
WHICH = Ask("language", CHOICES, OPTIONS, heard_in="en")


def agree(*contacts, ask=True) -> Transcript:
    return Transcript(agree_on_language(contacts, ask=ask))


def test_the_contact_is_spoken_to_in_their_language_without_a_question():
    agree(ANNA).then(UseLanguage("sv")).then(WELCOME).ends()


def test_people_on_one_number_with_the_same_language_are_not_asked():
    agree(ANNA, replace(ANNA, id=3)).then(UseLanguage("sv")).then(WELCOME).ends()


def test_an_unknown_caller_is_asked_in_all_languages():
    agree().then(WELCOME).then(WHICH, Chosen("nb")).then(UseLanguage("nb")).ends()


def test_people_of_different_languages_are_asked():
    agree(ANNA, MARIA).then(WELCOME).then(WHICH, Chosen("sv")).then(UseLanguage("sv")).ends()


def test_a_language_we_do_not_speak_is_asked_about():
    agree(replace(ANNA, language="fi")).then(WELCOME).then(WHICH, Chosen("sv")).then(UseLanguage("sv")).ends()


def test_where_nobody_is_asked_the_house_speaks_its_own():
    agree(ask=False).then(WELCOME).then(UseLanguage("en")).ends()


def test_who_does_not_answer_is_asked_once_more_by_keys_and_no_more():
    keys = Ask("language", (Prompt("again_silence"), *CHOICES), OPTIONS, by_keys=True)
    agree().then(WELCOME).then(WHICH, Silence()).then(keys, Silence()).fails(Unanswered)
