"""What holds for every agent, in whatever order things happen."""

from agent_play import CALL, OTHER, wish
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.agent_events import (
    MemberSeen,
    PhoneChanged,
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
from cti.effects import Publish, TellQueue, WakeAfterWrapup
from cti.queue_actions import queue_actions
from domain.agents import AgentState, PresenceChanged

CALLS = st.sampled_from([CALL, OTHER])
KINDS = st.sampled_from(["browser", "phone"])
ANNA = st.just("anna")
STATES = st.builds(
    AgentState, username=ANNA, presence=st.sampled_from(["ready", "break", "wrapup"]), phone=KINDS
)
EVENTS = st.one_of(
    st.builds(
        wish,
        st.sampled_from(["ready", "ready", "break", "wrapup", "away", None]),
        phone=KINDS,
        reason=st.sampled_from(["", "lunch"]),
    ),
    st.builds(MemberSeen, STATES),
    st.builds(
        PhoneChanged,
        ANNA,
        KINDS,
        st.sampled_from(["unknown", "unavailable", "unavailable", "idle", "ringing", "in_use"]),
    ),
    st.builds(TalkStarted, ANNA, CALLS),
    st.builds(TalkEnded, ANNA, CALLS, st.sampled_from([0, 5])),
    st.builds(RingMissed, ANNA),
    st.builds(RingDeclined, ANNA),
    st.builds(QueueKnown),
    st.builds(Serves, ANNA, st.dictionaries(st.sampled_from(["it", "hr"]), st.integers(0, 3))),
    st.builds(Removed, ANNA),
)
# The answer to any wish that was ever told, and the ring of any timer that was ever set.
ANSWERS = st.tuples(st.integers(0, 40), st.sampled_from([None, None, "refused", "asterisk_down"]))
ANY_EVENT = st.one_of(EVENTS, ANSWERS, st.integers(0, 40))


class Played:
    """An agent, what is on its way from them and to them, and which calls have them in truth."""

    def __init__(self):
        self.agent, self.calls = None, set()
        self.told, self.timers, self.stated = [], [], None

    def take(self, event, now_ms):
        if isinstance(event, tuple):
            if not self.told:
                return
            event = WishAnswered(self.told[event[0] % len(self.told)].agent, event[1])
        elif isinstance(event, int):
            if not self.timers:
                return
            event = WrapupOver("anna", self.timers[event % len(self.timers)].since_ms)
        self.agent, effects = step(self.agent, event, now_ms)
        self.told += [effect for effect in effects if isinstance(effect, TellQueue)]
        self.timers += [effect for effect in effects if isinstance(effect, WakeAfterWrapup)]
        for effect in effects:
            if isinstance(effect, Publish) and isinstance(effect.event, PresenceChanged):
                self.stated = effect.event.agent
        self._count(event)

    def _count(self, event):
        if self.agent is None:
            # Whoever is an agent again after this begins anew.
            self.calls, self.stated, self.told, self.timers = set(), None, [], []
        elif isinstance(event, TalkStarted):
            self.calls.add(event.call_id)
        elif isinstance(event, TalkEnded):
            self.calls.discard(event.call_id)

    def settle(self, now_ms):
        """The queue agrees to the newest wish, and every timer rings."""
        for timer in tuple(self.timers):
            if self.agent:
                self.agent, effects = step(self.agent, WrapupOver("anna", timer.since_ms), now_ms)
                self.told += [effect for effect in effects if isinstance(effect, TellQueue)]
        if self.agent:
            self.agent, _ = step(self.agent, WishAnswered(self.agent.wanted), now_ms)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=40))
def test_no_order_of_events_makes_an_agent_what_they_are_not(events):
    played = Played()
    for now_ms, event in enumerate(events, 1):
        played.take(event, now_ms)
        agent = played.agent
        if agent is None:
            continue
        assert agent.calls == played.calls
        for state in (agent.wanted, agent.agreed):
            check(state)
        assert played.stated in (None, agent.agreed)  # what they are is what everybody was told
        assert agent.agreed.presence != "talking" or set(agent.agreed.calls) == played.calls
        assert not (played.calls and agent.has_chosen) or agent.agreed.presence == "talking"


def check(state):
    """What every state of an agent keeps to."""
    if state.presence == "ready":
        assert state.reachable
        assert state.calls == ()
    assert state.reachable == (state.phones[state.phone] != "unavailable")
    assert (state.presence == "talking") == bool(state.calls)
    assert state.next != state.presence
    assert state.wrapup_until_ms is None or (state.presence, state.next) == ("wrapup", "ready")
    assert state.away_because in ("", "missed", "declined", "unreachable")
    assert not state.away_because or state.presence == "away"


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=40))
def test_the_queue_never_gives_a_call_to_who_is_not_to_get_one(events):
    played = Played()
    for now_ms, event in enumerate(events, 1):
        played.take(event, now_ms)
    for told in played.told:
        actions = queue_actions(told, "support")
        free = [action for action in actions if action.get("Paused") == "false"]
        assert not free or told.agent.presence == "ready"
        assert {action["Queue"] for action in free} <= (told.queues or {"support": 0}).keys()
    if played.agent and played.told and played.agent.has_chosen:
        # Whatever happened, the newest that the queue was told is what is wanted.
        newest = queue_actions(played.told[-1], "support")
        wanted = TellQueue(played.agent.wanted, played.agent.queues, played.told[-1].left)
        assert queue_actions(wanted, "support") == newest


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=40))
def test_wrapup_ends_or_was_chosen_and_who_was_removed_is_gone(events):
    played = Played()
    for now_ms, event in enumerate(events, 1):
        played.take(event, now_ms)
    played.settle(100)
    agent = played.agent
    if agent is None or agent.calls:
        return
    assert not agent.is_removed
    assert agent.wanted.wrapup_until_ms is None
    assert agent.agreed == agent.wanted
    assert agent.wanted.presence != "wrapup" or agent.choice.presence == "wrapup"
