"""What Asterisk's queues are told of an agent."""

import pytest
from agent_play import after, agreed, granted, phone, talking, wish

from cti.agent_events import Serves
from cti.effects import TellQueue
from cti.queue_actions import queue_actions


def told(agent, queue="support"):
    """What the queue is told of the agent, in short."""
    fields = ("Action", "Interface", "Paused", "Reason")
    actions = queue_actions(TellQueue(agent.wanted, agent.queues, agent.left), queue)
    return [" ".join(action[name] for name in fields if name in action) for action in actions]


def of_queues(agent):
    """What which queue is told, in short."""
    actions = queue_actions(TellQueue(agent.wanted, agent.queues, agent.left), "support")
    fields = ("Action", "Queue", "Interface", "Penalty")
    return [" ".join(action[name] for name in fields if name in action) for action in actions]


def test_ready_is_a_member_at_this_phone_and_no_other():
    assert told(agreed("ready")) == [
        "QueueAdd PJSIP/anna-browser false",
        "QueuePause PJSIP/anna-browser false ",
        "QueueRemove PJSIP/anna-phone",
    ]
    join = queue_actions(TellQueue(agreed("ready", phone="phone").wanted), "support")[0]
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


def test_who_talks_is_paused():
    assert told(talking(agreed("ready")))[1] == "QueuePause PJSIP/anna-browser true talking"


@pytest.mark.parametrize(
    ("choice", "last"),
    [
        ("break", "QueuePause PJSIP/anna-browser true lunch"),
        ("wrapup", "QueuePause PJSIP/anna-browser true wrapup"),
        ("away", "QueueRemove PJSIP/anna-browser"),
    ],
)
def test_what_is_chosen_while_talking_is_what_the_queue_keeps_for_afterwards(choice, last):
    agent = after(talking(agreed("ready")), (wish(choice, reason="lunch"), 600))
    assert told(agent)[1] == last


def test_who_wants_calls_at_a_phone_that_is_not_there_is_paused_until_it_is():
    agent = after(agreed("ready"), (phone("unavailable"), 200))
    assert told(agent)[:2] == [
        "QueueAdd PJSIP/anna-browser true",
        "QueuePause PJSIP/anna-browser true unreachable",
    ]


def test_an_agent_is_in_each_queue_they_serve_with_its_penalty():
    agent = after(agreed("ready"), (Serves("anna", {"hr": 5, "it": 0}), 200))
    assert of_queues(agent) == [
        "QueueAdd hr PJSIP/anna-browser 5",
        "QueuePenalty hr PJSIP/anna-browser 5",
        "QueuePause hr PJSIP/anna-browser",
        "QueueRemove hr PJSIP/anna-phone",
        "QueueAdd it PJSIP/anna-browser 0",
        "QueuePenalty it PJSIP/anna-browser 0",
        "QueuePause it PJSIP/anna-browser",
        "QueueRemove it PJSIP/anna-phone",
        "QueueRemove support PJSIP/anna-browser",
        "QueueRemove support PJSIP/anna-phone",
    ]


def test_a_queue_that_is_served_no_more_is_left_until_asterisk_has_agreed():
    agent = after(agreed("ready"), (Serves("anna", {"hr": 5, "support": 0}), 200))
    agent = after(agent, (Serves("anna", {"support": 0}), 300))
    assert of_queues(agent)[-2:] == ["QueueRemove hr PJSIP/anna-browser", "QueueRemove hr PJSIP/anna-phone"]
    assert not [action for action in of_queues(granted(agent)) if "hr" in action]
