"""Whatever fails, the caller goes on to the queue and what was said is kept."""

import sqlite3

import pytest
from fakes.caller import LOUD, heard
from stage import IMPATIENT, MARIA, UNKNOWN, Stage, StageBus, open_stage, presses, received, says

from casestore import recordings
from casework.port import CaseChange
from cti.asterisk.channel import HungUp
from cti.bus.memory import MemorySubscription
from domain.cases import CaseEdit, CaseRegistered
from domain.dialogue import DialogueEnded, StatementHeard
from domain.streams import CASES
from ivr.moves import Say
from ivr.speech import Failed, Overloaded, Partial, SpeechBegan
from tests.bus_events import events_of

PRINTER = "the printer shows a paper jam and i can not print"


@pytest.fixture
async def stage(tmp_path):
    async with open_stage(tmp_path, busy_timeout_ms=50) as stage:
        yield stage


async def registered(events: MemorySubscription) -> str:
    """The number of the next case that is stated."""
    async for event in events_of(events):
        if isinstance(event, CaseRegistered):
            return event.case.number
    raise AssertionError("the bus has ended")


def hangs_up(stage: Stage) -> None:
    stage.channel.put(HungUp())


async def test_an_engine_that_crashes_in_mid_sentence_hands_over_to_keys(stage: Stage):
    def crashes(stage: Stage) -> None:
        stage.channel.make_sound()
        stage.stream.state(SpeechBegan(0.1), Partial("the printer"), Failed("decoder died"))

    result = await stage.call(MARIA, statement=[crashes], service=[presses("4")])
    (case,) = stage.cases()
    assert (result.reason, case.service, case.statement) == ("done", "printing", "the printer")
    assert stage.of(StatementHeard)[0].confidence == 0.0


async def test_an_engine_that_stalls_is_not_waited_for(stage: Stage):
    def stalls(stage: Stage) -> None:
        stage.stream.state(SpeechBegan(0.1))
        stage.channel.make_sound()

    result = await stage.call(MARIA, patience=IMPATIENT, statement=[stalls], service=[presses("4")])
    assert result.reason == "unheard"
    assert stage.cases()[0].service == "printing"


@pytest.mark.parametrize("error", [Overloaded(), RuntimeError("no decoder")])
async def test_without_an_engine_everything_goes_by_keys(stage: Stage, error: Exception):
    stage.recogniser.error = error
    await stage.call(UNKNOWN, patience=IMPATIENT, employee_number=[presses("4217")], service=[presses("1")])
    (case,) = stage.cases()
    assert (case.contact_name, case.service) == ("Maria Lind", "account")


async def test_an_engine_that_does_not_even_open_is_given_up(stage: Stage):
    stage.recogniser.hangs = True
    await stage.call(MARIA, patience=IMPATIENT, service=[presses("0")])
    assert stage.cases()[0].service == "other"


async def test_a_stream_that_ends_without_a_result_counts_as_failed(stage: Stage):
    def ends(stage: Stage) -> None:
        stage.stream.state(RuntimeError)  # what no engine should say

    result = await stage.call(MARIA, patience=IMPATIENT, statement=[ends], service=[presses("1")])
    assert result.case_number


ASKED = ["language", "employee_number", "name", "statement", "statement_right"]


@pytest.mark.parametrize("question", ASKED)
async def test_a_hang_up_at_any_question_ends_the_dialogue_and_loses_no_words(stage: Stage, question: str):
    stage.received = received()
    acts = {
        "language": [presses("1")],
        "employee_number": [says("four two one seven")],
        "name": [says("yes")],
        "statement": [says(PRINTER, 0.7)],
        "statement_right": [says("yes")],
    }
    result = await stage.call(UNKNOWN, **(acts | {question: [hangs_up]}))
    assert result.reason == stage.of(DialogueEnded)[0].reason == "hangup"
    assert [case.statement for case in stage.cases()] == ([PRINTER] if question == "statement_right" else [])
    assert stage.channel.closed


async def test_a_hang_up_in_mid_sentence_still_makes_a_case_of_the_words(stage: Stage):
    def leaves_talking(stage: Stage) -> None:
        stream = stage.stream
        stream.at_finish = heard(PRINTER)
        stream.state(SpeechBegan(0.1), Partial("the printer"))
        stream.feed = lambda _: stage.channel.put(HungUp())
        stage.channel.make_sound(1)

    result = await stage.call(MARIA, statement=[leaves_talking])
    assert result.reason == "hangup"
    assert stage.cases()[0].statement == PRINTER


async def test_a_hang_up_while_recording_keeps_the_sound(stage: Stage):
    stage.recogniser.error = Overloaded()

    def leaves_talking(stage: Stage) -> None:
        stage.channel.make_sound(50, LOUD)
        stage.channel.put(HungUp())

    await stage.call(MARIA, service=[presses("1")], statement=[leaves_talking])
    (case,) = stage.cases()
    assert stage.recording(case.number)


async def test_a_line_that_breaks_is_a_hang_up(stage: Stage):
    stage.channel.broken = True
    assert (await stage.call(MARIA)).reason == "hangup"


async def test_a_caller_who_is_gone_before_the_first_word(stage: Stage):
    stage.channel.put(HungUp())
    result = await stage.call(MARIA)
    assert (result.reason, result.case_number) == ("hangup", "")
    assert stage.cases() == ()


async def test_a_bug_in_a_dialogue_puts_the_caller_through_with_a_case(stage: Stage):
    def broken(_):
        yield Say(None)

    stage.flow = broken
    result = await stage.call(MARIA)
    assert (result.reason, result.case_number) == ("failed", stage.cases()[0].number)
    assert stage.prompts.keys == ["connecting"]


async def test_a_voice_that_fails_does_not_hold_the_caller(stage: Stage):
    stage.prompts.error = OSError("no space left")
    assert (await stage.call(MARIA)).reason == "failed"
    assert stage.channel.closed


async def test_a_judgement_that_fails_costs_no_words(stage: Stage, monkeypatch):
    monkeypatch.setattr(stage.casework._understanding, "understand", lambda *_: 1 / 0, raising=False)
    monkeypatch.setattr(stage.casework._ranking, "suggest", lambda *_: 1 / 0)
    result = await stage.call(MARIA, statement=[says(PRINTER)])
    assert (result.reason, stage.cases()[0].statement) == ("done", PRINTER)


async def test_a_locked_database_spools_the_case_and_takes_it_later(stage: Stage):
    heard_of = await stage.bus.subscribe(CASES)
    other = sqlite3.connect(stage.folder / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    result = await stage.call(MARIA, statement=[says(PRINTER)])
    assert (result.reason, result.case_number) == ("failed", "")
    assert stage.prompts.keys[-1] == "connecting"
    assert PRINTER in (stage.folder / "unsaved-cases.jsonl").read_text()
    other.execute("ROLLBACK")
    number = await registered(heard_of)
    (case,) = stage.cases()
    assert (case.number, case.statement, case.service) == (number, PRINTER, "printing")
    assert stage.recording(case.number)


async def test_a_database_locked_once_the_case_is_kept_costs_no_case_and_no_voice(stage: Stage, monkeypatch):
    other = sqlite3.connect(stage.folder / "test.db", isolation_level=None, check_same_thread=False)
    write = recordings.write

    def write_and_lock(*args, **options):
        recording = write(*args, **options)
        if not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")
        return recording

    monkeypatch.setattr(recordings, "write", write_and_lock)
    stage.recogniser.error = Overloaded()

    def leaves_talking(stage: Stage) -> None:
        stage.channel.make_sound(50, LOUD)
        stage.channel.put(HungUp())

    await stage.call(MARIA, service=[presses("1")], statement=[leaves_talking])
    other.execute("ROLLBACK")
    (case,) = stage.cases()
    assert not (stage.folder / "unsaved-cases.jsonl").exists()
    with stage.store.uow() as tx:
        assert recordings.take_in(tx, stage.folder / "statements") == 1
    assert stage.recording(case.number)


async def test_a_case_left_by_an_earlier_run_is_registered_at_the_next_start(tmp_path, monkeypatch):
    async with open_stage(tmp_path, busy_timeout_ms=50) as stage:
        other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await stage.call(MARIA, statement=[says(PRINTER)])
        spooled = (tmp_path / "unsaved-cases.jsonl").read_bytes()
    other.execute("ROLLBACK")
    other.close()
    (tmp_path / "next").mkdir()
    (tmp_path / "next/unsaved-cases.jsonl").write_bytes(spooled)
    bus = StageBus()
    heard_of = await bus.subscribe(CASES)
    async with open_stage(tmp_path / "next", bus=bus) as stage:
        await registered(heard_of)
        assert stage.cases()[0].statement == PRINTER


async def test_a_case_that_was_registered_after_all_is_not_registered_twice(stage: Stage):
    await stage.call(MARIA, statement=[says(PRINTER)])
    (case,) = stage.cases()
    late = CaseChange(call_id=case.call_id, fields=CaseEdit(title="the same", call_id=case.call_id))
    heard_of = await stage.bus.subscribe(CASES)
    stage.casework._spool.add(late, 1)
    stage.casework._unsaved.set()
    await registered(heard_of)
    assert [each.number for each in stage.cases()] == [case.number]
