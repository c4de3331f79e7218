"""An open case: is it that one? Then it goes on, and nothing is registered twice."""

from dataclasses import replace

from transcript import CASE, CLEAR, DOUBTFUL, MARIA, Transcript

from domain.cases import Said, Setting
from ivr.flows.asking import YES_NO
from ivr.flows.open_case import continue_open_case
from ivr.moves import (
    Ask,
    Chosen,
    ContinueCase,
    Deaf,
    FindOpenCases,
    Listen,
    Pressed,
    Prompt,
    Record,
    Recorded,
    SaveCase,
    Say,
    Silence,
)

IS_IT = Ask("open_case", (Prompt("open_case", {"title": CASE.title}), Prompt("yes_or_no")), YES_NO)
NEWS = Listen((Prompt("anything_new"),))


def about_case(*, voice_is_kept=False, cases=(CASE,)) -> Transcript:
    talk = Transcript(continue_open_case(MARIA, voice_is_kept=voice_is_kept))
    return talk.then(FindOpenCases(MARIA), cases)


def continued() -> Transcript:
    return about_case().then(IS_IT, Chosen("yes")).then(ContinueCase(CASE), CASE)


def test_without_an_open_case_nothing_is_asked():
    about_case(cases=()).ends(None)


def test_a_case_of_which_nobody_understood_what_it_is_about_is_not_asked_about():
    unsure = Said(statement_id="s", text="a painter is champ", at_ms=1, trust="unclear")
    about_case(cases=(replace(CASE, title=""),)).ends(None)
    about_case(cases=(replace(CASE, title=unsure.text, said=(unsure,)),)).ends(None)
    by_anna = {"title": Setting(version=2, at_ms=2, by_person=True)}
    corrected = replace(CASE, said=(unsure,), set_by=by_anna)
    about_case(cases=(corrected,)).then(IS_IT, Chosen("no")).ends(None)


def test_the_newest_of_several_is_asked_about():
    older = replace(CASE, number="C-000001", title="Old", opened_ms=0)
    about_case(cases=(older, CASE)).then(IS_IT, Chosen("no")).ends(None)


def test_a_no_makes_room_for_a_new_case():
    about_case().then(IS_IT, Chosen("no", spoken=True)).ends(None)


def test_a_yes_goes_on_with_the_case_and_news_are_optional():
    continued().then(NEWS, Silence()).ends(CASE)


def test_news_are_kept_as_far_as_they_can_be_trusted():
    continued().then(NEWS, CLEAR).then(SaveCase(CLEAR, "certain"), CASE).ends(CASE)
    continued().then(NEWS, DOUBTFUL).then(SaveCase(DOUBTFUL, "doubtful"), CASE).ends(CASE)


def test_a_key_goes_to_the_queue_and_keeps_what_was_said():
    continued().then(NEWS, Pressed("1")).ends(CASE)
    continued().then(NEWS, Pressed("1", CLEAR)).then(SaveCase(CLEAR, "certain"), CASE).ends(CASE)


def test_news_that_nobody_can_hear_are_recorded():
    talk = about_case(voice_is_kept=True).then(IS_IT, Chosen("yes")).then(ContinueCase(CASE), CASE)
    talk.then(Say(Prompt("voice_is_kept"))).then(NEWS, Deaf())
    talk.then(Record((Prompt("after_the_tone"),)), Recorded()).then(SaveCase(), CASE).ends(CASE)
