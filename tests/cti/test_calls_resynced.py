"""What Asterisk's own list makes of a call, after we were logged out for a while."""

from call_events import DIALOGUE, ID, after, of, offer

from cti.calls import step
from domain.calls import AgentLeg, Resynced
from domain.offers import AgentConnected, OfferMade


def test_a_call_that_is_gone_has_ended():
    call = after(*DIALOGUE, Resynced(at_ms=5000, living=("other",)))
    assert (call.stage, call.outcome, call.marks["ended"]) == ("ended", "failed", 5000)


def test_a_call_that_was_answered_stays_answered():
    talking = (*DIALOGUE, *offer(1, "anna", 900), of(AgentConnected, 2000, agent="anna"))
    assert after(*talking, Resynced(at_ms=5000, living=())).outcome == "answered"


def test_a_call_that_lives_goes_on():
    before = after(*DIALOGUE)
    assert step(before, Resynced(at_ms=5000, living=(ID,)), 5000) == (before, ())


def test_a_call_that_began_after_the_list_was_asked_for_is_not_judged_by_it():
    before = after(*DIALOGUE)
    assert step(before, Resynced(at_ms=100, living=()), 900) == (before, ())


def test_an_agent_who_answered_in_the_gap_is_connected():
    leg = AgentLeg(call_id=ID, agent="anna", state="connected")
    call = after(*DIALOGUE, *offer(1, "anna", 900), Resynced(at_ms=5000, living=(ID,), legs=(leg,)))
    assert (call.stage, call.agent, call.offers[0].connected_ms) == ("connected", "anna", 5000)


def test_an_agent_whose_phone_stopped_in_the_gap_rings_no_more():
    leg = AgentLeg(call_id=ID, agent="bo", state="ringing")
    call = after(*DIALOGUE, *offer(1, "anna", 900), Resynced(at_ms=5000, living=(ID,), legs=(leg,)))
    assert [(o.agent, o.ended_ms, o.reason) for o in call.offers] == [
        ("anna", 5000, "lost"),
        ("bo", None, ""),
    ]
    assert (call.stage, call.agent) == ("ringing", "bo")


def test_an_offer_that_still_waits_for_the_screen_is_left_alone():
    leg = AgentLeg(call_id=ID, agent="anna", state="offered")
    before = after(*DIALOGUE, of(OfferMade, 900, offer_id="1", agent="anna"))
    assert step(before, Resynced(at_ms=5000, living=(ID,), legs=(leg,)), 5000) == (before, ())


def test_an_offer_made_after_the_list_was_asked_for_is_left_alone():
    before = after(*DIALOGUE, of(OfferMade, 900, offer_id="1", agent="anna"))
    assert step(before, Resynced(at_ms=850, living=(ID,)), 901) == (before, ())
