"""Whether everybody can use a page: names of controls as Chromium tells them to a screen reader, and more."""

from pathlib import Path

from playwright.async_api import Page

_CHECK = Path(__file__).with_name("accessibility.js").read_text()
_NEED_A_NAME = {
    "button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider",
    "meter", "dialog", "navigation", "region", "group", "complementary", "image",
}  # fmt: skip


async def barriers(page: Page) -> list[str]:
    """What would keep somebody from using this page as it is now; empty is good."""
    found: list[str] = await page.evaluate(_CHECK)
    return found + await _nameless(page)


async def _nameless(page: Page) -> list[str]:
    """Controls and landmarks that a screen reader could only call by their role."""
    session = await page.context.new_cdp_session(page)
    try:
        tree = await session.send("Accessibility.getFullAXTree")
    finally:
        await session.detach()
    return [
        f"{role} without a name"
        for node in tree["nodes"]
        if not node["ignored"]
        and (role := node.get("role", {}).get("value")) in _NEED_A_NAME
        and not node.get("name", {}).get("value", "").strip()
    ]
