"""Anna talks by the telephone in her page: WebRTC to Asterisk, everything by keyboard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from browser import HUMS_HZ, Visitor
from callers import PRINTER_KEYS, Caller, begin_anew, on_the_line, tone
from installation import HELENA, JOHAN, MARIA, Installation
from playwright.async_api import expect

from phone.agent import AgentPhone

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Eventually = Callable[[Callable[[], Any]], Awaitable[Any]]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest.fixture(autouse=True)
def _nobody_has_an_open_case(system: Installation) -> None:
    begin_anew(system, MARIA, HELENA, JOHAN)


@pytest_asyncio.fixture(loop_scope="module")
async def bo(system: Installation) -> AsyncIterator[AgentPhone]:
    """Bo at a desk phone, ready."""
    bo = system.agent("bo")
    try:
        await bo.log_in()
        await bo.be_ready()
        yield bo
    finally:
        await bo.close()


async def test_a_call_is_led_by_the_keyboard_and_both_sides_hear_each_other(
    anna: Visitor, system: Installation, eventually: Eventually
) -> None:
    def hears_anna(caller: Caller) -> bool:
        return any(caller.hears(hz) for hz in HUMS_HZ)

    async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as caller:
        await anna.phone_is("ringing")
        await anna.press("a")
        await anna.phone_is("talking")

        await eventually(lambda: hears_anna(caller))
        before = await anna.sound_received()
        caller.call.rtp.say(tone(800, 1).tobytes())
        await caller.call.rtp.said()
        after = await anna.sound_received()
        assert after["packetsReceived"] > before["packetsReceived"]
        assert after["totalAudioEnergy"] > before["totalAudioEnergy"] + 0.01

        await anna.press("m")
        await expect(anna.at("mute")).to_have_attribute("aria-pressed", "true")
        await eventually(lambda: not hears_anna(caller))
        await anna.press("m")
        await eventually(lambda: hears_anna(caller))

        await anna.press("h")
        await anna.phone_is("held")
        await eventually(lambda: not hears_anna(caller))
        await anna.press("h")
        await anna.phone_is("talking")
        await eventually(lambda: hears_anna(caller))

        await anna.press("k", "5", "#")
        await expect(anna.at("keypad")).to_be_visible()
        await eventually(lambda: caller.keys == ["5", "#"])
        await anna.press("k")
        await expect(anna.at("keypad")).to_have_count(0)

        await anna.press("x")
        await anna.phone_is("none")
        await eventually(caller.call.ended.is_set)
        assert (await caller.reaches("ended"))["outcome"] == "answered"


async def test_a_reload_while_it_rings_keeps_the_pop_and_the_call_can_be_answered(
    anna: Visitor, system: Installation
) -> None:
    async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as caller:
        await anna.phone_is("ringing")
        await anna.page.reload()
        await expect(anna.at("pop-caller")).to_have_text("Maria Lind")
        await expect(anna.at("pop-case")).to_have_text(caller.seen["case"]["number"])
        await anna.phone_is("ringing")
        await anna.press("a")
        await anna.phone_is("talking")
        assert (await caller.reaches("connected"))["agent"] == "anna"
        handed_back, answered = caller.offers
        assert handed_back["ended_ms"] - handed_back["ringing_ms"] < system.settings.ring_s * 1000
        assert answered["shown_ms"] <= answered["ringing_ms"]


async def test_a_second_call_waits_in_the_list_and_never_overwrites_the_first(
    anna: Visitor, system: Installation
) -> None:
    async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as maria:
        await maria.reaches("registered")
        async with on_the_line(system, *PRINTER_KEYS, number=HELENA) as helena:
            await anna.phone_is("ringing")
            await anna.press("a")
            await maria.reaches("connected")
            await helena.reaches("queued")
            waiting = anna.at("call-item").filter(has_text="Helena Ström")
            await expect(waiting).to_have_attribute("data-stage", "queued")
            await expect(anna.at("pop-caller")).to_have_text("Maria Lind")
            await anna.phone_is("talking")
            assert helena.offers == []

            await anna.press("x")
            await anna.phone_is("ringing")
            await expect(anna.at("pop-caller")).to_have_text("Helena Ström")
            await expect(anna.at("softphone-state")).not_to_contain_text("Maria Lind")
            before = anna.at("my-call").filter(has_text="Maria Lind")
            await expect(before).to_have_attribute("data-stage", "ended")
            await anna.press("a")
            assert (await helena.reaches("connected"))["agent"] == "anna"


async def test_two_agents_get_a_pop_each_and_nobody_sees_the_others_as_their_own(
    anna: Visitor, bo: AgentPhone, system: Installation
) -> None:
    async with (
        on_the_line(system, *PRINTER_KEYS, number=HELENA) as helena,
        on_the_line(system, *PRINTER_KEYS, number=JOHAN) as johan,
    ):
        await helena.reaches("ringing")
        await johan.reaches("ringing")
        await anna.phone_is("ringing")
        mine, others = sorted((helena, johan), key=lambda caller: caller.offers[0]["agent"])
        assert [caller.offers[0]["agent"] for caller in (mine, others)] == ["anna", "bo"]

        await expect(anna.at("pop-caller")).to_have_text(mine.seen["contact_name"])
        await expect(anna.at("my-call")).to_have_count(1)
        theirs = anna.at("call-item").filter(has_text=others.seen["contact_name"])
        await expect(theirs).to_contain_text("Bo Lindqvist")

        await anna.press("a")
        assert (await mine.reaches("connected"))["agent"] == "anna"
        assert (await others.reaches("connected"))["agent"] == "bo"
        assert [len(caller.offers) for caller in (mine, others)] == [1, 1]
        assert mine.report()["pop_lead_ms"] > 0
        assert others.report()["pop_lead_ms"] > 0
