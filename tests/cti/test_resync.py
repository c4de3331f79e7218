"""How a node of Asterisk is compared with what we know: each line of the table in cti/resync.py."""

import pytest
from ami_replay import transcript

from cti.agent_events import PhoneChanged, PhonesListed
from cti.asterisk.ami_events import AmiMessage
from cti.resync import Ask, DeadlinePassed, Listed, QueueListed, Resync, Seen, step
from domain.agents import AgentState

START = Resync(node="north")
BOOTED = AmiMessage({"Event": "FullyBooted"}, 1)
QUEUE_END = AmiMessage({"Event": "QueueStatusComplete"}, 1)
CALLER = AmiMessage({"Event": "CoreShowChannel", "Uniqueid": "1.1", "Linkedid": "1.1"}, 1)
LEG = AmiMessage(
    {
        "Event": "CoreShowChannel", "Channel": "PJSIP/anna-browser-0000001a", "Uniqueid": "1.2",
        "Linkedid": "1.1", "ChannelStateDesc": "Ringing",
    },
    1,
)  # fmt: skip
ASK_PHONES = (("Action", "DeviceStateList"),)
ASK_QUEUE = (("Action", "QueueStatus"),)
ASK_CHANNELS = (("Action", "CoreShowChannels"),)


def channels_end(**fields):
    return AmiMessage({"Event": "CoreShowChannelsComplete", **fields}, 1)


def member(location="PJSIP/anna-phone"):
    return AmiMessage({"Event": "QueueMember", "Location": location, "Paused": "0"}, 1)


def play(*events, resync=START):
    """The comparison after these events, one a millisecond from 10 on, and what follows from the last."""
    effects = ()
    for now_ms, event in enumerate(events, 10):
        resync, effects = step(resync, event, now_ms)
    return resync, effects


def test_after_each_login_asterisk_is_asked_for_its_telephones_and_its_queue():
    asked, effects = play(BOOTED)
    assert (asked.phase, effects) == ("queue", (Ask(ASK_PHONES, 1), Ask(ASK_QUEUE, 1)))
    again, effects = play(BOOTED, QUEUE_END, CALLER, BOOTED)
    assert (again.phase, again.channels, effects) == ("queue", (), (Ask(ASK_PHONES, 3), Ask(ASK_QUEUE, 3)))


@pytest.mark.parametrize("before", [(), (BOOTED,), (BOOTED, QUEUE_END)], ids=["waiting", "queue", "channels"])
def test_a_member_that_is_an_agents_phone_is_seen_at_any_time(before):
    resync, _ = play(*before)
    seen = Seen(AgentState(username="anna", presence="ready", phone="phone"))
    assert step(resync, member(), 99) == (resync, (seen,))
    assert step(resync, member("Local/1@x"), 99) == (resync, ())


def device(name="PJSIP/anna-phone", state="NOT_INUSE", **fields):
    return AmiMessage({"Event": "DeviceStateChange", "Device": name, "State": state, **fields}, 1)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("NOT_INUSE", "idle"),
        ("RINGING", "ringing"),
        ("BUSY", "in_use"),
        ("UNAVAILABLE", "unavailable"),
        ("INVALID", "unavailable"),
        ("UNKNOWN", "unknown"),
    ],
)
def test_what_asterisk_says_of_an_agents_phone_is_told_at_any_time(said, state):
    assert play(device(state=said)) == (START, (PhoneChanged("anna", "phone", state),))
    assert play(device("PJSIP/webcaller", said)) == (START, ())


def test_the_list_of_telephones_says_which_there_are():
    listed = (device(ActionID="7"), device("Queue:support_avail", ActionID="7"))
    end = AmiMessage({"Event": "DeviceStateListComplete", "ListItems": "2"}, 1)
    # One that changes meanwhile is no part of it.
    resync, effects = play(BOOTED, listed[0], device("PJSIP/bo-phone"), listed[1], end)
    assert effects == (PhonesListed(frozenset({("anna", "phone")})),)
    assert (resync.phase, resync.devices) == ("queue", ())


def test_half_a_list_of_telephones_says_nothing_of_those_that_are_missing():
    end = AmiMessage({"Event": "DeviceStateListComplete", "ListItems": "9"}, 1)
    assert play(BOOTED, device(ActionID="7"), end)[1] == ()


def test_after_the_queue_come_the_channels():
    resync, effects = play(BOOTED, QUEUE_END)
    assert (resync.phase, resync.asked_ms) == ("channels", 11)
    assert effects == (QueueListed(), Ask(ASK_CHANNELS, 2))


def test_the_list_says_what_lives_on_its_node_as_of_the_time_it_was_asked_for():
    resync, (listed,) = play(BOOTED, QUEUE_END, CALLER, LEG, channels_end(ListItems="2"))
    assert isinstance(listed, Listed)
    assert (listed.event.node, listed.event.at_ms, listed.event.living) == ("north", 11, ("1.1",))
    assert [(leg.agent, leg.state) for leg in listed.event.legs] == [("anna", "ringing")]
    assert (resync.phase, resync.channels) == ("done", ())


def test_half_a_list_says_nothing_and_is_asked_for_again():
    resync, effects = play(BOOTED, QUEUE_END, CALLER, channels_end(ListItems="2"))
    assert (resync.phase, effects) == ("channels", ())
    resync, effects = step(resync, DeadlinePassed(2), 99)
    assert (resync.phase, effects) == ("queue", (Ask(ASK_PHONES, 3), Ask(ASK_QUEUE, 3)))
    assert play(QUEUE_END, CALLER, channels_end(ListItems="1"), resync=resync)[0].phase == "done"


@pytest.mark.parametrize("asked", [(BOOTED,), (BOOTED, QUEUE_END)], ids=["queue", "channels"])
def test_a_question_that_is_not_answered_in_time_is_asked_from_the_beginning(asked):
    resync, _ = play(*asked)
    again, effects = step(resync, DeadlinePassed(resync.question), 99)
    number = resync.question + 1
    assert (again.phase, effects) == ("queue", (Ask(ASK_PHONES, number), Ask(ASK_QUEUE, number)))


def test_the_deadline_of_an_earlier_question_is_nothing():
    resync, _ = play(BOOTED, QUEUE_END)
    assert step(resync, DeadlinePassed(1), 99) == (resync, ())


def test_after_the_end_a_deadline_is_nothing():
    resync, _ = play(BOOTED, QUEUE_END, channels_end())
    assert step(resync, DeadlinePassed(resync.question), 99) == (resync, ())


@pytest.mark.parametrize(
    "event", [QUEUE_END, CALLER, channels_end(), AmiMessage({"Event": "Newchannel"}, 1), DeadlinePassed(0)]
)
def test_what_nobody_asked_for_is_nothing(event):
    assert step(START, event, 99) == (START, ())


@pytest.mark.parametrize("name", ["reconnect_after", "listed_while_ringing"])
def test_the_lists_of_a_real_asterisk_come_whole(name):
    resync, listed = START, []
    for packet in transcript(name).decode().split("\r\n\r\n"):
        fields = dict(line.split(": ", 1) for line in packet.split("\r\n") if ": " in line)
        if "Event" in fields:
            resync, effects = step(resync, AmiMessage(fields, 1), 1)
            listed += [effect for effect in effects if isinstance(effect, Listed)]
    assert listed
