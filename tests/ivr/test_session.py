"""Dialogues over a channel: facts in their order, keys and speech as equals, cases with their sound."""

import asyncio
import sqlite3
import wave
from functools import partial

import pytest
from fakes.caller import LOUD, heard
from stage import ANNA, IMPATIENT, MARIA, UNKNOWN, Stage, open_stage, presses, received, says

from cti.asterisk.channel import HungUp
from domain.case_events import CaseChanged, SuggestionsFound
from domain.dialogue import CallerIdentified, DialogueEnded, LanguageChosen, PartialHeard, StatementHeard
from ivr.flows.intake import intake
from ivr.speech import Partial, SpeechBegan, SpeechStopped
from tests.bus_events import until

PRINTER = "the printer shows a paper jam and i can not print"


@pytest.fixture
async def stage(tmp_path):
    async with open_stage(tmp_path) as stage:
        yield stage


async def test_a_known_caller_is_put_through_with_a_case_and_solutions(stage: Stage):
    result = await stage.call(MARIA, statement=[says(PRINTER)])
    (case,) = stage.cases()
    assert (result.reason, result.case_number, stage.caller.contact_id) == (
        "done",
        case.number,
        case.contact_id,
    )
    assert result.queue_priority == 6 - case.priority
    assert (case.statement, case.service, case.contact_name) == (PRINTER, "printing", "Maria Lind")
    assert stage.of(SuggestionsFound)[0].suggestions[0].article == "printer-paper-jam"
    before, after = ["welcome", "hello", "voice_is_kept", "what_is_wrong"], ["case_number", "about_title"]
    assert stage.prompts.keys == [*before, *after, "connecting"]
    assert stage.channel.closed


async def test_the_facts_are_stated_in_the_order_in_which_they_happen(stage: Stage):
    await stage.call(MARIA, statement=[says(PRINTER)])
    assert stage.kinds() == [
        "CallerIdentified",
        "LanguageChosen",
        "CallerIdentified",
        "ListeningStarted",
        "PartialHeard",
        "SpeechEnded",
        "StatementHeard",
        "CaseRegistered",
        "CaseChanged",
        "CaseChanged",
        "SuggestionsFound",
        "DialogueEnded",
    ]
    assert stage.of(CallerIdentified)[-1].how == "ani"
    assert stage.of(StatementHeard)[0].text == PRINTER


async def test_the_callers_voice_is_kept_and_the_words_follow_it(stage: Stage):
    def waits_and_talks(stage: Stage) -> None:
        stage.channel.make_sound(100, bytes(320))  # 2 s
        stage.channel.make_sound(50, LOUD)

        def feed(frame: bytes) -> None:
            frames.append(frame)
            if len(frames) == 150:
                stage.stream.state(SpeechBegan(2.0), SpeechStopped(3.0), heard("printer"))

        frames: list[bytes] = []
        stage.stream.feed = feed

    await stage.call(MARIA, statement=[waits_and_talks])
    (case,) = stage.cases()
    with wave.open(str(stage.recording(case.number))) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(1.4, abs=0.05)
    assert stage.of(CaseChanged)[-1].case.has_statement


async def test_a_key_during_speech_wins(stage: Stage):
    def talks_and_presses(stage: Stage) -> None:
        stream = stage.stream
        stream.at_finish = heard("my outlook", 0.95)
        stream.state(SpeechBegan(0.1), Partial("my outlook"))
        feed = stream.feed
        stream.feed = lambda frame: (feed(frame), stage.channel.press("2"))
        stage.channel.make_sound(1)

    await stage.call(MARIA, statement=[talks_and_presses], service=[presses("2")])
    (case,) = stage.cases()
    assert case.service == "email"
    assert case.description == "my outlook"


async def test_speech_over_a_prompt_stops_it_and_is_used(stage: Stage):
    stage.channel.listens = False  # no prompt ever ends by itself

    def talks_over(stage: Stage) -> None:
        says(PRINTER)(stage)
        stage.channel.listens = True

    result = await stage.call(MARIA, statement=[talks_over])
    assert result.reason == "done"
    assert stage.channel.flushed == 1
    assert stage.cases()[0].statement == PRINTER


async def test_doubtful_words_are_a_case_before_they_are_confirmed(stage: Stage):
    before = []

    def yes(stage: Stage) -> None:
        before.extend(stage.cases())
        says("yes")(stage)

    await stage.call(MARIA, statement=[says(PRINTER, 0.7)], statement_right=[yes])
    (case,) = stage.cases()
    assert (before[0].number, before[0].statement, before[0].service) == (case.number, PRINTER, "")
    assert case.service == "printing"
    first, *_, heard_again, classified = stage.history(case.number)
    assert (first.said, first.trust) == (PRINTER, "doubtful")
    assert (heard_again.said, heard_again.trust) == (PRINTER, "confirmed")
    assert classified.changes["service"].new == "printing"


async def test_an_uncertain_yes_is_not_a_yes(stage: Stage):
    await stage.call(
        MARIA,
        statement=[says(PRINTER, 0.7), says("my outlook is broken")],
        statement_right=[says("yes", 0.8), presses("2")],
    )
    (case,) = stage.cases()
    assert case.service != "printing"
    assert case.description.splitlines() == [PRINTER, "my outlook is broken"]


async def test_silence_ends_in_the_queue_with_a_case(stage: Stage):
    result = await stage.call(MARIA, patience=IMPATIENT)
    (case,) = stage.cases()
    assert (result.reason, result.case_number) == ("unheard", case.number)
    assert (case.title, case.said) == ("", ())
    assert stage.of(DialogueEnded)[0].reason == "unheard"


async def test_a_language_without_a_model_goes_by_keys_and_records_what_is_said(stage: Stage):
    def records(stage: Stage) -> None:
        stage.channel.make_sound(50, LOUD)
        stage.channel.press("#")

    result = await stage.call(ANNA, service=[presses("4")], statement=[records])
    (case,) = stage.cases()
    assert stage.of(LanguageChosen)[0].language == "sv"
    assert {language for language, _ in stage.prompts.said} == {"sv"}
    assert (result.reason, case.service, case.language) == ("unheard", "printing", "sv")
    assert ([said.trust for said in case.said], case.title) == (["chosen"], "")
    assert "service" not in case.assumed
    assert stage.recording(case.number)


async def test_an_unknown_caller_chooses_a_language_and_types_a_number(stage: Stage):
    stage.flow = partial(intake, voice_is_kept=True)
    stage.received = received()
    await stage.call(
        UNKNOWN, language=[presses("1")], employee_number=[presses("4217#")], statement=[says(PRINTER)]
    )
    identified = stage.caller
    assert identified.contact_id == stage.cases()[0].contact_id == 1
    assert (identified.match, identified.how) == ("none", "employee_number")
    assert identified.contact_name == "Maria Lind"


async def test_a_spoken_number_is_used_after_the_name_was_confirmed(stage: Stage):
    await stage.call(
        UNKNOWN,
        employee_number=[says("four two one seven")],
        name=[says("yes")],
        statement=[says(PRINTER)],
    )
    assert stage.caller.contact_id == 1
    assert stage.prompts.keys.count("are_you") == 1


async def test_a_second_call_about_an_open_case_adds_to_it(stage: Stage):
    first = await stage.call(MARIA, statement=[says(PRINTER)])
    stage.events.clear()
    second = await stage.call(
        MARIA,
        call_id="second",
        open_case=[presses("1")],
        statement=[says("now it also smells of smoke")],
    )
    (case,) = stage.cases()
    assert first.case_number == second.case_number == case.number
    assert case.description.splitlines() == [PRINTER, "now it also smells of smoke"]
    assert case.service == "printing"
    assert [(entry.kind, entry.call_id) for entry in stage.history(case.number)][1:] == [
        ("linked", "second"),
        ("heard", "second"),
    ]


async def test_what_is_heard_in_pieces_is_told_at_most_five_times_a_second(stage: Stage):
    def chatters(stage: Stage) -> None:
        pieces = [Partial("word " * count) for count in range(1, 50)]
        stage.stream.state(SpeechBegan(0.1), *pieces, SpeechStopped(9.0), heard(PRINTER))

    await stage.call(MARIA, statement=[chatters])
    assert 1 <= len(stage.of(PartialHeard)) <= 5


async def test_words_are_told_on_though_the_clock_is_set_back(stage: Stage, monkeypatch):
    async def chatters() -> None:
        stage.stream.state(SpeechBegan(0.1), Partial("my"))
        await until(lambda: len(stage.of(PartialHeard)) == 1)
        monkeypatch.setattr("ivr.question.now_ms", lambda: 1)

        def told_more() -> bool:
            stage.stream.state(Partial("my printer"))
            return len(stage.of(PartialHeard)) == 2

        try:
            await until(told_more)
        finally:
            stage.stream.state(SpeechStopped(9.0), heard(PRINTER))

    talking: list[asyncio.Task[None]] = []
    await stage.call(MARIA, statement=[lambda _: talking.append(asyncio.create_task(chatters()))])
    await talking[0]


async def test_two_callers_do_not_wait_for_each_other(stage: Stage):
    """One says nothing for ever; the other is through meanwhile."""
    other = Stage(stage.store, stage.bus, stage.casework, stage.folder)
    patient = asyncio.create_task(stage.call(UNKNOWN))
    result = await other.call(MARIA, statement=[says(PRINTER)])
    assert result.reason == "done"
    assert not patient.done()
    stage.channel.put(HungUp())
    assert (await patient).reason == "hangup"


async def test_the_bus_and_the_database_agree_about_the_case(stage: Stage):
    await stage.call(MARIA, statement=[says(PRINTER)])
    (case,) = stage.cases()
    stated = stage.of(CaseChanged)[-1].case
    assert (stated.number, stated.title, stated.priority) == (case.number, case.title, case.priority)
    with sqlite3.connect(stage.folder / "test.db") as database:
        assert database.execute("select count(*) from cases").fetchone() == (1,)
