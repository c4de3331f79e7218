"""What Asterisk's messages mean, on recorded calls and on anything else."""

import dataclasses
from dataclasses import replace

import pytest
from ami_replay import transcript
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.asterisk.ami_events import AmiMessage, resynced, translate
from domain.calls import AgentLeg
from domain.endpoints import phone_of


def recorded(name):
    """The events of a transcript, as the connection gives them."""
    packets = transcript(name).decode().split("\r\n\r\n")
    fields = [dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line) for text in packets]
    return [AmiMessage(found, at_ms) for at_ms, found in enumerate(fields) if "Event" in found]


def told(name):
    """The translated events as (name, agent or position, reason)."""
    events = [event for message in recorded(name) if (event := translate(message)) is not None]
    assert len({event.call_id for event in events}) == 1
    shown = []
    for event in events:
        fields = dataclasses.asdict(event)
        detail = fields.get("agent") or fields.get("position")
        shown.append(" ".join(str(x) for x in (type(event).__name__, detail, fields.get("reason")) if x))
    return shown


ANNA_RINGS = ["QueueJoined 1", "RingStarted anna"]
ANNA_STOPS = ["RingEnded anna CANCEL", "RingEnded anna CANCEL", "RingEnded anna Unknown"]
ANNA_TALKED = ["AgentConnected anna", "RingEnded anna No route to destination", "CallEnded"]


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("answered", [*ANNA_RINGS, *ANNA_TALKED]),
        (
            "agent_hangs_up",
            [*ANNA_RINGS, "AgentConnected anna", "RingEnded anna Normal Clearing", "CallEnded"],
        ),
        (
            "second_agent",
            [
                *ANNA_RINGS, "RingEnded anna NOANSWER", "RingEnded anna DECLINED", "RingEnded anna CANCEL",
                "RingEnded anna Unknown", "RingStarted bo", "AgentConnected bo",
                "RingEnded bo No route to destination", "CallEnded",
            ],
        ),
        (
            "refused",
            [
                *ANNA_RINGS, "RingEnded anna DECLINED", "RingEnded anna NOANSWER", "RingEnded anna User busy",
                "RingStarted bo", "AgentConnected bo", "RingEnded bo No route to destination", "CallEnded",
            ],
        ),
        ("abandoned", ["QueueJoined 1", "CallEnded"]),
        ("abandoned_intake", ["CallEnded"]),
        ("abandoned_ringing", [*ANNA_RINGS, *ANNA_STOPS, "CallEnded"]),
        ("abandoned_offer", [*ANNA_RINGS, *ANNA_STOPS, "CallEnded"]),
        ("reconnect_before", ANNA_RINGS),
    ],
)  # fmt: skip
def test_a_recorded_call_in_our_words(name, events):
    assert told(name) == events


def test_the_queue_tells_who_waits():
    joined = next(e for m in recorded("nordic_name") if (e := translate(m)) is not None)
    assert (joined.queue, joined.number, joined.name) == ("support", "+46701740605", "Åsa Öberg")


def test_the_leg_of_the_media_connection_is_nothing_to_us():
    legs = [m for m in recorded("answered") if m.get("Channel").startswith("WebSocket/")]
    assert legs
    assert [translate(m) for m in legs] == [None] * len(legs)


def channels(name):
    return [m for m in recorded(name) if m.event == "CoreShowChannel"]


@pytest.mark.parametrize(
    ("name", "state"), [("listed_while_ringing", "ringing"), ("reconnect_after", "connected")]
)
def test_a_list_of_channels_tells_which_calls_live_and_where_they_are(name, state):
    everything = resynced(channels(name), 77, "main")
    [call_id] = everything.living
    assert everything.at_ms == 77
    assert everything.legs == (AgentLeg(call_id=call_id, agent="anna", state=state),)


def test_a_caller_who_waits_is_in_the_list_of_the_queue():
    [entry] = [m for m in recorded("listed_while_ringing") if m.event == "QueueEntry"]
    joined = translate(entry)
    assert (joined.call_id, joined.position) == (entry.get("Uniqueid"), 1)
    assert (joined.queue, joined.number, joined.name) == ("support", "+46701740605", "Maria Lind")


def test_what_a_node_says_is_of_that_node():
    hangup = AmiMessage({"Event": "Hangup", "Uniqueid": "1.1", "Linkedid": "1.1"}, 5)
    assert translate(replace(hangup, node="north")).node == "north"
    assert resynced([], 5, "north").node == "north"


def test_an_empty_list_says_that_no_call_lives():
    assert resynced([], 5, "main").living == ()


@pytest.mark.parametrize(
    ("channel", "phone"),
    [
        ("PJSIP/anna-browser-0000001a", ("anna", "browser")),
        ("PJSIP/anna-phone", ("anna", "phone")),
        ("PJSIP/bo2-phone-ffffffff", ("bo2", "phone")),
        ("PJSIP/webcaller-00000001", None),
        ("PJSIP/anonymous-00000001", None),
        ("PJSIP/Anna-phone", None),
        ("PJSIP/anna-phone-00000001;2", None),
        ("PJSIP/anna-phone\n", None),
        ("Local/anna-phone@x", None),
        ("WebSocket/media1/0x7f20f80092d0", None),
        ("", None),
    ],
)
def test_only_agents_phones_are_agents(channel, phone):
    assert phone_of(channel) == phone


NAMES = st.sampled_from(
    [
        "QueueCallerJoin",
        "QueueEntry",
        "DialBegin",
        "DialEnd",
        "AgentConnect",
        "AgentRingNoAnswer",
        "Hangup",
        "X",
    ]
)
FIELDS = st.sampled_from(
    ["Channel", "DestChannel", "Uniqueid", "Linkedid", "Position", "DialStatus", "Queue"]
)
VALUES = (
    st.sampled_from(["", "1", "1.1", "²", "-1", "<unknown>", "PJSIP/anna-phone-01", "ANSWER"]) | st.text()
)


@settings(deadline=None)
@given(NAMES, st.dictionaries(FIELDS, VALUES))
def test_no_message_raises(name, fields):
    message = AmiMessage({"Event": name, **fields}, 1)
    event = translate(message)
    assert event is None or event.call_id
    resynced([message], 1, "main")
