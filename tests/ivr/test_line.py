"""A caller's line: what is silenced stays silent, and what is past answers nothing that comes later."""

import asyncio

import pytest
from fakes.caller import FakeChannel

from cti.asterisk.channel import Key, Played
from ivr.line import Line
from ivr.turn import PromptEnded

SOUND = bytes(1600)


class SlowChannel(FakeChannel):
    """Asterisk's reports come when the test says so; notes what it was told, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    async def play(self, sound: bytes, mark: str) -> None:
        self.told.append(f"play {mark}")

    async def flush(self) -> None:
        self.told.append("flush")


@pytest.fixture
def channel() -> SlowChannel:
    return SlowChannel()


async def test_prompts_are_silenced_all_at_once_and_only_once(channel: SlowChannel) -> None:
    async with Line(channel) as line:
        await line.say(SOUND)
        await line.say(SOUND)
        await line.hush()
        await line.hush()
        assert not line.speaking
    assert channel.told == ["play 1", "play 2", "flush"]


async def test_a_late_report_of_what_was_silenced_does_not_end_the_next_prompt(channel: SlowChannel) -> None:
    async with Line(channel) as line:
        await line.say(SOUND)
        await line.hush()
        await line.say(SOUND)
        channel.put(Played("1"), Key("5"))
        async with asyncio.timeout(10):
            assert await line.next(None) == Key("5")
            assert line.speaking
            channel.put(Played("2"))
            assert await line.next(None) == PromptEnded()
        assert not line.speaking


async def test_only_the_last_of_several_prompts_ends_them(channel: SlowChannel) -> None:
    async with Line(channel) as line:
        await line.say(SOUND)
        await line.say(SOUND)
        channel.put(Played("1"), Played("2"), Key("5"))
        async with asyncio.timeout(10):
            assert [await line.next(None) for _ in range(2)] == [PromptEnded(), Key("5")]


async def test_to_a_caller_who_is_gone_nothing_is_said(channel: SlowChannel) -> None:
    async with Line(channel) as line:
        line.hung_up = True
        await line.say(SOUND)
    assert channel.told == []
