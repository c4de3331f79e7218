"""The bridge on real parts: what agents want, and what Asterisk's queue is told."""

import dataclasses

import pytest
from ami_replay import BOOTED, log_lines, packet, transcript
from bridge_rig import END_OF_QUEUE, rigs

from cti.call_store import Recovered
from domain.agents import PresenceRequested
from domain.calls import Call

ANNA_JOINS = ["QueueAdd PJSIP/anna-browser false", "QueuePause PJSIP/anna-browser false "]
ANNA_JOINS += ["QueueRemove PJSIP/anna-phone"]


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


def member(**fields):
    return packet(Event="QueueMember", Queue="support", **fields)


async def test_an_agent_who_is_ready_is_in_the_queue_before_anybody_is_told(build):
    rig = await build()
    await rig.want("ready")
    assert await rig.actions(3) == ANNA_JOINS
    presence = await rig.presence()
    assert (presence.username, presence.presence, presence.phone) == ("anna", "ready", "browser")
    assert (await rig.snapshot())[1] == (presence,)


async def test_members_that_are_there_or_gone_already_are_no_error(build):
    so_already = {"QueueAdd": "Unable to add interface: Already there"}
    so_already["QueueRemove"] = "Unable to remove interface: Not there"
    rig = await build(answers=so_already)
    await rig.want("ready")
    assert (await rig.presence()).presence == "ready"


async def test_what_asterisk_refuses_is_stated_and_the_agent_is_as_before(build):
    rig = await build(answers={"QueueAdd": "Unable to add interface to queue: No such queue"})
    await rig.want("ready")
    assert await rig.refusal() == "refused"
    [anna] = (await rig.snapshot())[1]
    assert anna.presence == "away"


async def test_a_reason_that_would_be_another_action_never_reaches_the_wire(build):
    rig = await build()
    await rig.want("break", reason="lunch\r\nAction: Originate")
    assert await rig.refusal() == "refused"
    await rig.want("break", reason="lunch")
    assert (await rig.presence()).reason == "lunch"
    sent = [rig.asterisk.actions.get_nowait()["Action"] for _ in range(rig.asterisk.actions.qsize())]
    assert "Originate" not in sent


async def test_a_wish_that_finds_no_asterisk_is_fulfilled_when_it_is_back(build):
    rig = await build()
    rig.session.cut()
    with log_lines() as logs:
        assert (await logs.get())["event"] == "asterisk_down"
        await rig.want("ready")
        assert await rig.refusal() == "asterisk_down"
        again = await rig.asterisk.login()
        await again.say(BOOTED + END_OF_QUEUE)
    assert (await rig.presence()).presence == "ready"


async def test_an_asterisk_that_was_restarted_gets_its_members_again(build):
    rig = await build()
    await rig.want("ready")
    await rig.actions(3)
    await rig.presence()
    rig.session.cut()
    again = await rig.asterisk.login()
    await again.say(BOOTED)
    assert await rig.actions(1) == ["QueueStatus"]
    await again.say(END_OF_QUEUE)
    assert sorted(await rig.actions(4)) == sorted([*ANNA_JOINS, "CoreShowChannels"])


async def test_after_a_restart_of_ours_the_members_are_the_agents(build):
    rig = await build()
    await rig.session.say(
        member(Name="anna", Location="PJSIP/anna-phone", Paused="1", PausedReason="lunch")
        + member(Name="bo", Location="PJSIP/bo-browser", Paused="0", PausedReason="")
        + END_OF_QUEUE
    )
    found = [await rig.presence() for _ in range(2)]
    assert [(p.username, p.presence, p.reason, p.phone) for p in found] == [
        ("anna", "break", "lunch", "phone"),
        ("bo", "ready", "", "browser"),
    ]


async def test_switching_the_phone_leaves_the_other(build):
    rig = await build()
    await rig.want("ready")
    await rig.actions(3)
    await rig.want("ready", phone="phone")
    assert await rig.actions(3) == [
        "QueueAdd PJSIP/anna-phone false",
        "QueuePause PJSIP/anna-phone false ",
        "QueueRemove PJSIP/anna-browser",
    ]


async def talked(rig):
    """Anna is ready, then has had a call."""
    await rig.want("ready")
    assert (await rig.presence()).presence == "ready"
    await rig.actions(3)
    await rig.session.say(transcript("answered"))


async def test_during_a_call_the_queue_leaves_the_agent_alone_and_wrapup_follows(build):
    rig = await build()
    await talked(rig)
    assert [(await rig.presence()).presence for _ in range(2)] == ["talking", "wrapup"]
    assert rig.ring_timers(10.0) == 1
    assert (await rig.presence()).presence == "ready"


async def test_between_call_and_wrapup_the_agent_is_never_free(build):
    rig = await build()
    await rig.want("ready")
    await rig.actions(3)
    talk, end, rest = transcript("answered").partition(b"Event: AgentComplete")
    await rig.session.say(talk)
    assert "QueuePause PJSIP/anna-browser true talking" in await rig.actions(4)
    await rig.session.say(end + rest)
    assert "QueuePause PJSIP/anna-browser true wrapup" in await rig.actions(3)


async def test_a_break_chosen_during_wrapup_stays(build):
    rig = await build()
    await talked(rig)
    assert [(await rig.presence()).presence for _ in range(2)] == ["talking", "wrapup"]
    await rig.want("break", reason="lunch")
    assert (await rig.presence()).presence == "break"
    rig.ring_timers(10.0)
    await rig.want("ready", agent="bo")
    assert (await rig.presence()).username == "bo"
    assert {p.username: p.presence for p in (await rig.snapshot())[1]} == {"anna": "break", "bo": "ready"}


def device(state, name="PJSIP/anna-browser"):
    return packet(Event="DeviceStateChange", Device=name, State=state)


async def test_a_phone_that_goes_and_comes_takes_the_agent_out_and_back_in(build):
    rig = await build()
    await rig.want("ready")
    await rig.actions(3)
    assert (await rig.presence()).presence == "ready"
    await rig.session.say(device("UNAVAILABLE"))
    gone = await rig.presence()
    assert (gone.presence, gone.away_because, gone.next) == ("away", "unreachable", "ready")
    assert "QueuePause PJSIP/anna-browser true unreachable" in await rig.actions(3)
    await rig.session.say(device("NOT_INUSE"))
    assert "QueuePause PJSIP/anna-browser false " in await rig.actions(3)
    while (back := await rig.presence()).presence != "ready":
        pass
    assert (back.reachable, back.phones["browser"]) == (True, "idle")


async def test_an_agent_who_does_not_answer_is_out_and_says_why(build):
    rig = await build()
    for agent in ("anna", "bo"):
        await rig.want("ready", agent=agent)
        await rig.presence()
    await rig.session.say(transcript("second_agent"))
    while (anna := await rig.presence()).username != "anna":
        pass
    assert (anna.presence, anna.away_because, anna.misses) == ("ready", "", 1)
    while not (anna := await rig.presence()).away_because:
        pass
    assert (anna.username, anna.presence, anna.away_because) == ("anna", "away", "missed")


async def test_a_wish_that_is_stated_twice_is_carried_out_once(build):
    rig = await build()
    request = PresenceRequested(at_ms=1, agent="anna", presence="ready")
    for event in (request, dataclasses.replace(request)):
        await rig.state(event)
    await rig.want("ready", agent="bo")
    assert [(await rig.presence()).username for _ in range(2)] == ["anna", "bo"]
    adds = [a for a in await rig.actions(6) if a.startswith("QueueAdd")]
    assert adds == ["QueueAdd PJSIP/anna-browser false", "QueueAdd PJSIP/bo-browser false"]


async def test_an_agent_whose_call_goes_on_from_before_our_start_is_not_free(build):
    lived = Call(call_id="1.1", stage="connected", agent="anna", marks={"answered": 1, "connected": 2})
    rig = await build(recovered=Recovered(calls=(lived,)))
    await rig.want("ready")
    assert "QueuePause PJSIP/anna-browser true talking" in await rig.actions(3)


async def test_an_agent_is_learned_with_the_call_that_was_answered_a_moment_before(build):
    rig = await build()
    talk, _, _ = transcript("answered").partition(b"Event: AgentComplete")
    await rig.session.say(
        talk + member(Name="anna", Location="PJSIP/anna-browser", Paused="0", PausedReason="") + END_OF_QUEUE
    )
    assert "QueuePause PJSIP/anna-browser true talking" in await rig.actions(4)


async def test_a_presence_is_written_down_before_anybody_is_told(build):
    rig = await build()
    await rig.want("ready")
    await rig.presence()
    assert rig.kept.kinds() == ["PresenceRequested", "PresenceChanged"]


async def test_a_refusal_is_a_fact_too(build):
    rig = await build(answers={"QueueAdd": "Unable to add interface to queue: No such queue"})
    await rig.want("ready")
    await rig.refusal()
    assert rig.kept.kinds() == ["PresenceRequested", "PresenceRefused"]
