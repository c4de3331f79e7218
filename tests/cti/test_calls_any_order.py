"""What holds for every call, whatever happens to it in whatever order."""

import pytest
from call_events import CASE, ID
from hypothesis import find, given, settings
from hypothesis import strategies as st

from cti.calls import step
from cti.effects import Publish
from domain.calls import AgentLeg, CallAnswered, CallEnded, CallRouted, QueueJoined, Resynced
from domain.cases import CaseRegistered, Suggestion, SuggestionsFound
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    PartialHeard,
    SpeechEnded,
    StatementHeard,
)
from domain.event import CallEvent
from domain.offers import (
    AgentConnected,
    OfferAnswered,
    OfferMade,
    OfferMissed,
    OfferShown,
    RingEnded,
    RingStarted,
)
from domain.vocabulary import kinds_of

TIMES = st.integers(min_value=0, max_value=20)
AGENTS = st.sampled_from(["anna", "bo"])
OFFERS = st.sampled_from(["1", "2", "3"])
PURPOSES = st.sampled_from(["statement", "confirm"])
CALL = st.just(ID)
ANY_EVENT = st.one_of(
    st.builds(CallAnswered, call_id=CALL, at_ms=TIMES),
    st.builds(
        CallRouted, call_id=CALL, at_ms=TIMES, desk=st.just("hr"), queue=st.just("hr"), why=st.just("hours")
    ),
    st.builds(CallerIdentified, call_id=CALL, at_ms=TIMES),
    st.builds(LanguageChosen, call_id=CALL, at_ms=TIMES, language=st.sampled_from(["en", "sv"])),
    st.builds(ListeningStarted, call_id=CALL, at_ms=TIMES, purpose=PURPOSES),
    st.builds(PartialHeard, call_id=CALL, at_ms=TIMES, text=st.just("x")),
    st.builds(SpeechEnded, call_id=CALL, at_ms=TIMES, purpose=PURPOSES),
    st.builds(
        StatementHeard,
        call_id=CALL,
        at_ms=TIMES,
        text=st.sampled_from(["x", "y"]),
        confidence=st.just(1.0),
        statement_id=st.sampled_from(["", f"{ID}/001", f"{ID}/002"]),
    ),
    st.builds(CaseRegistered, call_id=CALL, at_ms=TIMES, case=st.just(CASE)),
    st.builds(
        SuggestionsFound,
        call_id=CALL,
        at_ms=TIMES,
        suggestions=st.sampled_from([(), (Suggestion(article="printer", title="Printer", score=0.9),)]),
    ),
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
    assert call.statement_id >= before.statement_id
    assert len({o.offer_id for o in call.offers}) == len(call.offers) >= len(before.offers)


@pytest.mark.parametrize("kind", [*kinds_of(CallEvent)], ids=lambda kind: kind.__name__)
def test_every_kind_of_event_of_a_call_is_among_them(kind):
    if kind is not CallEvent:
        assert isinstance(find(ANY_EVENT, lambda event: type(event) is kind), kind)


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
