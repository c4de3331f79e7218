"""Calls and agents together: what an event makes of both."""

import pytest
from call_events import CASE

from cti.agents import MemberSeen, WishAnswered
from cti.effects import ForgetLater, Publish, Report, Save, TellQueue, WakeAfterWrapup
from cti.owner import Forget, Owner
from domain.agents import AgentsSnapshot, AgentState, PresenceChanged, PresenceRequested, SnapshotWanted
from domain.calls import Call, CallAnswered, CallEnded, CallsSnapshot, QueueJoined, Resynced
from domain.case_events import CaseChanged, CaseNoted
from domain.dialogue import StatementHeard
from domain.offers import AgentConnected, OfferMade, OfferShown
from tests.case_work import SUMMARY, told

ANSWERED = CallAnswered(call_id="1.1", at_ms=1)
HEARD = StatementHeard(call_id="1.1", at_ms=5, text="x", confidence=1)
REGISTERED = told("1.1", 5)


def talking(owner, call_id, agent="anna", at_ms=1):
    """This agent takes this call."""
    for kind in (QueueJoined, AgentConnected):
        fields = {"queue": "support", "position": 1} if kind is QueueJoined else {"agent": agent}
        effects = owner.fold(kind(call_id=call_id, at_ms=at_ms, **fields))
    return effects


def ends(owner, call_id):
    return owner.fold(CallEnded(call_id=call_id, at_ms=9, cause=""))


@pytest.fixture
def owner():
    """Anna is ready."""
    owner = Owner((), lambda: 100)
    owner.fold(MemberSeen(AgentState(username="anna", presence="ready")))
    return owner


def kinds(effects):
    return [type(effect) for effect in effects]


def test_a_new_call_is_published_and_saved(owner):
    assert kinds(owner.fold(ANSWERED)) == [Publish, Save]
    assert [call.call_id for call in owner.calls()] == ["1.1"]


def test_the_queue_is_told_when_an_agent_talks_and_when_wrapup_begins(owner):
    assert TellQueue(owner.agents()[0], talking=True) in talking(owner, "1.1")
    effects = ends(owner, "1.1")
    assert WakeAfterWrapup("anna", 100) in effects
    assert ForgetLater("1.1") in effects


def test_of_two_calls_at_one_agent_the_first_to_end_is_no_wrapup(owner):
    talking(owner, "1.1")
    talking(owner, "2.2")
    assert owner.calls_of("anna") == {"1.1", "2.2"}
    effects = ends(owner, "1.1")
    assert WakeAfterWrapup not in kinds(effects)
    assert [effect.talking for effect in effects if isinstance(effect, TellQueue)] == [True]
    assert WakeAfterWrapup in kinds(ends(owner, "2.2"))


def test_another_nodes_list_ends_nothing_here(owner):
    owner.fold(ANSWERED)
    assert owner.fold(Resynced(at_ms=50, node="north", living=())) == []
    [call] = owner.calls()
    assert call.stage == "ivr"
    owner.fold(Resynced(at_ms=50, living=()))
    assert owner.calls()[0].outcome == "failed"


def test_an_agent_in_a_call_whom_nobody_knew_yet_is_not_free_when_they_ask():
    owner = Owner((), lambda: 100)
    talking(owner, "1.1")
    effects = owner.fold(PresenceRequested(at_ms=2, agent="anna", presence="ready"))
    assert [effect.talking for effect in effects] == [True]


def test_an_agent_is_learned_with_the_calls_that_have_them_by_then():
    owner = Owner((), lambda: 100)
    talking(owner, "1.1")
    owner.fold(MemberSeen(AgentState(username="anna", presence="ready")))
    assert WakeAfterWrapup in kinds(ends(owner, "1.1"))


def test_a_snapshot_has_all_calls_and_what_the_queue_has_agreed_to(owner):
    owner.fold(ANSWERED)
    owner.fold(PresenceRequested(at_ms=2, agent="anna", presence="break"))
    calls, agents = (effect.event for effect in owner.fold(SnapshotWanted(at_ms=3, request_id="page 7")))
    assert (type(calls), calls.request_id, calls.calls) == (CallsSnapshot, "page 7", owner.calls())
    assert (type(agents), agents.request_id) == (AgentsSnapshot, "page 7")
    assert [agent.presence for agent in agents.agents] == ["ready"]


def test_a_wish_is_stated_when_the_queue_has_agreed(owner):
    [told] = owner.fold(PresenceRequested(at_ms=2, agent="anna", presence="break"))
    [stated] = owner.fold(WishAnswered(told.agent))
    assert (type(stated.event), stated.event.agent.presence) == (PresenceChanged, "break")


class TestLateNews:
    @pytest.fixture
    def ended(self, owner):
        """A call that has ended and was forgotten, as the store has it."""
        owner.fold(ANSWERED)
        ends(owner, "1.1")
        [call] = owner.calls()
        owner.fold(Forget("1.1"))
        assert owner.calls() == ()
        return call

    def test_the_store_is_asked_for_calls_that_are_not_here(self, owner, ended):
        assert owner.has_forgotten(REGISTERED)
        assert owner.has_forgotten(told("of another life", 5))
        assert not owner.has_forgotten(CallAnswered(call_id="2.2", at_ms=9))
        assert not owner.has_forgotten(CallEnded(call_id="no caller's", at_ms=9, cause=""))

    def test_it_reaches_the_call_which_is_then_forgotten_again(self, owner, ended):
        changed, saved, forget = owner.fold_late([REGISTERED], ended)
        assert (changed.event.call.case_number, saved.call.stage, forget) == (
            CASE,
            "ended",
            ForgetLater("1.1"),
        )
        owner.fold(StatementHeard(call_id="1.1", at_ms=6, text="x", confidence=1))
        [call] = owner.calls()
        assert (call.case_number, call.transcript, call.outcome) == (CASE, "x", "abandoned_ivr")

    @pytest.mark.parametrize(
        "late",
        [
            ANSWERED,
            OfferMade(call_id="1.1", at_ms=9, offer_id="1", agent="anna"),
            OfferShown(call_id="1.1", at_ms=9, offer_id="1", agent="anna"),
            QueueJoined(call_id="1.1", at_ms=9, queue="support", position=1),
        ],
        ids=lambda event: type(event).__name__,
    )
    def test_an_event_that_was_long_on_its_way_does_not_bring_it_to_life(self, owner, ended, late):
        assert owner.has_forgotten(late)
        assert owner.fold_late([late], ended) == []
        assert kinds(owner.fold_late([late], None)) == [Report]
        assert owner.calls() == ()

    def test_of_a_call_nobody_knows_it_is_reported(self, owner):
        assert kinds(owner.fold_late([HEARD], None)) == [Report]

    def test_news_from_before_a_call_began_is_not_put_to_it(self, owner):
        assert owner.has_forgotten(HEARD)
        owner.fold(ANSWERED)
        assert kinds(owner.fold_late([HEARD], None)) == [Report]
        assert kinds(owner.fold_late([HEARD], owner.calls()[0])) == [Report]
        assert owner.calls()[0].transcript == ""


class TestTheCaseOfACall:
    """Its owner writes it down without asking whether the call is known here."""

    @pytest.fixture
    def owner(self):
        return Owner([], lambda: 100)

    def test_it_waits_for_a_call_that_has_not_begun(self, owner):
        assert owner.has_forgotten(REGISTERED)
        assert owner.fold_late([REGISTERED], None) == []
        owner.fold(ANSWERED)
        assert owner.calls()[0].case_number == CASE

    def test_it_reaches_a_call_that_has_begun_while_it_was_looked_for(self, owner):
        assert owner.has_forgotten(REGISTERED)
        owner.fold(ANSWERED)
        owner.fold_late([REGISTERED], None)
        assert owner.calls()[0].case_number == CASE

    def test_what_else_happens_to_cases_is_no_calls_business(self, owner):
        owner.fold(ANSWERED)
        noted = CaseNoted(case_number=CASE, version=2, actor="anna", call_id="1.1", at_ms=6, note_id="anna/1")
        for event in (noted, CaseChanged(at_ms=6, case=SUMMARY)):
            assert not owner.has_forgotten(event)
            assert owner.fold(event) == ()


def test_a_call_that_lives_is_not_begun_anew_by_its_own_start():
    lived = Call(call_id="1.1", stage="queued", marks={"answered": 1})
    owner = Owner([lived], lambda: 100)
    assert kinds(owner.fold(ANSWERED)) == [Report]
    assert owner.calls() == (lived,)
