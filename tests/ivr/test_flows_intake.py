"""The whole dialogue: it always ends in the queue with a case, and nobody is guessed."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import received
from transcript import ANNA, CASE, CLEAR, DOUBTFUL, MARIA, MURKY, Transcript

from domain.contacts import Callers
from ivr.flows.intake import intake
from ivr.moves import (
    Ask,
    AskNumber,
    Chosen,
    ContinueCase,
    Deaf,
    FindCallers,
    FindEmployee,
    FindOpenCases,
    Flow,
    Identify,
    Listen,
    Number,
    Option,
    Pressed,
    Prompt,
    Record,
    Recorded,
    SaveCase,
    Say,
    Silence,
    Skipped,
    Statement,
    Step,
    Unclear,
    UseLanguage,
)

SEEN = Callers("one", "+46701740605", (MARIA,), "ani")
EVERYBODY = {contact.employee_number: contact for contact in (MARIA, ANNA)}
MOST_STEPS = 100


def flow(**desk: object) -> Flow[bool]:
    return intake(received(**desk), voice_is_kept=True)


def test_a_known_caller_says_what_is_wrong_and_is_put_through():
    talk = Transcript(flow()).then(FindCallers(), SEEN)
    talk.then(UseLanguage("en")).then(Say(Prompt("welcome")))
    talk.then(Identify(MARIA, "ani")).then(Say(Prompt("hello", {"name": "Maria Lind"})))
    talk.then(FindOpenCases(MARIA), ()).then(Say(Prompt("voice_is_kept")))
    talk.then(Listen((Prompt("what_is_wrong"),)), CLEAR).then(SaveCase(CLEAR, "certain"), CASE)
    talk.then(SaveCase(), CASE).then(Say(Prompt("case_number", {"number": "C-000042"})))
    talk.then(Say(Prompt("about_title", {"title": CASE.title}))).then(Say(Prompt("connecting"))).ends(False)


def answers(step: Step) -> st.SearchStrategy[object]:
    """Everything a caller, an engine or the house may answer to a step."""
    nothing = [Silence(), Unclear(), Deaf()]
    match step:
        case Ask(options=options, by_keys=by_keys):
            chosen = [Chosen(option.name) for option in options]
            spoken = [replace(choice, spoken=True) for choice in chosen]
            return st.sampled_from([*chosen, *nothing[:2], *([] if by_keys else [*spoken, Deaf()])])
        case AskNumber(by_keys=by_keys):
            typed = [Number(digits) for digits in ("4217", "4218", "9999")]
            spoken = [] if by_keys else [Deaf(), *(replace(number, spoken=True) for number in typed)]
            return st.sampled_from([*typed, *spoken, Skipped(), Silence(), Unclear()])
        case Listen():
            heard = [CLEAR, DOUBTFUL, MURKY, Pressed("1"), Pressed("*", MURKY), Deaf(MURKY), Deaf(None, True)]
            return st.sampled_from([*heard, *nothing])
        case Record():
            return st.sampled_from([Recorded(), Silence()])
        case FindCallers():
            several = Callers("several", "+46701740610", (MARIA, ANNA), "ani")
            return st.sampled_from([SEEN, several, Callers("none"), Callers("withheld")])
        case FindEmployee(number):
            return st.just((EVERYBODY[number],) if number in EVERYBODY else ())
        case FindOpenCases():
            return st.sampled_from([(), (CASE,), (CASE, replace(CASE, number="C-000043", opened_ms=2))])
        case SaveCase() | ContinueCase():
            return st.just(CASE)
        case _:
            return st.none()


def held(data: st.DataObject) -> list[tuple[Step, object]]:
    """A whole dialogue with any answers, as (step, answer)."""
    talk, dialogue, answer = flow(), [], None
    for _ in range(MOST_STEPS):
        try:
            step = talk.send(answer)
        except StopIteration:
            return dialogue
        answer = data.draw(answers(step))
        dialogue.append((step, answer))
    raise AssertionError(f"no end after {MOST_STEPS} steps")


def words_of(answer: object) -> set[Statement]:
    """The caller's words in an answer."""
    match answer:
        case Statement():
            return {answer}
        case Pressed(_, Statement() as words) | Deaf(Statement() as words):
            return {words}
        case _:
            return set()


@given(st.data())
def test_whatever_is_answered_the_caller_reaches_the_queue_with_a_case(data):
    steps = [step for step, _ in held(data)]
    assert steps[-1] == Say(Prompt("connecting"))
    assert any(isinstance(step, SaveCase) for step in steps)


@given(st.data())
def test_no_question_is_asked_more_than_three_times_in_a_row(data):
    questions = [step.name for step, _ in held(data) if isinstance(step, Ask | AskNumber | Listen)]
    runs = zip(questions, questions[1:], questions[2:], questions[3:], strict=False)
    assert not any(len(set(run)) == 1 for run in runs)


@given(st.data())
def test_a_wrong_caller_is_never_accepted_without_asking(data):
    dialogue = held(data)
    for index, (step, _) in enumerate(dialogue):
        if isinstance(step, Identify) and step.how != "ani":
            questions = [line for line in dialogue[:index] if isinstance(line[0], Ask | AskNumber)]
            last, answer = questions[-1]
            said_yes = last.name == "name" and answer.name == "yes"
            assert said_yes or not answer.spoken


@given(st.data())
def test_words_decide_nothing_unless_they_are_certain_or_the_caller_said_yes(data):
    dialogue = held(data)
    for (before, answer), (step, _) in pairwise(dialogue):
        match step:
            case SaveCase(trust="certain"):
                assert answer == CLEAR or answer == Pressed("1", CLEAR)
            case SaveCase(trust="confirmed"):
                assert before.name == "statement_right"
                assert answer.name == "yes"
            case ContinueCase():
                assert before.name == "open_case"
                assert answer.name == "yes"


@given(st.data())
def test_every_word_that_was_heard_is_kept(data):
    dialogue = held(data)
    for (_, answer), (step, _) in pairwise(dialogue):
        for statement in words_of(answer):
            assert isinstance(step, SaveCase)
            assert step.statement == statement


@given(st.data(), st.integers(0, MOST_STEPS))
def test_a_hang_up_at_any_step_leaves_the_words_that_were_heard_in_a_case(data, hang_up_at):
    """The session carries out what is no question and closes the flow at the next one."""
    talk, answer, heard, kept = flow(), None, set(), set()
    for index in range(MOST_STEPS):
        try:
            step = talk.send(answer)
        except StopIteration:
            break
        if isinstance(step, Ask | AskNumber | Listen | Record) and index > hang_up_at:
            break
        if isinstance(step, SaveCase) and step.statement:
            kept.add(step.statement)
        answer = data.draw(answers(step))
        heard |= words_of(answer)
    talk.close()
    assert heard == kept


@pytest.mark.parametrize("ask_language", [True, False])
def test_a_caller_who_never_reacts_is_in_the_queue_after_a_few_questions(ask_language):
    talk, answer, questions = flow(ask_language=ask_language), None, 0
    while True:
        try:
            step = talk.send(answer)
        except StopIteration:
            break
        questions += isinstance(step, Ask | AskNumber | Listen | Record)
        match step:
            case FindCallers():
                answer = Callers("withheld")
            case SaveCase():
                answer = CASE
            case Ask() | AskNumber() | Listen():
                answer = Silence()
            case _:
                answer = None
    assert questions <= 5


def test_a_closed_desk_where_callers_may_wait_says_why_and_goes_on_as_ever():
    talk = Transcript(flow(why="holiday", then="queue")).then(FindCallers(), SEEN)
    talk.then(UseLanguage("en")).then(Say(Prompt("welcome")))
    talk.then(Say(Prompt("closed_holiday"))).then(Say(Prompt("closed_wait")))
    talk.then(Identify(MARIA, "ani")).then(Say(Prompt("hello", {"name": "Maria Lind"})))
    talk.then(FindOpenCases(MARIA), ()).then(Say(Prompt("voice_is_kept")))
    talk.then(Listen((Prompt("what_is_wrong"),)), CLEAR).then(SaveCase(CLEAR, "certain"), CASE)
    talk.then(SaveCase(), CASE).then(Say(Prompt("case_number", {"number": "C-000042"})))
    talk.then(Say(Prompt("about_title", {"title": CASE.title}))).then(Say(Prompt("connecting"))).ends(False)


def test_a_closed_desk_takes_a_case_and_lets_the_caller_go():
    talk = Transcript(flow(why="hours", then="case")).then(FindCallers(), SEEN)
    talk.then(UseLanguage("en")).then(Say(Prompt("welcome")))
    talk.then(Say(Prompt("closed_hours"))).then(Say(Prompt("closed_case")))
    talk.then(Identify(MARIA, "ani")).then(Say(Prompt("hello", {"name": "Maria Lind"})))
    talk.then(FindOpenCases(MARIA), ()).then(Say(Prompt("voice_is_kept")))
    talk.then(Listen((Prompt("what_is_wrong"),)), CLEAR).then(SaveCase(CLEAR, "certain"), CASE)
    talk.then(SaveCase(), CASE).then(Say(Prompt("case_number", {"number": "C-000042"})))
    talk.then(Say(Prompt("about_title", {"title": CASE.title})))
    talk.then(Say(Prompt("closed_goodbye"))).ends(True)


def test_a_full_desk_that_only_announces_says_why_and_makes_no_case():
    talk = Transcript(flow(why="full", then="announce")).then(FindCallers(), SEEN)
    talk.then(UseLanguage("en")).then(Say(Prompt("welcome")))
    talk.then(Say(Prompt("closed_full"))).then(Say(Prompt("closed_call_again"))).ends(True)


def test_a_caller_of_a_desk_nobody_knows_is_put_through():
    talk = Transcript(flow(why="lookup_failed", then="announce")).then(FindCallers(), SEEN)
    talk.then(UseLanguage("en")).then(Say(Prompt("welcome")))
    talk.then(Identify(MARIA, "ani"))


def test_a_desk_greets_in_its_own_words_and_languages():
    swedish = {"languages": ("sv", "nb"), "greeting": {"sv": "Välkommen till personal."}}
    talk = Transcript(flow(**swedish)).then(FindCallers(), Callers("withheld"))
    talk.then(Say(Prompt("greeting", {"greeting": "Välkommen till personal."})))
    options = (Option("sv", "2"), Option("nb", "3"))
    prompts = (Prompt("language_choice", language="sv"), Prompt("language_choice", language="nb"))
    talk.then(Ask("language", prompts, options, heard_in="en"), Chosen("nb")).then(UseLanguage("nb"))
