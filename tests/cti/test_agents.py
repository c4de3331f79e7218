"""What agents want, what Asterisk says of them, and what everybody is told."""

import pytest
from agent_play import CALL, OTHER, after, agreed, granted, news, phone, play, talking, told, wish

from cti.agent_events import (
    MemberSeen,
    QueueKnown,
    Removed,
    RingDeclined,
    RingMissed,
    Serves,
    TalkEnded,
    TalkStarted,
    WishAnswered,
    WrapupOver,
)
from cti.agents import step
from cti.asterisk.ami_events import AmiMessage, member_state
from cti.effects import TellQueue, WakeAfterWrapup
from domain.agents import AgentState, PresenceRefused

MISSED, DECLINED = RingMissed("anna"), RingDeclined("anna")


def ended(call_id=CALL, **fields):
    return TalkEnded("anna", call_id, **fields)


def test_a_wish_becomes_true_when_asterisk_agrees():
    agent, effects = step(None, wish("ready"), 100)
    assert effects == (TellQueue(agent.wanted),)
    assert agent.agreed.presence == "away"
    agent, effects = step(agent, WishAnswered(agent.wanted), 105)
    [changed] = news(effects)
    assert (agent.agreed, changed.agent) == (agent.wanted, agent.wanted)
    assert (changed.agent.presence, changed.agent.phone, changed.agent.since_ms) == ("ready", "browser", 100)


def test_a_desk_phone_can_be_chosen_by_an_agent_nobody_has_seen():
    agent, effects = play(None, (wish("away", phone="phone"), 100))
    _, effects = step(agent, WishAnswered(agent.wanted), 105)
    assert [(e.agent.presence, e.agent.phone) for e in news(effects)] == [("away", "phone")]


def test_asking_for_what_is_so_already_changes_nothing_and_is_told_to_the_queue():
    agent = agreed("ready")
    again, effects = step(agent, wish("ready"), 900)
    assert (again, effects) == (agent, (TellQueue(agent.wanted),))
    assert step(again, WishAnswered(again.wanted), 901) == (agent, ())


def test_another_phone_alone_leaves_the_presence_as_it_is():
    agent = granted(after(agreed("break", reason="lunch"), (wish(None, phone="phone"), 500)))
    assert (agent.agreed.presence, agent.agreed.reason, agent.agreed.phone) == ("break", "lunch", "phone")
    in_wrapup = after(talking(agreed("ready")), (ended(), 1000), (wish(None, phone="phone"), 1500))
    assert (in_wrapup.wanted.wrapup_until_ms, in_wrapup.wanted.phone) == (11_000, "phone")


def test_a_refused_wish_leaves_the_presence_as_it_was_and_says_so():
    agent = after(agreed("ready"), (wish("break", reason="lunch"), 500))
    agent, effects = step(agent, WishAnswered(agent.wanted, "refused"), 505)
    assert (agent.wanted.presence, agent.agreed.presence, agent.agreed.since_ms) == ("ready", "ready", 100)
    [refused] = news(effects)
    assert (type(refused), refused.agent, refused.why) == (PresenceRefused, "anna", "refused")


def test_a_wish_that_finds_no_asterisk_is_kept_and_told_when_it_is_back():
    agent = after(None, (wish("ready"), 500))
    agent, effects = step(agent, WishAnswered(agent.wanted, "asterisk_down"), 505)
    assert (agent.wanted.presence, agent.agreed.presence) == ("ready", "away")
    assert [event.why for event in news(effects)] == ["asterisk_down"]
    assert step(agent, QueueKnown(), 900) == (agent, (TellQueue(agent.wanted),))


def test_the_refusal_of_an_overtaken_wish_does_not_undo_the_newer_one():
    first = after(agreed("ready"), (wish("break"), 500))
    second = after(first, (wish("away"), 501))
    agent = after(second, (WishAnswered(first.wanted, "refused"), 505))
    assert agent.wanted.presence == "away"


class TestPhones:
    def test_who_wants_calls_at_a_phone_that_is_not_there_is_not_ready_and_it_says_why(self):
        agent = after(None, (phone("unavailable"), 50), (wish("ready"), 100))
        state = agent.agreed  # at once: Asterisk has said so already
        assert (state.presence, state.away_because, state.next) == ("away", "unreachable", "ready")
        assert (state.reachable, state.phones) == (False, {"browser": "unavailable", "phone": "unknown"})

    def test_they_are_ready_when_it_registers(self):
        agent = after(None, (phone("unavailable"), 50), (wish("ready"), 100))
        agent, effects = step(agent, phone("idle"), 200)
        assert [effect.agent.presence for effect in told(effects)] == ["ready"]
        state = granted(agent).agreed
        assert (state.presence, state.since_ms, state.away_because, state.next) == ("ready", 200, "", None)

    def test_when_it_goes_they_are_out_at_once(self):
        agent, effects = step(agreed("ready"), phone("unavailable"), 300)
        assert [event.agent.away_because for event in news(effects)] == ["unreachable"]
        assert (agent.agreed.presence, agent.agreed.since_ms) == ("away", 300)
        assert told(effects) == [TellQueue(agent.wanted)]

    def test_the_other_phone_does_not_matter(self):
        agent, effects = step(agreed("ready"), phone("unavailable", "phone"), 300)
        assert (agent.agreed.presence, told(effects)) == ("ready", [])
        assert [event.agent.phones["phone"] for event in news(effects)] == ["unavailable"]

    def test_of_a_phone_that_rings_and_talks_the_queue_is_told_nothing(self):
        agent, effects = play(agreed("ready"), (phone("ringing"), 300), (phone("in_use"), 310))
        assert (agent.agreed.presence, told(effects)) == ("ready", [])

    def test_an_old_phone_that_goes_while_the_queue_is_asked_for_another_is_no_longer_ready(self):
        moving = after(agreed("ready"), (wish("ready", phone="phone"), 400))
        assert after(moving, (phone("unavailable"), 401)).agreed.away_because == "unreachable"


class TestCalls:
    def test_while_an_agent_talks_they_are_talking(self):
        agent, effects = step(agreed("ready"), TalkStarted("anna", CALL), 500)
        state = agent.agreed
        assert (state.presence, state.calls, state.next, state.since_ms) == ("talking", (CALL,), "ready", 500)
        assert [event.agent for event in news(effects)] == [state]

    def test_after_a_call_wrapup_comes_and_goes_by_itself(self):
        agent, effects = step(talking(agreed("ready")), ended(), 1000)
        state = agent.agreed
        assert (state.presence, state.since_ms, state.calls) == ("wrapup", 1000, ())
        assert (state.wrapup_until_ms, state.next) == (11_000, "ready")
        assert WakeAfterWrapup("anna", 1000, 10.0) in effects
        agent = granted(after(agent, (WrapupOver("anna", 1000), 11_000)))
        assert (agent.agreed.presence, agent.agreed.since_ms) == ("ready", 11_000)

    def test_wrapup_is_as_long_as_the_desk_says(self):
        agent, effects = step(talking(agreed("ready")), ended(wrapup_ms=30_000), 1000)
        assert agent.agreed.wrapup_until_ms == 31_000
        assert WakeAfterWrapup("anna", 1000, 30.0) in effects
        assert after(talking(agreed("ready")), (ended(wrapup_ms=0), 1000)).wanted.presence == "ready"

    def test_of_two_calls_the_first_to_end_is_no_wrapup(self):
        agent, effects = step(talking(agreed("ready"), CALL, OTHER), ended(CALL), 1000)
        assert (agent.agreed.presence, agent.agreed.calls) == ("talking", (OTHER,))
        assert not [effect for effect in effects if isinstance(effect, WakeAfterWrapup)]
        assert after(agent, (ended(OTHER), 2000)).wanted.presence == "wrapup"

    def test_the_end_of_a_call_that_was_not_the_agents_is_nothing(self):
        agent = agreed("ready")
        assert step(agent, ended(), 1000) == (agent, ())

    @pytest.mark.parametrize("choice", ["ready", "break", "away", "wrapup"])
    def test_what_the_agent_chose_during_wrapup_stays(self, choice):
        agent = after(talking(agreed("ready")), (ended(), 1000), (wish(choice), 2000))
        agent = after(agent, (WrapupOver("anna", 1000), 11_000))
        assert (agent.wanted.presence, agent.wanted.wrapup_until_ms) == (choice, None)

    @pytest.mark.parametrize("choice", ["break", "away", "wrapup"])
    def test_what_the_agent_chose_during_the_call_is_shown_as_next_and_comes_then(self, choice):
        agent = granted(after(talking(agreed("ready")), (wish(choice, reason="lunch"), 500)))
        assert (agent.agreed.presence, agent.agreed.next) == ("talking", choice)
        assert agent.agreed.next_reason == ("lunch" if choice == "break" else "")
        agent = after(agent, (ended(), 1000))
        assert (agent.agreed.presence, agent.agreed.wrapup_until_ms) == (choice, None)

    def test_the_end_of_an_earlier_wrapup_does_not_end_a_later_one(self):
        agent = after(talking(agreed("ready")), (ended(), 1000), (wish("ready"), 2000))
        agent = after(talking(agent, OTHER), (ended(OTHER), 3000))
        assert after(agent, (WrapupOver("anna", 1000), 11_000)).wanted.presence == "wrapup"


class TestMisses:
    def test_the_first_missed_call_takes_an_agent_out_and_one_wish_brings_them_back(self):
        agent = granted(after(agreed("ready"), (MISSED, 500)))
        state = agent.agreed
        assert (state.presence, state.away_because, state.misses) == ("away", "missed", 1)
        state = granted(after(agent, (wish("ready"), 600))).agreed
        assert (state.presence, state.away_because, state.misses) == ("ready", "", 0)

    def test_the_second_refusal_in_a_row_does_too(self):
        once = after(agreed("ready"), (DECLINED, 500))
        assert (once.agreed.presence, once.agreed.refusals) == ("ready", 1)
        twice = granted(after(once, (DECLINED, 600)))
        assert (twice.agreed.presence, twice.agreed.away_because) == ("away", "declined")

    def test_an_answered_call_in_between_makes_them_none_in_a_row(self):
        agent = talking(after(agreed("ready"), (DECLINED, 400)))
        agent = granted(after(agent, (ended(wrapup_ms=0), 900), (DECLINED, 1000)))
        assert (agent.agreed.presence, agent.agreed.refusals) == ("ready", 1)

    def test_a_break_that_was_chosen_while_it_rang_stays_a_break(self):
        agent = after(agreed("ready"), (wish("break", reason="lunch"), 400), (MISSED, 500))
        assert (agent.wanted.presence, agent.wanted.reason) == ("break", "lunch")


class TestMembersSeen:
    @pytest.mark.parametrize(
        ("paused", "paused_reason", "presence", "reason"),
        [
            ("0", "", "ready", ""),
            ("1", "unreachable", "ready", ""),
            ("1", "wrapup", "wrapup", ""),
            ("1", "lunch", "break", "lunch"),
            ("1", "", "break", ""),
        ],
    )
    def test_a_member_that_asterisk_already_has_is_an_agent(self, paused, paused_reason, presence, reason):
        fields = {"Location": "PJSIP/anna-phone", "Paused": paused, "PausedReason": paused_reason}
        member = AmiMessage({"Event": "QueueMember", **fields}, 5)
        agent, effects = step(None, MemberSeen(member_state(member)), 100)
        found = agent.agreed
        expected = ("anna", presence, reason, "phone")
        assert (found.username, found.presence, found.reason, found.phone) == expected
        assert [event.agent for event in news(effects)] == [found]

    def test_one_in_a_call_is_talking(self):
        member = AgentState(username="anna", presence="ready")
        agent = after(None, (MemberSeen(member, frozenset({CALL})), 100))
        assert (agent.agreed.presence, agent.agreed.calls, agent.agreed.next) == ("talking", (CALL,), "ready")

    def test_a_wrapup_that_was_under_way_before_our_start_ends_by_itself(self):
        seen = MemberSeen(AgentState(username="anna", presence="wrapup"))
        agent, effects = step(None, seen, 100)
        assert WakeAfterWrapup("anna", 100, 10.0) in effects
        assert after(agent, (WrapupOver("anna", 100), 900)).wanted.presence == "ready"

    def test_a_member_whom_we_know_changes_nothing(self):
        agent = agreed("break")
        seen = MemberSeen(AgentState(username="anna", presence="ready"))
        assert step(agent, seen, 900) == (agent, ())

    def test_a_member_whose_phone_alone_was_known_is_learned(self):
        seen = MemberSeen(AgentState(username="anna", presence="ready"))
        assert after(None, (phone("idle"), 1), (seen, 2)).agreed.presence == "ready"

    def test_a_member_that_is_no_agents_phone_is_left_alone(self):
        assert member_state(AmiMessage({"Event": "QueueMember", "Location": "Local/1@x"}, 5)) is None


class TestRemoval:
    def test_who_is_removed_leaves_the_queue_and_is_gone(self):
        agent, effects = step(agreed("ready"), Removed("anna"), 500)
        assert [effect.agent.presence for effect in told(effects)] == ["away"]
        agent, effects = step(agent, WishAnswered(agent.wanted), 505)
        assert (agent, [event.agent.presence for event in news(effects)]) == (None, ["away"])

    def test_who_talks_keeps_the_call_and_is_gone_after_it(self):
        agent = after(talking(agreed("ready")), (Removed("anna"), 600), (wish("ready"), 650))
        agent = granted(agent)
        assert (agent.agreed.presence, agent.agreed.calls, agent.agreed.next) == ("talking", (CALL,), "away")
        agent, effects = step(agent, ended(), 1000)
        assert agent.agreed.presence == "away"
        assert told(effects) != []  # nobody but the queue's answer lets them go
        assert granted(agent) is None


@pytest.mark.parametrize(
    "event",
    [
        WishAnswered(AgentState(username="anna")),
        TalkStarted("anna", CALL),
        ended(),
        WrapupOver("anna", 1),
        QueueKnown(),
        MISSED,
        Removed("anna"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_agent_nobody_has_heard_of_stays_unknown(event):
    assert step(None, event, 1) == (None, ())


def test_an_agent_of_whom_only_the_queues_are_known_is_told_to_nobody():
    agent, effects = play(None, (Serves("anna", {"hr": 1}), 5), (QueueKnown(), 6))
    assert (effects, agent.agreed.since_ms) == ([], 0)
    _, effects = step(agent, wish("ready"), 9)
    assert [effect.queues for effect in told(effects)] == [{"hr": 1}]
