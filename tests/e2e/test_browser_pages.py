"""The pages without a call: login, presence, language, light and dark; and the page that calls support."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import numpy
import pytest
import pytest_asyncio
from accessibility import barriers
from browser import CALL_TIMEOUT_MS, Visitor, chromium, visitor
from callers import write_wav
from installation import MARIA, PRINTER, Installation
from playwright.async_api import Browser, Locator, expect

from svarklar.cli.demo import callers_voice
from tests.checkout import ROOT

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TEXTS = ROOT / "screenpop/web/src/text"
SIZES = [(1280, 720), (1920, 1080)]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(system: Installation, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A Chromium whose microphone hears a pause, what is wrong with the printer, and a pause."""
    rate_hz, sound = callers_voice(system.settings).say(PRINTER, "en")
    words = numpy.frombuffer(sound, "<i2")
    before, after = numpy.zeros(4 * rate_hz, "<i2"), numpy.zeros(8 * rate_hz, "<i2")
    spoken = numpy.concatenate([before, words, after])
    microphone = write_wav(tmp_path_factory.mktemp("browser") / "microphone.wav", spoken, rate_hz)
    async with chromium(microphone) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def somebody(browser: Browser, system: Installation) -> AsyncIterator[Visitor]:
    """Somebody who is not logged in."""
    async with visitor(browser, system) as somebody:
        yield somebody


def text(language: str, key: str) -> str:
    """A text of the pages' catalogue."""
    return str(json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))[key])


async def _fits(somebody: Visitor) -> bool:
    """Whether the page as a whole needs no scrolling."""
    root = "document.documentElement"
    fits = f"{root}.scrollWidth <= {root}.clientWidth && {root}.scrollHeight <= {root}.clientHeight"
    return bool(await somebody.page.evaluate(fits))


async def _yes(caller: Visitor, in_list: Locator) -> None:
    """Say yes by a key to whatever is asked back, until the caller waits for an agent."""
    for _ in range(20):
        await caller.press("1")
        with suppress(AssertionError):
            await expect(in_list).to_have_attribute("data-stage", "queued", timeout=1500)
            return
    pytest.fail("the caller never came to the queue")


async def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_desk(somebody: Visitor) -> None:
    await somebody.page.goto(somebody.system.web)
    await expect(somebody.page).to_have_url(f"{somebody.system.web}/login?to=%2F")
    await somebody.at("login-username").fill("anna")
    await somebody.at("login-password").fill("wrong")
    await somebody.press("Enter")
    await expect(somebody.at("login-refusal")).to_have_text(text("en", "login.wrong"))
    await somebody.at("login-password").fill(somebody.system.secrets.demo["anna"])
    await somebody.press("Enter")
    await expect(somebody.at("presence")).to_be_visible()


async def test_too_many_attempts_have_to_wait(somebody: Visitor) -> None:
    await somebody.page.goto(f"{somebody.system.web}/login")
    await somebody.at("login-username").fill("nobody")
    refusal, submit = somebody.at("login-refusal"), somebody.at("login-submit")
    for attempt in range(6):
        await somebody.at("login-password").fill(f"wrong {attempt}")
        async with somebody.page.expect_response("**/api/login"):
            await submit.click()
        await expect(submit).to_be_enabled()
    await expect(refusal).to_have_text(text("en", "login.tooOften"))


async def test_presence_goes_by_keyboard(anna: Visitor) -> None:
    presence, breaks = anna.at("presence"), anna.at("presence-break")
    await anna.press("b")
    await expect(anna.at("break-lunch")).to_be_focused()
    await anna.press("Enter")
    await expect(presence).to_have_attribute("data-presence", "break")
    await expect(breaks).to_contain_text(text("en", "break.lunch"))
    await anna.press("w")
    await expect(presence).to_have_attribute("data-presence", "wrapup")
    await anna.press("r")
    await expect(presence).to_have_attribute("data-presence", "ready")


async def test_every_key_stands_in_the_help(anna: Visitor) -> None:
    await anna.press("?")
    await expect(anna.at("help")).to_contain_text(text("en", "action.answer"))
    assert await barriers(anna.page) == []
    await anna.press("Escape")
    await expect(anna.at("help")).to_have_count(0)


async def test_the_language_is_chosen_in_the_menu_and_remembered(anna: Visitor) -> None:
    await anna.press("u")
    await anna.page.get_by_label(text("en", "menu.language")).select_option("sv")
    ready = anna.at("presence-ready")
    await expect(ready).to_contain_text(text("sv", "presence.ready"))
    await anna.page.reload()
    await expect(ready).to_contain_text(text("sv", "presence.ready"))
    await expect(anna.page.locator("html")).to_have_attribute("lang", "sv")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_use_the_desk_in_light_and_in_dark(anna: Visitor, theme: str) -> None:
    await anna.press("u")
    await anna.at("theme").select_option(theme)
    assert await barriers(anna.page) == []
    await anna.press("Escape")
    ground = "getComputedStyle(document.querySelector('header')).backgroundColor"
    assert (await anna.page.evaluate(ground) == "rgb(255, 255, 255)") == (theme == "light")
    for width, height in SIZES:
        await anna.page.set_viewport_size({"width": width, "height": height})
        assert await barriers(anna.page) == []
        assert await _fits(anna)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", ["/login", "/phone"])
async def test_everybody_can_use_the_other_pages(
    browser: Browser, system: Installation, page: str, theme: str
) -> None:
    async with visitor(browser, system, color_scheme=theme) as somebody:
        if page == "/phone":
            await somebody.log_in("admin", to="/phone")
            await expect(somebody.at("phone-call")).to_be_enabled()
        else:
            await somebody.page.goto(f"{system.web}/login")
            await expect(somebody.at("login-username")).to_be_focused()
        assert await barriers(somebody.page) == []
        assert await _fits(somebody)


async def test_who_logs_out_has_to_log_in_again(anna: Visitor) -> None:
    await anna.press("u")
    await anna.at("logout").click()
    await expect(anna.at("login-username")).to_be_visible()
    await anna.page.goto(anna.system.web)
    await expect(anna.at("login-username")).to_be_visible()


async def test_a_call_from_the_browsers_microphone_becomes_a_case(
    somebody: Visitor, browser: Browser
) -> None:
    await somebody.log_in("admin", to="/phone")
    await somebody.at("phone-number").fill(MARIA)
    async with visitor(browser, somebody.system) as sofia:
        await sofia.log_in("sofia")
        await somebody.at("phone-call").click()
        await expect(somebody.at("phone-status")).to_have_attribute("data-state", "talking")
        assert await barriers(somebody.page) == []
        in_list = sofia.at("call-item").filter(has_text="Maria Lind")
        await expect(in_list).to_contain_text(re.compile(r"P\d"), timeout=CALL_TIMEOUT_MS)
        await _yes(somebody, in_list)
        await in_list.click()
        await expect(sofia.at("pop-case")).to_have_text("C-000003")
        await expect(sofia.at("pop-transcript")).to_contain_text("printer")
        await expect(sofia.at("suggestion").first).to_be_visible()
        await somebody.at("hangup").click()
        await expect(in_list).to_have_count(0)
