"""What Anna's screen shows of one spoken call: before her phone rings, and while she talks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from accessibility import barriers
from browser import Visitor, visitor
from callers import Caller, on_the_line
from installation import MARIA, PRINTER, Installation
from playwright.async_api import Browser, expect

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@dataclass
class Prepared:
    """A spoken call that Anna has answered, and what her page showed when it rang."""

    anna: Visitor
    caller: Caller
    screen: dict[str, Any]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def prepared(browser: Browser, system: Installation) -> AsyncIterator[Prepared]:
    async with visitor(browser, system) as anna:
        await anna.log_in("anna")
        await anna.be_ready()
        async with on_the_line(system, PRINTER, number=MARIA) as caller:
            await anna.phone_is("ringing")
            await anna.press("a")
            await caller.reaches("connected")
            yield Prepared(anna, caller, await anna.witnessed("atFirstRing"))


async def test_the_words_grow_in_the_list_of_calls_while_the_caller_still_talks(prepared: Prepared) -> None:
    listed = await prepared.anna.witnessed("listed")
    growing = [entry for entry in listed if entry["stage"] == "ivr" and entry["about"]]
    before_the_end = [
        entry["about"] for entry in growing if entry["at_ms"] < prepared.caller.seen["marks"]["speech_end"]
    ]
    assert len(before_the_end) >= 3
    assert "the printer" in before_the_end[-1]
    assert len(before_the_end[0]) < len(before_the_end[-1])


async def test_the_pop_is_painted_before_the_invite_of_the_agents_phone(prepared: Prepared) -> None:
    report, screen, wire = prepared.caller.report(), prepared.screen, prepared.anna.wire
    assert report["pop_lead_ms"] > 0
    assert screen["painted_ms"] < screen["rang_ms"]
    assert wire.index("received offer") < wire.index("sent painted") < wire.index("received INVITE")


async def test_the_screen_tells_all_before_the_phone_rings(prepared: Prepared) -> None:
    screen, call = prepared.screen, prepared.caller.seen
    assert screen["caller"] == "Maria Lind"
    assert screen["number"] == call["case"]["number"]
    assert screen["priority"].startswith(f"P{call['case']['priority']}")
    assert screen["transcript"].split() == call["transcript"].split()
    assert "printer" in screen["transcript"]


async def test_the_best_solutions_stand_there_with_the_callers_words_that_matched(prepared: Prepared) -> None:
    screen, suggestions = prepared.screen, prepared.caller.seen["suggestions"]
    assert screen["suggestions"] == [suggestion["article"] for suggestion in suggestions][:5]
    assert screen["suggestions"][0].startswith("print")
    assert all(screen["marked"])
    assert "printer" in " ".join(screen["marked"][0])


async def test_a_solution_opens_by_its_number_and_closes_by_escape(prepared: Prepared) -> None:
    anna = prepared.anna
    title = prepared.caller.seen["suggestions"][0]["title"]
    await anna.press("1")
    await expect(anna.at("article").get_by_role("heading", name=title)).to_be_visible()
    await anna.press("Escape")
    await expect(anna.at("suggestion").first).to_be_visible()


async def test_one_key_plays_the_callers_own_voice_and_the_words_follow(prepared: Prepared) -> None:
    anna, play = prepared.anna, prepared.anna.at("voice-play")
    await anna.press("v")
    await expect(play).to_have_attribute("aria-pressed", "true")
    await anna.press("Shift+V")
    await expect(anna.at("voice-speed")).to_have_text("1.5×")
    await expect(play).to_have_attribute("aria-pressed", "false", timeout=20_000)
    assert await anna.witnessed("sounds.at(-1).ended")
    assert await anna.witnessed("sounds.at(-1).playbackRate") == 1.5
    sounded, said = await anna.witnessed("sounded"), iter(prepared.caller.seen["transcript"].split())
    assert len(sounded) >= 8
    assert all(word in said for word in sounded), "the words light up in the order in which they were said"


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
async def test_everybody_can_use_the_pop(prepared: Prepared, colour_scheme: Any) -> None:
    page = prepared.anna.page
    await page.emulate_media(color_scheme=colour_scheme)
    await prepared.anna.press("k")
    assert await barriers(page) == []
    await prepared.anna.press("k")
