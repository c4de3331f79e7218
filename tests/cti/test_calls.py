"""A call from the first event to the last: what each event does to it, and what none can do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.calls import Publish, Report, Save, step
from cti.events import (
    DESK,
    AgentConnected,
    CallAnswered,
    CallChanged,
    CallEnded,
    CallerIdentified,
    CaseRegistered,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    OfferAnswered,
    OfferMade,
    OfferMissed,
    OfferShown,
    PartialHeard,
    PresenceRequested,
    QueueJoined,
    Resynced,
    RingEnded,
    RingStarted,
    SpeechEnded,
    StatementHeard,
    SuggestionsFound,
)
from cti.records import AgentLeg, CaseSummary, SpokenWord, Suggestion

ID = "1795343058.3"
CASE = CaseSummary(
    number="C-000001", title="Printer", service="print", category="fault", impact="one", urgency="stopped",
    priority=2,
)  # fmt: skip


def of(kind, at_ms, **fields):
    return kind(call_id=ID, at_ms=at_ms, **fields)


ANSWERED = of(CallAnswered, 100, sip_call_id="sip-1", number="+46701740605", name="Maria", codec="ulaw")
QUEUED = of(QueueJoined, 800, queue="support", position=1)
DIALOGUE = (
    ANSWERED,
    of(CallerIdentified, 110, match="one", number="+46701740605", contact_id=7, contact_name="Maria Lind",
       how="ani"),
    of(LanguageChosen, 120, language="en"),
    of(ListeningStarted, 200, purpose="statement"),
    of(PartialHeard, 300, text="my printer"),
    of(SpeechEnded, 400, purpose="statement"),
    of(StatementHeard, 450, text="my printer is dead", confidence=0.9,
       words=(SpokenWord(text="my", start_s=0, end_s=0.2, confidence=0.9),)),
    of(CaseRegistered, 500, case=CASE),
    of(SuggestionsFound, 510, suggestions=(Suggestion(article="printer", title="Printer", score=0.9),)),
    of(DialogueEnded, 700, reason="done"),
    QUEUED,
)  # fmt: skip


def offer(number, agent, at_ms):
    """The steps of an offer that is shown before the phone rings."""
    return (
        of(OfferMade, at_ms, offer_id=f"offer-{number}", agent=agent),
        of(OfferShown, at_ms + 50, offer_id=f"offer-{number}", agent=agent),
        of(RingStarted, at_ms + 60, agent=agent),
    )


def play(*events):
    """The call after these events, and every effect on the way."""
    call, effects = None, []
    for event in events:
        call, some = step(call, event, event.at_ms)
        effects += some
    return call, effects


def after(*events):
    return play(*events)[0]


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
    assert (call.language, call.transcript, call.partial, call.dialogue) == (
        "en",
        "my printer is dead",
        "",
        "done",
    )
    assert (call.stage, call.queue, call.position) == ("queued", "support", 1)


def test_every_change_is_shown_and_saved():
    _, effects = play(ANSWERED)
    [shown, saved] = effects
    assert shown == Publish(
        DESK, CallChanged(at_ms=100, event_id=f"{ANSWERED.event_id}/{ID}", call=saved.call)
    )
    assert isinstance(saved, Save)


def test_words_that_are_not_final_are_shown_and_not_saved():
    call, effects = play(ANSWERED)
    call, effects = step(call, of(PartialHeard, 300, text="my pri"), 300)
    assert [type(effect) for effect in effects] == [Publish]
    assert call.partial == "my pri"


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
    assert (call.stage, call.outcome, call.partial, call.position) == ("ended", outcome, "", None)
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


class TestAfterAGap:
    """A Resynced list is what Asterisk says after we were logged out."""

    def test_a_call_that_is_gone_has_ended(self):
        call = after(*DIALOGUE, Resynced(at_ms=5000, living=("other",)))
        assert (call.stage, call.outcome, call.marks["ended"]) == ("ended", "failed", 5000)

    def test_a_call_that_was_answered_stays_answered(self):
        talking = (*DIALOGUE, *offer(1, "anna", 900), of(AgentConnected, 2000, agent="anna"))
        assert after(*talking, Resynced(at_ms=5000, living=())).outcome == "answered"

    def test_a_call_that_lives_goes_on(self):
        before = after(*DIALOGUE)
        assert step(before, Resynced(at_ms=5000, living=(ID,)), 5000) == (before, ())

    def test_a_call_that_began_after_the_list_was_asked_for_is_not_judged_by_it(self):
        before = after(*DIALOGUE)
        assert step(before, Resynced(at_ms=100, living=()), 900) == (before, ())

    def test_an_agent_who_answered_in_the_gap_is_connected(self):
        leg = AgentLeg(call_id=ID, agent="anna", state="connected")
        call = after(*DIALOGUE, *offer(1, "anna", 900), Resynced(at_ms=5000, living=(ID,), legs=(leg,)))
        assert (call.stage, call.agent, call.offers[0].connected_ms) == ("connected", "anna", 5000)

    def test_an_agent_whose_phone_stopped_in_the_gap_rings_no_more(self):
        leg = AgentLeg(call_id=ID, agent="bo", state="ringing")
        call = after(*DIALOGUE, *offer(1, "anna", 900), Resynced(at_ms=5000, living=(ID,), legs=(leg,)))
        assert [(o.agent, o.ended_ms, o.reason) for o in call.offers] == [
            ("anna", 5000, "lost"),
            ("bo", None, ""),
        ]
        assert (call.stage, call.agent) == ("ringing", "bo")

    def test_an_offer_that_still_waits_for_the_screen_is_left_alone(self):
        leg = AgentLeg(call_id=ID, agent="anna", state="offered")
        before = after(*DIALOGUE, of(OfferMade, 900, offer_id="1", agent="anna"))
        assert step(before, Resynced(at_ms=5000, living=(ID,), legs=(leg,)), 5000) == (before, ())

    def test_an_offer_made_after_the_list_was_asked_for_is_left_alone(self):
        before = after(*DIALOGUE, of(OfferMade, 900, offer_id="1", agent="anna"))
        assert step(before, Resynced(at_ms=850, living=(ID,)), 901) == (before, ())


TIMES = st.integers(min_value=0, max_value=20)
AGENTS = st.sampled_from(["anna", "bo"])
OFFERS = st.sampled_from(["1", "2", "3"])
PURPOSES = st.sampled_from(["statement", "confirm"])
CALL = st.just(ID)
ANY_EVENT = st.one_of(
    st.builds(CallAnswered, call_id=CALL, at_ms=TIMES),
    st.builds(CallerIdentified, call_id=CALL, at_ms=TIMES),
    st.builds(ListeningStarted, call_id=CALL, at_ms=TIMES, purpose=PURPOSES),
    st.builds(PartialHeard, call_id=CALL, at_ms=TIMES, text=st.just("x")),
    st.builds(SpeechEnded, call_id=CALL, at_ms=TIMES, purpose=PURPOSES),
    st.builds(StatementHeard, call_id=CALL, at_ms=TIMES, text=st.just("x"), confidence=st.just(1.0)),
    st.builds(CaseRegistered, call_id=CALL, at_ms=TIMES, case=st.just(CASE)),
    st.builds(DialogueEnded, call_id=CALL, at_ms=TIMES, reason=st.just("done")),
    st.builds(QueueJoined, call_id=CALL, at_ms=TIMES, queue=st.just("support"), position=st.just(1)),
    st.builds(OfferMade, call_id=CALL, at_ms=TIMES, agent=AGENTS, offer_id=OFFERS),
    st.builds(OfferAnswered, call_id=CALL, at_ms=TIMES, agent=AGENTS, offer_id=OFFERS),
    st.builds(OfferShown, call_id=CALL, at_ms=TIMES, agent=AGENTS, offer_id=OFFERS),
    st.builds(OfferMissed, call_id=CALL, at_ms=TIMES, agent=AGENTS, offer_id=OFFERS, cause=st.just("slow")),
    st.builds(RingStarted, call_id=CALL, at_ms=TIMES, agent=AGENTS),
    st.builds(RingEnded, call_id=CALL, at_ms=TIMES, agent=AGENTS, reason=st.just("BUSY")),
    st.builds(AgentConnected, call_id=CALL, at_ms=TIMES, agent=AGENTS),
    st.builds(CallEnded, call_id=CALL, at_ms=TIMES, cause=st.just("")),
    st.builds(
        Resynced,
        at_ms=TIMES,
        living=st.sampled_from([(), (ID,)]),
        legs=st.lists(
            st.builds(
                AgentLeg,
                call_id=CALL,
                agent=AGENTS,
                state=st.sampled_from(["offered", "ringing", "connected"]),
            ),
            max_size=2,
        ).map(tuple),
    ),
)


def check(before, call):
    """What holds for every call, whatever happened to it."""
    assert set(before.marks) <= set(call.marks)
    assert all(
        call.marks[name] == at for name, at in before.marks.items() if name not in ("listening", "speech_end")
    )
    assert (call.stage == "ended") == (call.outcome is not None) == ("ended" in call.marks)
    assert (call.outcome == "answered") <= ("connected" in call.marks)
    ringing = [
        o for o in call.offers if o.ringing_ms is not None and o.ended_ms is None and o.connected_ms is None
    ]
    connected = [o for o in call.offers if o.connected_ms is not None]
    assert len(connected) <= 1
    assert bool(connected) == ("connected" in call.marks)
    if call.stage == "ringing":
        assert call.agent in {o.agent for o in ringing}
        assert "ringing" in call.marks
    if call.stage == "connected":
        assert call.agent == connected[0].agent
    if call.stage in ("ivr", "queued"):
        assert call.agent is None
        assert not ringing
    if call.stage == "ended":
        assert all(o.ended_ms is not None for o in call.offers)
    assert len({o.offer_id for o in call.offers}) == len(call.offers) >= len(before.offers)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=25))
def test_no_order_of_events_breaks_a_call(events):
    call = None
    for event in events:
        before = call
        call, effects = step(before, event, event.at_ms)
        if before is None:
            continue
        check(before, call)
        assert not (before.stage == "ended" and call.stage != "ended")
        assert (call == before) == (not any(isinstance(effect, Publish) for effect in effects))
