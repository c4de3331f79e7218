"""What agents want, what the queue is told, and when a presence becomes true."""

import pytest

from cti.asterisk.ami_events import AmiMessage
from cti.presence import actions, adopted, applied, requested, talk_ended, talk_started, wrapup_over
from domain.events import PresenceRequested


def wish(presence, phone="browser", reason="", agent="anna"):
    return PresenceRequested(at_ms=0, agent=agent, presence=presence, phone=phone, reason=reason)


def agreed(presence="ready", now_ms=100, **fields):
    """Anna, with Asterisk's agreement to this presence."""
    agent = requested(None, wish(presence, **fields), now_ms)
    return applied(agent, agent.wanted, "", now_ms)[0]


def told(agent):
    """The actions in short."""
    fields = ("Action", "Interface", "Paused", "Reason")
    return [
        " ".join(action[name] for name in fields if name in action) for action in actions(agent, "support")
    ]


def test_ready_is_a_member_at_this_phone_and_no_other():
    assert told(agreed("ready")) == [
        "QueueAdd PJSIP/anna-browser false",
        "QueuePause PJSIP/anna-browser false ",
        "QueueRemove PJSIP/anna-phone",
    ]
    join = actions(agreed("ready", phone="phone"), "support")[0]
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
    agent = requested(None, wish("ready"), 100)
    assert agent.agreed.presence == "away"
    agent, news = applied(agent, agent.wanted, "", 105)
    assert (agent.agreed, news) == (agent.wanted, agent.wanted)
    assert (news.presence, news.phone, news.since_ms, news.error) == ("ready", "browser", 100, "")


def test_asking_for_what_is_so_already_changes_nothing():
    agent = agreed("ready")
    again = requested(agent, wish("ready"), 900)
    assert again == agent
    assert applied(again, again.wanted, "", 901) == (agent, None)


def test_a_refused_wish_leaves_the_presence_as_it_was_and_says_so():
    agent = requested(agreed("ready"), wish("break", reason="lunch"), 500)
    agent, news = applied(agent, agent.wanted, "refused", 505)
    assert (agent.wanted.presence, agent.agreed.presence) == ("ready", "ready")
    assert (news.presence, news.since_ms, news.error) == ("ready", 100, "refused")


def test_a_wish_that_finds_no_asterisk_is_kept():
    agent = requested(None, wish("ready"), 500)
    agent, news = applied(agent, agent.wanted, "asterisk_down", 505)
    assert (agent.wanted.presence, news.presence, news.error) == ("ready", "away", "asterisk_down")


def test_the_refusal_of_an_overtaken_wish_does_not_undo_the_newer_one():
    first = requested(agreed("ready"), wish("break"), 500)
    second = requested(first, wish("away"), 501)
    agent, _ = applied(second, first.wanted, "refused", 505)
    assert agent.wanted.presence == "away"


def test_while_an_agent_talks_the_queue_is_paused_and_the_presence_is_not():
    agent = talk_started(agreed("ready"))
    assert agent.wanted.presence == "ready"
    assert told(agent)[1] == "QueuePause PJSIP/anna-browser true talking"


def test_after_a_call_wrapup_comes_and_goes_by_itself():
    agent = talk_ended(talk_started(agreed("ready")), 1000)
    assert (agent.wanted.presence, agent.wanted.since_ms, agent.talking) == ("wrapup", 1000, False)
    agent = wrapup_over(agent, 1000, 11_000)
    assert (agent.wanted.presence, agent.wanted.since_ms) == ("ready", 11_000)


@pytest.mark.parametrize("choice", ["ready", "break", "away", "wrapup"])
def test_what_the_agent_chose_during_wrapup_stays(choice):
    agent = talk_ended(talk_started(agreed("ready")), 1000)
    agent = requested(agent, wish(choice), 2000)
    assert wrapup_over(agent, 1000, 11_000).wanted.presence == choice


@pytest.mark.parametrize("choice", ["break", "away"])
def test_what_the_agent_chose_during_the_call_comes_instead_of_wrapup(choice):
    agent = requested(talk_started(agreed("ready")), wish(choice), 500)
    assert talk_ended(agent, 1000).wanted.presence == choice


def test_the_end_of_an_earlier_wrapup_does_not_end_a_later_one():
    agent = talk_ended(talk_started(agreed("ready")), 1000)
    agent = requested(agent, wish("ready"), 2000)
    agent = talk_ended(talk_started(agent), 3000)
    assert wrapup_over(agent, 1000, 11_000).wanted.presence == "wrapup"


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
    found = adopted(member, 100).agreed
    assert (found.agent, found.presence, found.reason, found.phone) == ("anna", presence, reason, "phone")


def test_a_member_that_is_no_agents_phone_is_left_alone():
    assert adopted(AmiMessage({"Event": "QueueMember", "Location": "Local/1@x"}, 5), 100) is None
