"""Calls and agents together: what an event makes of both."""

import pytest
from call_events import CASE

from cti.agent_events import MemberSeen, PhoneChanged, PhonesListed, Serves, WishAnswered
from cti.asterisk.ami_events import DECLINED
from cti.effects import ForgetLater, Publish, Report, Save, TellQueue, WakeAfterWrapup
from cti.owner import Forget, Owner
from domain.agents import (
    AgentsSnapshot,
    AgentState,
    PresenceChanged,
    PresenceRequested,
    SnapshotWanted,
    StaffChanged,
)
from domain.calls import Call, CallAnswered, CallEnded, CallsSnapshot, QueueJoined, Resynced
from domain.cases import CaseRegistered
from domain.dialogue import StatementHeard
from domain.offers import AgentConnected, OfferMade, OfferShown, RingEnded, RingStarted

ANSWERED = CallAnswered(call_id="1.1", at_ms=1)
REGISTERED = CaseRegistered(call_id="1.1", at_ms=5, case=CASE)


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
    effects = talking(owner, "1.1")
    assert TellQueue(owner.agents()[0]) in effects
    assert owner.agents()[0].presence == "talking"
    effects = ends(owner, "1.1")
    assert WakeAfterWrapup("anna", 100, 10.0) in effects
    assert ForgetLater("1.1") in effects


def test_of_two_calls_at_one_agent_the_first_to_end_is_no_wrapup(owner):
    talking(owner, "1.1")
    talking(owner, "2.2")
    assert owner.calls_of("anna") == {"1.1", "2.2"}
    effects = ends(owner, "1.1")
    assert WakeAfterWrapup not in kinds(effects)
    assert (owner.agents()[0].presence, owner.agents()[0].calls) == ("talking", ("2.2",))
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
    told = [effect.agent for effect in effects if isinstance(effect, TellQueue)]
    assert [(agent.presence, agent.next) for agent in told] == [("talking", "ready")]


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


class TestRings:
    """What becomes of a ring is counted at the agent only while the caller is still there."""

    def rings(self, owner, call_id="1.1"):
        owner.fold(QueueJoined(call_id=call_id, at_ms=1, queue="support", position=1))
        owner.fold(RingStarted(call_id=call_id, at_ms=2, agent="anna"))

    def stops(self, owner, *reasons, call_id="1.1"):
        for reason in reasons:
            owner.fold(RingEnded(call_id=call_id, at_ms=3, agent="anna", reason=reason))

    def test_one_that_lasted_too_long_was_missed(self, owner):
        self.rings(owner)
        effects = owner.fold(RingEnded(call_id="1.1", at_ms=3, agent="anna", reason="NOANSWER"))
        [told] = [effect.agent for effect in effects if isinstance(effect, TellQueue)]
        assert (told.presence, told.away_because, told.misses) == ("away", "missed", 1)
        # Asterisk says it more than once.
        self.stops(owner, DECLINED, "CANCEL")
        assert (owner.agents()[0].misses, owner.agents()[0].refusals) == (1, 0)

    def test_one_that_the_phone_ended_was_declined(self, owner):
        self.rings(owner)
        self.stops(owner, DECLINED, "NOANSWER", "User busy")
        assert (owner.agents()[0].misses, owner.agents()[0].refusals) == (0, 1)

    @pytest.mark.parametrize("reason", ["CANCEL", "lost", "Unknown"])
    def test_one_that_the_caller_ended_is_nobodys_fault(self, owner, reason):
        self.rings(owner)
        self.stops(owner, reason)
        ends(owner, "1.1")
        assert (owner.agents()[0].misses, owner.agents()[0].refusals) == (0, 0)


class TestStaff:
    def test_whoever_is_no_agent_any_more_leaves_the_queue_and_the_snapshot(self, owner):
        effects = owner.fold(StaffChanged(at_ms=1, agents=("bo",)))
        [told] = [effect.agent for effect in effects if isinstance(effect, TellQueue)]
        owner.fold(WishAnswered(told))
        assert owner.agents() == ()

    def test_a_phone_of_somebody_who_is_no_agent_makes_nobody_one(self, owner):
        owner.fold(StaffChanged(at_ms=1, agents=("anna",)))
        effects = owner.fold(PhoneChanged("eve", "phone", "idle"))
        owner.fold(WishAnswered(next(effect.agent for effect in effects if isinstance(effect, TellQueue))))
        assert [agent.username for agent in owner.agents()] == ["anna"]

    def test_a_telephone_that_is_not_listed_is_not_there(self, owner):
        owner.fold(PhonesListed(frozenset({("anna", "phone")})))
        [anna] = owner.agents()
        assert (anna.away_because, anna.phones["browser"]) == ("unreachable", "unavailable")
        owner.fold(PresenceRequested(at_ms=2, agent="bo", presence="ready"))
        assert owner.agents()[1].away_because == "unreachable"

    def test_the_queues_of_an_agent_are_told_with_their_next_wish(self, owner):
        owner.fold(Serves("bo", {"hr": 3}))
        [told] = owner.fold(PresenceRequested(at_ms=2, agent="bo", presence="ready"))
        assert told.queues == {"hr": 3}


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
        assert owner.has_forgotten(CaseRegistered(call_id="of another life", at_ms=5, case=CASE))
        assert not owner.has_forgotten(CallAnswered(call_id="2.2", at_ms=9))
        assert not owner.has_forgotten(CallEnded(call_id="no caller's", at_ms=9, cause=""))

    def test_it_reaches_the_call_which_is_then_forgotten_again(self, owner, ended):
        changed, saved, forget = owner.fold_late([REGISTERED], ended)
        assert (changed.event.call.case, saved.call.stage, forget) == (CASE, "ended", ForgetLater("1.1"))
        owner.fold(StatementHeard(call_id="1.1", at_ms=6, text="x", confidence=1))
        [call] = owner.calls()
        assert (call.case, call.transcript, call.outcome) == (CASE, "x", "abandoned_ivr")

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
        assert kinds(owner.fold_late([REGISTERED], None)) == [Report]

    def test_news_from_before_a_call_began_is_not_put_to_it(self, owner):
        assert owner.has_forgotten(REGISTERED)
        owner.fold(ANSWERED)
        assert kinds(owner.fold_late([REGISTERED], None)) == [Report]
        assert kinds(owner.fold_late([REGISTERED], owner.calls()[0])) == [Report]
        assert owner.calls()[0].case is None


def test_a_call_that_lives_is_not_begun_anew_by_its_own_start():
    lived = Call(call_id="1.1", stage="queued", marks={"answered": 1})
    owner = Owner([lived], lambda: 100)
    assert kinds(owner.fold(ANSWERED)) == [Report]
    assert owner.calls() == (lived,)
