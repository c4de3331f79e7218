"""The log has every agent as everybody was told of them."""

import pytest
from ami_replay import packet, transcript
from bridge_rig import END_OF_QUEUE, rigs

from cti.agent_folding import agents_from
from cti.agents import Serves
from domain.agents import StaffChanged


@pytest.fixture
async def build(tmp_path):
    async with rigs(tmp_path) as make:
        yield make


def device(name, state, **fields):
    return packet(Event="DeviceStateChange", Device=f"PJSIP/{name}", State=state, **fields)


def phones(*names):
    """Asterisk's list: these are not there."""
    listed = b"".join(device(name, "UNAVAILABLE", ActionID="1") for name in names)
    return listed + packet(Event="DeviceStateListComplete", ListItems=str(len(names)))


async def until(rig, agent, presence, because=""):
    while (state := await rig.presence()).username != agent or (
        (state.presence, state.away_because) != (presence, because)
    ):
        pass
    return state


async def agree(rig):
    """What the bridge says of its agents, and what the log has of them, are the same."""
    _, living = await rig.snapshot()
    assert living
    assert sorted(agents_from(rig.kept.store), key=lambda agent: agent.username) == sorted(
        living, key=lambda agent: agent.username
    )


async def test_a_day_at_the_desk_is_in_the_log_as_it_was(build):
    rig = await build()
    await rig.session.say(phones("anna-browser", "anna-phone", "bo-browser", "bo-phone") + END_OF_QUEUE)
    await until(rig, "bo", "away")
    await agree(rig)
    rig.bridge.tell(Serves("bo", {"hr": 2}))
    for agent in ("anna", "bo"):
        await rig.want("ready", agent=agent)
        await until(rig, agent, "away", "unreachable")
        await rig.session.say(device(f"{agent}-browser", "NOT_INUSE"))
        await until(rig, agent, "ready")
    await agree(rig)
    await rig.session.say(transcript("second_agent"))  # anna lets it ring, bo takes it
    await until(rig, "bo", "wrapup")
    await agree(rig)
    rig.ring_timers(10.0)
    await until(rig, "bo", "ready")
    await rig.want("break", agent="bo", reason="lunch")
    await until(rig, "bo", "break")
    await rig.session.say(device("bo-browser", "UNAVAILABLE"))
    await agree(rig)
    await rig.state(StaffChanged(at_ms=1, agents=("anna",)))
    await until(rig, "bo", "away")
    await agree(rig)
    assert [agent.username for agent in agents_from(rig.kept.store)] == ["anna"]


async def test_one_who_is_removed_while_talking_is_there_until_the_call_is_over(build):
    rig = await build()
    await rig.want("ready")
    await until(rig, "anna", "ready")
    talk, end, rest = transcript("answered").partition(b"Event: AgentComplete")
    await rig.session.say(talk)
    await until(rig, "anna", "talking")
    await rig.state(StaffChanged(at_ms=1, agents=()))
    while (await rig.presence()).next != "away":
        pass
    await agree(rig)
    await rig.session.say(end + rest)
    await until(rig, "anna", "away")
    while (await rig.snapshot())[1]:
        pass  # the queue lets go of her
    assert agents_from(rig.kept.store) == ()
