"""Whether everybody can use a page: what axe-core finds, and what it does not look for.

axe-core looks at WCAG 2.2 A and AA and at its own best practices; accessibility.js and the names that
Chromium tells to a screen reader come on top.
"""

import functools
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.checkout import ROOT

_CHECK = Path(__file__).with_name("accessibility.js").read_text()
_AXE = ROOT / "screenpop/web/node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_NEED_A_NAME = {
    "button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider",
    "meter", "dialog", "navigation", "region", "group", "complementary", "image",
}  # fmt: skip


async def barriers(page: Page) -> list[str]:
    """What would keep somebody from using this page as it is now; empty is good."""
    found: list[str] = await page.evaluate(_CHECK)
    return found + await _violations(page) + await _nameless(page)


@functools.cache
def _axe() -> str:
    """The package's own text; Chromium runs it beside the page, so that no security policy stops it."""
    if not _AXE.exists():
        pytest.fail("axe-core is missing: npm --prefix screenpop/web install --no-save", pytrace=False)
    return _AXE.read_text(encoding="utf-8")


async def _violations(page: Page) -> list[str]:
    """Every rule that is broken, each with the elements that break it."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"{_axe()}; null")
    found = await page.evaluate("rules => axe.run(document, { runOnly: rules })", _RULES)
    return [
        f"{violation['id']}: {node['html'][:120]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


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
