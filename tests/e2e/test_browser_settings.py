"""Settings in the browser: admins change desks and who serves them; everybody their own password."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from accessibility import barriers
from browser import Visitor, visitor
from installation import Installation
from playwright.async_api import Browser, expect

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES = [(1280, 720), (390, 844)]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest_asyncio.fixture(loop_scope="module")
async def admin(browser: Browser, system: Installation) -> AsyncIterator[Visitor]:
    """An admin at the settings page."""
    async with visitor(browser, system) as admin:
        await admin.log_in("admin", to="/settings")
        await expect(admin.at("desk-form")).to_be_visible()
        yield admin


async def test_a_desk_is_changed_and_stays_so(admin: Visitor) -> None:
    await admin.at("desk-wrapup").fill("45")
    await admin.at("desk-save").click()
    await expect(admin.at("settings-saved")).not_to_be_empty()
    await admin.page.reload()
    await expect(admin.at("desk-wrapup")).to_have_value("45")


async def test_what_is_wrong_with_a_desk_stands_at_its_field_and_nothing_typed_is_lost(
    admin: Visitor,
) -> None:
    await admin.at("new-desk").click()
    await admin.at("desk-name").fill("A third desk")
    await admin.at("desk-key").fill("third")
    await admin.at("desk-numbers").fill(admin.system.settings.support_number)
    await admin.at("desk-save").click()
    await expect(admin.at("fault-numbers")).to_be_visible()
    assert await barriers(admin.page) == []
    await admin.at("desk-numbers").fill("333")
    await admin.at("desk-save").click()
    await expect(admin.at("desk-third")).to_contain_text("333")
    await admin.at("desk-remove").click()
    await admin.at("desk-remove-really").click()
    await expect(admin.at("desk-third")).to_have_count(0)


async def test_who_serves_a_queue_is_a_tick(admin: Visitor) -> None:
    await admin.at("to-memberships").click()
    ticks = admin.page.locator('[data-testid^="serves-bo-"]')
    saved = admin.page.locator('[data-testid="settings-message"].good').filter(has_text=re.compile("."))
    before = await ticks.first.is_checked()
    await ticks.first.set_checked(not before)
    await admin.at("memberships-save").click()
    await expect(saved).to_be_visible()
    await admin.page.reload()
    await admin.at("to-memberships").click()
    await expect(ticks.first).to_be_checked(checked=not before)
    await ticks.first.set_checked(before)
    await admin.at("memberships-save").click()
    await expect(saved).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_use_the_settings(admin: Visitor, theme: Any) -> None:
    await admin.page.emulate_media(color_scheme=theme)
    for page in ("", "to-memberships"):
        if page:
            await admin.at(page).click()
            await expect(admin.at("memberships-save")).to_be_visible()
        for width, height in SIZES:
            await admin.page.set_viewport_size({"width": width, "height": height})
            assert await barriers(admin.page) == []
            root = "document.documentElement"
            assert await admin.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


async def test_whoever_is_no_admin_is_told_so(browser: Browser, system: Installation) -> None:
    async with visitor(browser, system) as anna:
        await anna.log_in("anna", to="/settings")
        await expect(anna.at("settings-state")).to_contain_text("Only administrators")


async def test_ones_own_password_is_changed_in_the_menu(browser: Browser, system: Installation) -> None:
    old, new = system.secrets.demo["bo"], "a rather long new password"
    async with visitor(browser, system) as bo:
        await bo.log_in("bo")
        await expect(bo.at("presence")).to_be_visible()
        for before, after in ((old, new), (new, old)):
            await bo.press("u")
            await bo.at("open-password").click()
            await bo.at("password-old").fill("not this one")
            await bo.at("password-new").fill(after)
            await bo.at("password-again").fill(after)
            await bo.press("Enter")
            await expect(bo.at("password-problem")).not_to_be_empty()
            assert await barriers(bo.page) == []
            await bo.at("password-old").fill(before)
            await bo.press("Enter")
            await expect(bo.at("password-done")).to_be_visible()
            await bo.press("Escape")
            await expect(bo.at("own-password")).to_be_hidden()
