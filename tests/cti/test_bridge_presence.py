"""The bridge on real parts: what agents want, and what Asterisk's queue is told."""

import dataclasses

import pytest
from ami_replay import BOOTED, log_lines, packet, transcript
from bridge_rig import END_OF_QUEUE, houses

from domain.events import REQUESTS, PresenceRequested

ANNA_JOINS = ["QueueAdd PJSIP/anna-browser false", "QueuePause PJSIP/anna-browser false "]
ANNA_JOINS += ["QueueRemove PJSIP/anna-phone"]


@pytest.fixture
async def build():
    async with houses() as make:
        yield make


def member(**fields):
    return packet(Event="QueueMember", Queue="support", **fields)


async def test_an_agent_who_is_ready_is_in_the_queue_before_anybody_is_told(build):
    house = await build()
    await house.want("ready")
    assert await house.actions(3) == ANNA_JOINS
    presence = await house.presence()
    assert (presence.agent, presence.presence, presence.phone, presence.error) == (
        "anna",
        "ready",
        "browser",
        "",
    )
    assert house.bridge.presences() == (presence,)


async def test_members_that_are_there_or_gone_already_are_no_error(build):
    so_already = {"QueueAdd": "Unable to add interface: Already there"}
    so_already["QueueRemove"] = "Unable to remove interface: Not there"
    house = await build(answers=so_already)
    await house.want("ready")
    assert (await house.presence()).presence == "ready"


async def test_what_asterisk_refuses_is_stated_with_an_error(build):
    house = await build(answers={"QueueAdd": "Unable to add interface to queue: No such queue"})
    await house.want("ready")
    presence = await house.presence()
    assert (presence.presence, presence.error) == ("away", "refused")


async def test_a_reason_that_would_be_another_action_never_reaches_the_wire(build):
    house = await build()
    await house.want("break", reason="lunch\r\nAction: Originate")
    presence = await house.presence()
    assert (presence.presence, presence.error) == ("away", "refused")
    await house.want("break", reason="lunch")
    assert (await house.presence()).reason == "lunch"
    sent = [house.asterisk.actions.get_nowait()["Action"] for _ in range(house.asterisk.actions.qsize())]
    assert "Originate" not in sent


async def test_a_wish_that_finds_no_asterisk_is_fulfilled_when_it_is_back(build):
    house = await build()
    house.session.cut()
    with log_lines() as logs:
        assert (await logs.get())["event"] == "asterisk_down"
        await house.want("ready")
        presence = await house.presence()
        assert (presence.presence, presence.error) == ("away", "asterisk_down")
        again = await house.asterisk.login()
        await again.say(BOOTED + END_OF_QUEUE)
    assert (await house.presence()).presence == "ready"


async def test_an_asterisk_that_was_restarted_gets_its_members_again(build):
    house = await build()
    await house.want("ready")
    await house.actions(3)
    await house.presence()
    house.session.cut()
    again = await house.asterisk.login()
    await again.say(BOOTED)
    assert await house.actions(1) == ["QueueStatus"]
    await again.say(END_OF_QUEUE)
    assert sorted(await house.actions(4)) == sorted([*ANNA_JOINS, "CoreShowChannels"])


async def test_after_a_restart_of_ours_the_members_are_the_agents(build):
    house = await build()
    await house.session.say(
        member(Name="anna", Location="PJSIP/anna-phone", Paused="1", PausedReason="lunch")
        + member(Name="bo", Location="PJSIP/bo-browser", Paused="0", PausedReason="")
        + END_OF_QUEUE
    )
    found = [await house.presence() for _ in range(2)]
    assert [(p.agent, p.presence, p.reason, p.phone) for p in found] == [
        ("anna", "break", "lunch", "phone"),
        ("bo", "ready", "", "browser"),
    ]


async def test_switching_the_phone_leaves_the_other(build):
    house = await build()
    await house.want("ready")
    await house.actions(3)
    await house.want("ready", phone="phone")
    assert await house.actions(3) == [
        "QueueAdd PJSIP/anna-phone false",
        "QueuePause PJSIP/anna-phone false ",
        "QueueRemove PJSIP/anna-browser",
    ]


async def talked(house):
    """Anna is ready, then has had a call."""
    await house.want("ready")
    assert (await house.presence()).presence == "ready"
    await house.actions(3)
    await house.session.say(transcript("answered"))


async def test_during_a_call_the_queue_leaves_the_agent_alone_and_wrapup_follows(build):
    house = await build()
    await talked(house)
    assert (await house.presence()).presence == "wrapup"
    assert house.ring_timers(10.0) == 1
    assert (await house.presence()).presence == "ready"


async def test_between_call_and_wrapup_the_agent_is_never_free(build):
    house = await build()
    await house.want("ready")
    await house.actions(3)
    talk, end, rest = transcript("answered").partition(b"Event: AgentComplete")
    await house.session.say(talk)
    assert "QueuePause PJSIP/anna-browser true talking" in await house.actions(4)
    await house.session.say(end + rest)
    assert "QueuePause PJSIP/anna-browser true wrapup" in await house.actions(3)


async def test_a_break_chosen_during_wrapup_stays(build):
    house = await build()
    await talked(house)
    assert (await house.presence()).presence == "wrapup"
    await house.want("break", reason="lunch")
    assert (await house.presence()).presence == "break"
    house.ring_timers(10.0)
    await house.want("ready", agent="bo")
    assert (await house.presence()).agent == "bo"
    assert {p.agent: p.presence for p in house.bridge.presences()} == {"anna": "break", "bo": "ready"}


async def test_a_wish_that_is_stated_twice_is_carried_out_once(build):
    house = await build()
    request = PresenceRequested(at_ms=1, agent="anna", presence="ready")
    for event in (request, dataclasses.replace(request)):
        await house.bus.publish(REQUESTS, event)
    await house.want("ready", agent="bo")
    assert [(await house.presence()).agent for _ in range(2)] == ["anna", "bo"]
    adds = [a for a in await house.actions(6) if a.startswith("QueueAdd")]
    assert adds == ["QueueAdd PJSIP/anna-browser false", "QueueAdd PJSIP/bo-browser false"]
