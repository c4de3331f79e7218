"""A caller's line: what is silenced stays silent, and what is past answers nothing that comes later."""

import asyncio

import pytest
from fakes.caller import LOUD, QUIET, FakeChannel

from cti.asterisk.channel import Frame, HungUp, Key, Played
from ivr.line import Line
from ivr.taps import Tap
from ivr.turn import Loud, PromptEnded

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


class Notes(Tap):
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.heard_at_s: list[float] = []
        self.said: list[tuple[float, float]] = []
        self.hushed: list[float] = []

    def hear(self, sound: bytes, at_s: float) -> None:
        self.heard.append(sound)
        self.heard_at_s.append(at_s)

    def say(self, sound: bytes, from_s: float) -> None:
        self.said.append((from_s, len(sound) / 16000))

    def hush(self, from_s: float) -> None:
        self.hushed.append(from_s)


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


async def test_a_caller_who_is_loud_is_news_and_a_quiet_line_is_none(channel: SlowChannel) -> None:
    channel.put(Frame(QUIET), Frame(LOUD), Frame(QUIET), Key("5"))
    async with Line(channel) as line, asyncio.timeout(10):
        assert [await line.next(None) for _ in range(2)] == [Loud(), Key("5")]


async def test_a_tap_hears_everything_from_when_it_is_put_on_until_it_is_taken_off(
    channel: SlowChannel,
) -> None:
    notes = Notes()
    channel.put(Frame(QUIET), Key("1"), Frame(LOUD), Key("2"), Frame(QUIET), Key("3"))
    async with Line(channel) as line, asyncio.timeout(10):
        await line.next(None)
        take_off = line.tap(notes)
        assert [await line.next(None) for _ in range(2)] == [Loud(), Key("2")]
        take_off()
        await line.next(None)
    assert notes.heard == [LOUD]
    assert notes.heard_at_s == [0.02]


async def test_a_tap_that_stays_hears_what_answers_no_question(channel: SlowChannel) -> None:
    notes = Notes()
    async with Line(channel) as line, asyncio.timeout(10):
        line.tap(notes)
        channel.put(*[Frame(LOUD)] * 3, Key("1"), HungUp())
        await asyncio.sleep(0)
        while not line.hung_up:
            line.forget()
            await asyncio.sleep(0)
    assert notes.heard == [LOUD] * 3


async def test_a_tap_knows_what_we_say_and_from_which_of_the_callers_moments_on(channel: SlowChannel) -> None:
    """Prompts follow each other, whenever they were given; a hush ends what was not heard yet."""
    notes = Notes()
    async with Line(channel) as line, asyncio.timeout(10):
        line.tap(notes)
        channel.put(*[Frame(QUIET)] * 50, Key("1"))  # a second
        assert await line.next(None) == Key("1")
        await line.say(SOUND)
        await line.say(SOUND)
        channel.put(*[Frame(QUIET)] * 5, Key("2"))
        assert await line.next(None) == Key("2")
        await line.hush()
        await line.say(SOUND)
    assert notes.said == [(1.0, 0.1), (1.1, 0.1), (1.1, 0.1)]
    assert notes.hushed == [1.1]


async def test_a_tap_that_comes_in_the_middle_of_a_prompt_knows_of_it(channel: SlowChannel) -> None:
    past, present = Notes(), Notes()
    async with Line(channel) as line, asyncio.timeout(10):
        await line.say(SOUND)
        line.tap(present)
        channel.put(*[Frame(QUIET)] * 10, Key("1"))  # 0.2 s: it has been heard by now
        assert await line.next(None) == Key("1")
        line.tap(past)
        await line.say(SOUND)
    assert present.said == [(0.0, 0.1), (0.2, 0.1)]
    assert past.said == [(0.2, 0.1)]
