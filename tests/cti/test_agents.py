"""What agents want, what the queue is told, and when a presence becomes true."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.agents import (
    MemberSeen,
    QueueKnown,
    TalkEnded,
    TalkStarted,
    WishAnswered,
    WrapupOver,
    queue_actions,
    step,
)
from cti.asterisk.ami_events import AmiMessage, member_state
from cti.effects import Publish, TellQueue, WakeAfterWrapup
from domain.agents import AgentState, PresenceChanged, PresenceRefused, PresenceRequested

CALL, OTHER = "1.1", "2.2"


def wish(presence, phone="browser", reason="", agent="anna"):
    return PresenceRequested(at_ms=0, agent=agent, presence=presence, phone=phone, reason=reason)


def agreed(presence="ready", now_ms=100, **fields):
    """Anna, with Asterisk's agreement to this presence."""
    agent, _ = step(None, wish(presence, **fields), now_ms)
    return step(agent, WishAnswered(agent.wanted), now_ms)[0]


def play(agent, *events):
    """The agent after these (event, now_ms), and every effect on the way."""
    effects = []
    for event, now_ms in events:
        agent, some = step(agent, event, now_ms)
        effects += some
    return agent, effects


def after(agent, *events):
    return play(agent, *events)[0]


def news(effects):
    """What everybody is told."""
    return [effect.event for effect in effects if isinstance(effect, Publish)]


def talking(agent, *calls, at_ms=500):
    return after(agent, *((TalkStarted("anna", call_id), at_ms) for call_id in calls or (CALL,)))


def told(agent):
    """What the queue is told of the agent, in short."""
    fields = ("Action", "Interface", "Paused", "Reason")
    actions = queue_actions(TellQueue(agent.wanted, bool(agent.calls)), "support")
    return [" ".join(action[name] for name in fields if name in action) for action in actions]


def test_ready_is_a_member_at_this_phone_and_no_other():
    assert told(agreed("ready")) == [
        "QueueAdd PJSIP/anna-browser false",
        "QueuePause PJSIP/anna-browser false ",
        "QueueRemove PJSIP/anna-phone",
    ]
    join = queue_actions(TellQueue(agreed("ready", phone="phone").wanted, False), "support")[0]
    assert join == {
        "Action": "QueueAdd", "Queue": "support", "Interface": "PJSIP/anna-phone", "MemberName": "anna",
        "Paused": "false",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("presence", "reason", "shown"),
    [("break", "lunch", "lunch"), ("wrapup", "", "wrapup"), ("break", "", "")],
)
def test_a_break_and_wrapup_are_pauses_with_their_reason(presence, reason, shown):
    assert told(agreed(presence, reason=reason))[:2] == [
        "QueueAdd PJSIP/anna-browser true",
        f"QueuePause PJSIP/anna-browser true {shown}",
    ]


def test_away_leaves_the_queue_at_both_phones():
    assert told(agreed("away")) == ["QueueRemove PJSIP/anna-phone", "QueueRemove PJSIP/anna-browser"]


def test_a_wish_becomes_true_when_asterisk_agrees():
    agent, effects = step(None, wish("ready"), 100)
    assert effects == (TellQueue(agent.wanted, talking=False),)
    assert agent.agreed.presence == "away"
    agent, effects = step(agent, WishAnswered(agent.wanted), 105)
    [changed] = news(effects)
    assert (agent.agreed, changed.agent) == (agent.wanted, agent.wanted)
    assert (changed.agent.presence, changed.agent.phone, changed.agent.since_ms) == ("ready", "browser", 100)


def test_asking_for_what_is_so_already_changes_nothing_and_is_told_to_the_queue():
    agent = agreed("ready")
    again, effects = step(agent, wish("ready"), 900)
    assert (again, effects) == (agent, (TellQueue(agent.wanted, talking=False),))
    assert step(again, WishAnswered(again.wanted), 901) == (agent, ())


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
    assert step(agent, QueueKnown(), 900) == (agent, (TellQueue(agent.wanted, talking=False),))


def test_the_refusal_of_an_overtaken_wish_does_not_undo_the_newer_one():
    first = after(agreed("ready"), (wish("break"), 500))
    second = after(first, (wish("away"), 501))
    agent = after(second, (WishAnswered(first.wanted, "refused"), 505))
    assert agent.wanted.presence == "away"


def test_while_an_agent_talks_the_queue_is_paused_and_the_presence_is_not():
    agent = talking(agreed("ready"))
    assert agent.wanted.presence == "ready"
    assert told(agent)[1] == "QueuePause PJSIP/anna-browser true talking"


def test_after_a_call_wrapup_comes_and_goes_by_itself():
    agent, effects = step(talking(agreed("ready")), TalkEnded("anna", CALL), 1000)
    assert (agent.wanted.presence, agent.wanted.since_ms, agent.calls) == ("wrapup", 1000, frozenset())
    assert WakeAfterWrapup("anna", 1000) in effects
    agent = after(agent, (WrapupOver("anna", 1000), 11_000))
    assert (agent.wanted.presence, agent.wanted.since_ms) == ("ready", 11_000)


def test_of_two_calls_the_first_to_end_is_no_wrapup():
    agent, effects = step(talking(agreed("ready"), CALL, OTHER), TalkEnded("anna", CALL), 1000)
    assert agent.wanted.presence == "ready"
    assert not [effect for effect in effects if isinstance(effect, WakeAfterWrapup)]
    assert told(agent)[1] == "QueuePause PJSIP/anna-browser true talking"
    assert after(agent, (TalkEnded("anna", OTHER), 2000)).wanted.presence == "wrapup"


def test_the_end_of_a_call_that_was_not_the_agents_is_nothing():
    agent = agreed("ready")
    assert step(agent, TalkEnded("anna", CALL), 1000) == (agent, ())


@pytest.mark.parametrize("choice", ["ready", "break", "away", "wrapup"])
def test_what_the_agent_chose_during_wrapup_stays(choice):
    agent = after(talking(agreed("ready")), (TalkEnded("anna", CALL), 1000), (wish(choice), 2000))
    assert after(agent, (WrapupOver("anna", 1000), 11_000)).wanted.presence == choice


@pytest.mark.parametrize("choice", ["break", "away"])
def test_what_the_agent_chose_during_the_call_comes_instead_of_wrapup(choice):
    agent = after(talking(agreed("ready")), (wish(choice), 500), (TalkEnded("anna", CALL), 1000))
    assert agent.wanted.presence == choice


def test_the_end_of_an_earlier_wrapup_does_not_end_a_later_one():
    agent = after(talking(agreed("ready")), (TalkEnded("anna", CALL), 1000), (wish("ready"), 2000))
    agent = after(talking(agent, OTHER), (TalkEnded("anna", OTHER), 3000))
    assert after(agent, (WrapupOver("anna", 1000), 11_000)).wanted.presence == "wrapup"


@pytest.mark.parametrize(
    ("paused", "paused_reason", "presence", "reason"),
    [
        ("0", "", "ready", ""),
        ("1", "talking", "ready", ""),
        ("1", "wrapup", "wrapup", ""),
        ("1", "lunch", "break", "lunch"),
        ("1", "", "break", ""),
    ],
)
def test_a_member_that_asterisk_already_has_is_an_agent(paused, paused_reason, presence, reason):
    member = AmiMessage(
        {
            "Event": "QueueMember",
            "Location": "PJSIP/anna-phone",
            "Paused": paused,
            "PausedReason": paused_reason,
        },
        5,
    )
    agent, effects = step(None, MemberSeen(member_state(member), frozenset({CALL})), 100)
    found = agent.agreed
    assert (found.username, found.presence, found.reason, found.phone) == ("anna", presence, reason, "phone")
    assert ([event.agent for event in news(effects)], agent.calls) == ([found], {CALL})


def test_a_wrapup_that_was_under_way_before_our_start_ends_by_itself():
    seen = MemberSeen(AgentState(username="anna", presence="wrapup"))
    agent, effects = step(None, seen, 100)
    assert WakeAfterWrapup("anna", 100) in effects
    assert after(agent, (WrapupOver("anna", 100), 900)).wanted.presence == "ready"


def test_a_member_whom_we_know_changes_nothing():
    agent = agreed("break")
    assert step(agent, MemberSeen(AgentState(username="anna", presence="ready")), 900) == (agent, ())


def test_a_member_that_is_no_agents_phone_is_left_alone():
    assert member_state(AmiMessage({"Event": "QueueMember", "Location": "Local/1@x"}, 5)) is None


@pytest.mark.parametrize(
    "event",
    [
        WishAnswered(AgentState(username="anna")),
        TalkStarted("anna", CALL),
        TalkEnded("anna", CALL),
        WrapupOver("anna", 1),
        QueueKnown(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_agent_nobody_has_heard_of_stays_unknown(event):
    assert step(None, event, 1) == (None, ())


CALLS = st.sampled_from([CALL, OTHER])
STATES = st.builds(
    AgentState,
    username=st.just("anna"),
    presence=st.sampled_from(["ready", "break", "wrapup", "away"]),
    phone=st.sampled_from(["browser", "phone"]),
    since_ms=st.integers(0, 30),
)
ANY_EVENT = st.one_of(
    st.builds(
        wish,
        st.sampled_from(["ready", "break", "wrapup", "away"]),
        phone=st.sampled_from(["browser", "phone"]),
        reason=st.sampled_from(["", "lunch"]),
    ),
    st.builds(MemberSeen, STATES, st.frozensets(CALLS)),
    st.builds(TalkStarted, st.just("anna"), CALLS),
    st.builds(TalkEnded, st.just("anna"), CALLS),
    st.builds(WrapupOver, st.just("anna"), st.integers(0, 30)),
    st.builds(QueueKnown),
    st.tuples(st.integers(0, 30), st.sampled_from([None, "refused", "asterisk_down"])),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=30))
def test_no_order_of_events_breaks_an_agent(events):
    agent, wishes, stated = None, [], None
    for now_ms, given_event in enumerate(events):
        event = given_event
        if isinstance(event, tuple):  # the answer to any wish that was ever told
            if not wishes:
                continue
            event = WishAnswered(wishes[event[0] % len(wishes)], event[1])
        before, (agent, effects) = agent, step(agent, event, now_ms)
        wishes += [effect.agent for effect in effects if isinstance(effect, TellQueue)]
        for changed in [effect.event for effect in effects if isinstance(effect, Publish)]:
            if isinstance(changed, PresenceChanged):
                stated = changed.agent
                assert isinstance(event, MemberSeen) or (event.wish == stated and event.refusal is None)
        check(before, agent, effects, stated)


def check(before, agent, effects, stated):
    """What holds for every agent, whatever happened."""
    if agent is None:
        assert before is None
        assert effects == ()
        return
    if stated is not None:  # what everybody was told is what the queue has agreed to
        assert (agent.agreed.presence, agent.agreed.reason, agent.agreed.phone) == (
            stated.presence,
            stated.reason,
            stated.phone,
        )
    for effect in effects:
        if isinstance(effect, TellQueue):
            assert (effect.agent, effect.talking) == (agent.wanted, bool(agent.calls))
            paused = [action["Paused"] for action in queue_actions(effect, "q") if "Paused" in action]
            is_free = agent.wanted.presence == "ready" and not agent.calls
            assert set(paused) <= {"false" if is_free else "true"}
        if isinstance(effect, WakeAfterWrapup):
            assert (agent.wanted.presence, agent.wanted.since_ms) == ("wrapup", effect.since_ms)
