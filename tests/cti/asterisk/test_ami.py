"""The connection to Asterisk Manager, against bytes that a real Asterisk has sent, over real TCP."""

import asyncio
import contextlib
import logging

import pytest
from ami_replay import BOOTED, ReplayedAsterisk, log_lines, packet, transcript

from cti.asterisk.ami import Ami, AmiDown, AmiRefused


@pytest.fixture
async def asterisk():
    async with ReplayedAsterisk() as asterisk:
        yield asterisk


@pytest.fixture
async def make_ami():
    """An Ami that tries again at once; closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make(**changes):
            ami = Ami(**{"retry_s": 0.01, "ping_s": 60.0, "deadline_s": 5.0, **changes})
            stack.push_async_callback(ami.close)
            return ami

        yield make


@pytest.fixture
async def ready(asterisk, make_ami):
    """An Ami that is logged in, its messages, and Asterisk's side of the session."""
    ami = make_ami()
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
    session = await asterisk.login()
    messages = ami.messages()
    await session.say(BOOTED)
    assert (await anext(messages)).event == "FullyBooted"
    return ami, messages, session


@pytest.fixture
def logs():
    with log_lines() as lines:
        yield lines


def events_of(data):
    return [line.split(b": ")[1].decode() for line in data.split(b"\r\n") if line.startswith(b"Event: ")]


@pytest.mark.parametrize("chunk", [1, 7, 100, 1460, 65536])
async def test_every_event_arrives_once_and_in_order_however_it_was_cut(ready, chunk):
    _, messages, session = ready
    recorded = transcript("reconnect_after")
    talking = asyncio.create_task(session.say(recorded, chunk))
    assert [(await anext(messages)).event for _ in events_of(recorded)] == events_of(recorded)
    await talking


async def test_a_nordic_name_survives_a_cut_at_any_of_its_bytes(ready):
    _, messages, session = ready
    name = "Åsa Öberg"
    message = packet(Event="QueueCallerJoin", CallerIDName=name)
    start = message.index(name.encode())
    for cut in range(start, start + len(name.encode()) + 1):
        await session.say(message[:cut])
        await session.say(message[cut:])
        assert (await anext(messages)).get("CallerIDName") == name


async def test_a_recorded_nordic_name_is_whole_byte_by_byte(ready):
    _, messages, session = ready
    recorded = transcript("nordic_name")
    talking = asyncio.create_task(session.say(recorded, 1))
    got = [await anext(messages) for _ in events_of(recorded)]
    await talking
    assert {m.get("CallerIDName") for m in got if m.event == "QueueCallerJoin"} == {"Åsa Öberg"}


async def test_bytes_that_are_no_utf8_are_replaced_and_cost_nothing_else(ready):
    _, messages, session = ready
    await session.say(
        b"Event: QueueCallerJoin\r\nCallerIDName: \xff\xfe<b>\r\nPosition: 1\r\n\r\nnonsense\r\n\r\n" + BOOTED
    )
    message = await anext(messages)
    assert (message.get("CallerIDName"), message.get("Position")) == ("\ufffd\ufffd<b>", "1")
    assert (await anext(messages)).event == "FullyBooted"


async def test_times_are_those_of_our_own_clock(asterisk, make_ami):
    ticks = iter(range(1000, 2000))
    ami = make_ami(clock=lambda: next(ticks))
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
    await (await asterisk.login()).say(BOOTED * 3)
    messages = ami.messages()
    assert [(await anext(messages)).at_ms for _ in range(3)] == [1000, 1001, 1002]


async def test_a_list_that_was_asked_for_keeps_its_place_among_the_events(ready, asterisk):
    ami, messages, session = ready
    sending = asyncio.create_task(ami.send({"Action": "CoreShowChannels"}))
    action = await asterisk.action("CoreShowChannels")
    await sending
    number = action["ActionID"]
    await session.say(
        packet(Event="Hangup", Channel="before")
        + packet(Event="CoreShowChannel", ActionID=number, Channel="listed")
        + packet(Event="CoreShowChannelsComplete", ActionID=number)
        + packet(Event="Hangup", Channel="after")
    )
    assert [(await anext(messages)).get("Channel") for _ in range(4)] == ["before", "listed", "", "after"]


async def test_asterisk_may_come_later(make_ami, free_port, logs):
    port = free_port()
    ami = make_ami()
    await ami.connect("127.0.0.1", port, "svarklar", ReplayedAsterisk.secret)
    assert (await logs.get())["event"] == "asterisk_down"
    assert ami.state == "not connected to Asterisk"
    with pytest.raises(AmiDown):
        await ami.send({"Action": "QueueStatus"})
    async with ReplayedAsterisk(port) as asterisk:
        await (await asterisk.login()).say(BOOTED)
        assert (await logs.get())["event"] == "asterisk_ready"
        assert ami.state == "ok"
        await ami.send({"Action": "QueueStatus"})


async def test_a_wrong_secret_is_said_once_and_clearly(asterisk, make_ami, logs, caplog):
    caplog.set_level(logging.DEBUG)
    ami = make_ami()
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", "wr0ng-s3cret")
    line = await logs.get()
    assert (line["event"], line["why"]) == ("asterisk_refused", "Authentication failed")
    assert "secret" in line["hint"]
    asterisk.secret = "wr0ng-s3cret"
    await asterisk.login()
    assert logs.empty()
    assert "wr0ng-s3cret" not in repr(line) + caplog.text


async def test_after_a_lost_connection_it_logs_in_again(ready, asterisk, logs):
    _, messages, session = ready
    session.cut()
    await (await asterisk.login()).say(BOOTED)
    assert (await anext(messages)).event == "FullyBooted"
    assert [(await logs.get())["event"] for _ in range(2)] == ["asterisk_down", "asterisk_ready"]


async def test_an_asterisk_that_froze_is_left_and_tried_again(asterisk, make_ami):
    ami = make_ami(ping_s=0.02, deadline_s=0.2)
    asterisk.silent_to.add("Ping")
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
    first = await asterisk.login()
    second = await asterisk.login()
    assert first is not second


async def test_what_asterisk_refuses_raises_with_its_reason(ready, asterisk):
    ami, _, _ = ready
    asterisk.answers["QueueAdd"] = "Unable to add interface to queue: No such queue"
    with pytest.raises(AmiRefused, match="No such queue"):
        await ami.send({"Action": "QueueAdd", "Queue": "nowhere"})


async def test_an_action_without_an_answer_fails_after_the_deadline(asterisk, make_ami):
    ami = make_ami(deadline_s=0.05)
    asterisk.silent_to.add("QueueAdd")
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
    await (await asterisk.login()).say(BOOTED)
    await anext(ami.messages())
    with pytest.raises(AmiDown):
        await ami.send({"Action": "QueueAdd"})


async def test_what_was_asked_before_a_gap_is_not_sent_again_after_it(asterisk, make_ami):
    ami = make_ami(deadline_s=0.05)
    await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
    session = await asterisk.login()
    await session.say(BOOTED)
    messages = ami.messages()
    await anext(messages)
    asterisk.silent_to.add("QueueRemove")
    with pytest.raises(AmiDown):
        await ami.send({"Action": "QueueRemove"})
    asterisk.silent_to.clear()
    session.cut()
    await (await asterisk.login()).say(BOOTED)
    await anext(messages)
    await ami.send({"Action": "QueueStatus"})
    assert (await asterisk.actions.get())["Action"] == "QueueStatus"


@pytest.mark.parametrize(
    "action",
    [
        {"Action": "QueuePause", "Reason": "lunch\r\nAction: Originate"},
        {"Action": "QueuePause", "Reason": "lunch\nx"},
        {"Action": "QueuePause", "Reason": "lunch\r"},
        {"Action": "QueuePause", "Reason\r\nX": "lunch"},
    ],
)
async def test_a_line_break_in_any_field_is_refused_before_the_wire(ready, asterisk, action):
    ami, _, _ = ready
    with pytest.raises(ValueError, match="line break"):
        await ami.send(action)
    await ami.send({"Action": "QueueStatus"})
    assert (await asterisk.actions.get())["Action"] == "QueueStatus"


async def test_a_secret_with_a_line_break_is_refused(make_ami):
    with pytest.raises(ValueError, match="line break"):
        await make_ami().connect("127.0.0.1", 1, "svarklar", "x\r\nAction: Originate")


async def test_closing_ends_the_messages_and_every_action(ready):
    ami, messages, _ = ready
    await ami.close()
    with pytest.raises(StopAsyncIteration):
        await anext(messages)
    with pytest.raises(AmiDown):
        await ami.send({"Action": "QueueStatus"})
