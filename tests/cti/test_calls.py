"""A call from the first event to the last: what each event does to it, and what none can do."""

import pytest
from call_events import ANSWERED, CASE, DIALOGUE, ID, QUEUED, after, of, offer, play

from cti.calls import step
from cti.effects import Publish, Report, Save
from domain.agents import PresenceRequested
from domain.calls import CallAnswered, CallChanged, CallEnded, CallRouted, QueueJoined, Resynced
from domain.cases import CaseRegistered
from domain.dialogue import DialogueEnded, ListeningStarted, PartialHeard, SpeechEnded, StatementHeard
from domain.offers import (
    AgentConnected,
    OfferAnswered,
    OfferMade,
    OfferMissed,
    OfferShown,
    RingEnded,
    RingStarted,
)


def reports(effects):
    return [effect for effect in effects if isinstance(effect, Report)]


def test_a_whole_call_leaves_every_mark_and_nothing_strange():
    call, effects = play(
        *DIALOGUE,
        *offer(1, "anna", 900),
        of(AgentConnected, 2000, agent="anna"),
        of(CallEnded, 9000, cause=""),
    )
    assert call.marks == {
        "answered": 100, "listening": 200, "speech_end": 400, "heard": 450, "registered": 500, "queued": 800,
        "offered": 900, "shown": 950, "ringing": 960, "connected": 2000, "ended": 9000,
    }  # fmt: skip
    assert (call.stage, call.outcome, call.agent, call.case) == ("ended", "answered", "anna", CASE)
    assert reports(effects) == []


def test_the_dialogue_fills_in_who_calls_and_what_is_wrong():
    call = after(*DIALOGUE)
    assert (call.sip_call_id, call.number, call.name, call.codec) == (
        "sip-1",
        "+46701740605",
        "Maria",
        "ulaw",
    )
    assert (call.match, call.how, call.contact_id, call.contact_name) == ("one", "ani", 7, "Maria Lind")
    assert (call.language, call.transcript, call.dialogue) == ("en", "my printer is dead", "done")
    assert (call.stage, call.queue, call.position) == ("queued", "support", 1)


def test_every_change_is_shown_and_saved():
    _, effects = play(ANSWERED)
    [shown, saved] = effects
    assert shown == Publish(CallChanged(at_ms=100, event_id=f"{ANSWERED.event_id}/{ID}", call=saved.call))
    assert isinstance(saved, Save)


def test_words_that_are_not_final_are_nothing_of_the_call():
    call = after(ANSWERED)
    after_words, effects = step(call, of(PartialHeard, 300, text="my pri"), 300)
    assert after_words is call
    assert [type(effect) for effect in effects] == [Report]


def test_what_changes_nothing_has_no_effect():
    call = after(*DIALOGUE)
    for event in DIALOGUE[1:4]:
        assert step(call, event, 999) == (call, ())


def test_listening_and_end_of_speech_are_those_of_the_statement_that_was_understood():
    call = after(
        ANSWERED,
        of(ListeningStarted, 200, purpose="statement"),
        of(SpeechEnded, 300, purpose="statement"),
        of(ListeningStarted, 400, purpose="statement"),
        of(SpeechEnded, 500, purpose="statement"),
        of(StatementHeard, 550, text="it broke", confidence=0.8),
        of(ListeningStarted, 600, purpose="statement"),
        of(SpeechEnded, 700, purpose="statement"),
    )
    assert call.marks == {"answered": 100, "listening": 400, "speech_end": 500, "heard": 550}


def test_questions_on_the_way_leave_no_mark():
    call, effects = play(
        ANSWERED, of(ListeningStarted, 200, purpose="confirm"), of(SpeechEnded, 300, purpose="confirm")
    )
    assert set(call.marks) == {"answered"}
    assert reports(effects) == []


def test_a_case_that_changes_keeps_the_time_it_was_registered():
    call = after(*DIALOGUE, of(CaseRegistered, 760, case=CASE, open_cases=(CASE,)))
    assert call.marks["registered"] == 500
    assert call.open_cases == (CASE,)


def test_a_second_agent_is_offered_the_call_after_the_first_did_not_answer():
    call, effects = play(
        *DIALOGUE,
        *offer(1, "anna", 900),
        of(RingEnded, 4000, agent="anna", reason="NOANSWER"),
        of(RingEnded, 4001, agent="anna", reason="CANCEL"),
        *offer(2, "bo", 5000),
        of(AgentConnected, 6000, agent="bo"),
    )
    first, second = call.offers
    assert (first.agent, first.shown_ms, first.ringing_ms, first.ended_ms, first.reason) == (
        "anna", 950, 960, 4000, "NOANSWER",
    )  # fmt: skip
    assert (second.agent, second.shown_ms, second.ringing_ms, second.connected_ms) == ("bo", 5050, 5060, 6000)
    assert (call.stage, call.agent, call.marks["ringing"], call.marks["connected"]) == (
        "connected",
        "bo",
        960,
        6000,
    )
    assert reports(effects) == []


def test_between_two_agents_the_call_waits_in_the_queue():
    call = after(*DIALOGUE, *offer(1, "anna", 900), of(RingEnded, 4000, agent="anna", reason="NOANSWER"))
    assert (call.stage, call.agent) == ("queued", None)


def test_an_offer_that_never_rang_gives_way_to_the_next_to_the_same_agent():
    call = after(*DIALOGUE, of(OfferMade, 900, offer_id="1", agent="anna"), *offer(2, "anna", 5000))
    assert [(o.ended_ms, o.reason) for o in call.offers] == [(5000, "lost"), (None, "")]
    assert call.stage == "ringing"


def test_with_several_phones_ringing_one_that_stops_leaves_the_others_ringing():
    call = after(
        *DIALOGUE, *offer(1, "anna", 900), *offer(2, "bo", 910), of(RingEnded, 990, agent="bo", reason="BUSY")
    )
    assert (call.stage, call.agent) == ("ringing", "anna")


def test_a_missed_screen_is_recorded_with_its_cause():
    call = after(
        *DIALOGUE,
        of(OfferMade, 900, offer_id="1", agent="anna"),
        of(OfferAnswered, 910, offer_id="1", agent="anna", answer="delivered"),
        of(OfferMissed, 1400, offer_id="1", agent="anna", cause="slow"),
        of(RingStarted, 1410, agent="anna"),
    )
    assert (call.offers[0].missed, call.offers[0].shown_ms, call.offers[0].ringing_ms) == ("slow", None, 1410)
    assert "shown" not in call.marks


def test_a_phone_that_rings_though_the_gate_was_not_asked_is_an_offer_too():
    call = after(*DIALOGUE, of(RingStarted, 900, agent="anna"), of(AgentConnected, 950, agent="anna"))
    [attempt] = call.offers
    assert (attempt.agent, attempt.offered_ms, attempt.ringing_ms, attempt.connected_ms) == (
        "anna",
        900,
        900,
        950,
    )


def test_the_offer_may_be_heard_of_before_the_queue():
    call = after(*DIALOGUE[:-1], of(OfferMade, 799, offer_id="1", agent="anna"), QUEUED)
    assert (call.stage, call.marks["queued"], call.marks["offered"]) == ("offered", 800, 799)


def test_a_caller_whom_the_dialogue_never_had_is_known_from_the_queue():
    call, _ = play(of(QueueJoined, 800, queue="support", position=2, number="+4781549300", name="Ola"))
    assert (call.stage, call.number, call.name, call.position) == ("queued", "+4781549300", "Ola", 2)
    assert call.marks == {"queued": 800}


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (DIALOGUE[:5], "abandoned_ivr"),
        (DIALOGUE, "abandoned_queue"),
        ((*DIALOGUE, *offer(1, "anna", 900)), "abandoned_queue"),
        ((*DIALOGUE, *offer(1, "anna", 900), of(AgentConnected, 2000, agent="anna")), "answered"),
    ],
)
def test_the_outcome_tells_where_the_caller_was_at_the_end(events, outcome):
    call = after(*events, of(CallEnded, 9000, cause="Normal Clearing"))
    assert (call.stage, call.outcome, call.position) == ("ended", outcome, None)
    assert all(o.ended_ms for o in call.offers)
    assert (call.agent is None) == (outcome != "answered")


def test_what_the_dialogue_learned_from_a_caller_who_hung_up_is_still_recorded():
    call, effects = play(
        *DIALOGUE[:5],
        of(CallEnded, 440, cause=""),
        of(StatementHeard, 450, text="my printer", confidence=0.7),
        of(CaseRegistered, 500, case=CASE),
        of(DialogueEnded, 510, reason="hangup"),
    )
    assert (call.stage, call.outcome, call.case, call.transcript, call.dialogue) == (
        "ended", "abandoned_ivr", CASE, "my printer", "hangup",
    )  # fmt: skip
    assert call.marks["registered"] == 500
    assert isinstance(effects[-1], Save)


def heard(at_ms, text, number, source="vosk"):
    return of(
        StatementHeard, at_ms, text=text, confidence=0.7, statement_id=f"{ID}/{number:03}", source=source
    )


@pytest.mark.parametrize("ended", [False, True])
def test_a_statement_that_is_heard_again_changes_its_words_and_no_mark(ended):
    before = after(ANSWERED, heard(450, "my sprinter", 1), *([of(CallEnded, 460, cause="")] if ended else []))
    call = step(before, heard(3000, "my printer", 1, "whisper"), 3000)[0]
    assert (call.transcript, call.marks) == ("my printer", before.marks)


def test_an_older_statement_that_is_heard_again_does_not_hide_the_newer_one():
    call = after(
        ANSWERED, heard(450, "sprint", 1), heard(900, "no ink", 2), heard(950, "printer", 1, "whisper")
    )
    assert call.transcript == "no ink"


def test_statements_of_before_there_were_ids_follow_each_other():
    first, second = (of(StatementHeard, at_ms, text=str(at_ms), confidence=0.7) for at_ms in (450, 900))
    assert after(ANSWERED, first, second).transcript == "900"


def test_after_the_end_nothing_else_changes_a_call():
    ended = after(*DIALOGUE, of(CallEnded, 9000, cause=""))
    late = (
        ANSWERED, QUEUED, *offer(1, "anna", 9100), of(AgentConnected, 9200, agent="anna"),
        of(PartialHeard, 9300, text="hm"), of(CallEnded, 9400, cause=""), Resynced(at_ms=9500, living=(ID,)),
    )  # fmt: skip
    for event in late:
        assert step(ended, event, event.at_ms) == (ended, ())


@pytest.mark.parametrize(
    "event",
    [
        ANSWERED,
        of(OfferShown, 900, offer_id="no such", agent="anna"),
        of(OfferMissed, 900, offer_id="no such", agent="anna", cause="slow"),
        of(PartialHeard, 900, text="after the dialogue"),
        PresenceRequested(at_ms=900, agent="anna", presence="ready"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_that_fits_nowhere_changes_nothing_and_is_reported(event):
    before = after(*DIALOGUE)
    call, effects = step(before, event, 900)
    assert call is before
    assert [type(effect) for effect in effects] == [Report]


def test_an_event_of_an_unknown_call_is_reported():
    call, effects = step(None, of(PartialHeard, 1, text="x"), 1)
    assert call is None
    assert effects == (Report("PartialHeard for no known call"),)


@pytest.mark.parametrize(
    "event",
    [of(CallEnded, 1, cause=""), of(RingStarted, 1, agent="anna"), Resynced(at_ms=1, living=())],
    ids=lambda event: type(event).__name__,
)
def test_channels_that_are_no_callers_are_not_even_reported(event):
    assert step(None, event, 1) == (None, ())


@pytest.mark.parametrize("asterisk_first", [False, True])
def test_a_caller_who_was_told_that_nobody_answers_has_not_abandoned_the_call(asterisk_first):
    told, gone = of(DialogueEnded, 2000, reason="let_go"), of(CallEnded, 2001, cause="")
    call = after(DIALOGUE[0], *((gone, told) if asterisk_first else (told, gone)))
    assert (call.stage, call.outcome) == ("ended", "let_go")


def test_which_desk_received_the_call_and_why_stands_in_it():
    routed = of(CallRouted, 2, desk="hr", queue="hr", why="holiday", then="queue")
    call = after(of(CallAnswered, 1, dialled="101"), routed)
    assert (call.dialled, call.desk, call.why) == ("101", "hr", "holiday")
