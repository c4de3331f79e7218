"""What Anna does with a case: corrects and solves it by few keys, writes notes, undoes, finds others."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from accessibility import barriers
from browser import Visitor, visitor
from callers import Caller, on_the_line
from installation import PRINTER, Installation
from people import new_contact, open_case_of
from playwright.async_api import Browser, expect

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIZES = [(1280, 720), (1920, 1080), (390, 844)]
LONG_NAME = "Maximiliana Wolfeschlegelsteinhausenbergerdorff-Hohenlohe af Ugglas von und zu Ästorp"


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@dataclass
class AtWork:
    """Anna talks with somebody about a case."""

    anna: Visitor
    caller: Caller
    number: str
    keys: int = 0

    async def press(self, *keys: str) -> None:
        """Press keys, and count them."""
        self.keys += len(keys)
        await self.anna.press(*keys)

    async def case(self) -> dict[str, Any]:
        """The case as the server has it."""
        return await fetched(self.anna, self.number)


async def fetched(somebody: Visitor, number: str) -> dict[str, Any]:
    """A case with its history, as the server tells it to this page."""
    answer: dict[str, Any] = await somebody.page.evaluate(
        "number => fetch(`/api/cases/${number}`).then(answer => answer.json())", number
    )
    return answer


async def post(somebody: Visitor, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the server answers to a change that is asked for beside the page."""
    ask = """async ([path, body]) => {
        const { csrf } = await (await fetch("/api/me")).json();
        const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
        return (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
    }"""
    answer: dict[str, Any] = await somebody.page.evaluate(ask, [path, body])
    return answer


@asynccontextmanager
async def at_work(
    anna: Visitor, name: str = "Kim Lund", *, known: str = "", **fields: Any
) -> AsyncIterator[AtWork]:
    """Somebody has told of the printer, and Anna has answered; `known`: they have an open case so called."""
    number = new_contact(anna.system, name, **fields)
    if known:
        open_case_of(anna.system, number, known)
    turns = ("2", PRINTER) if known else (PRINTER,)  # no, it is not about that one
    async with on_the_line(anna.system, *turns, number=number) as caller:
        await anna.phone_is("ringing")
        await anna.press("a")
        await caller.reaches("connected")
        yield AtWork(anna, caller, caller.seen["case_number"])


@pytest_asyncio.fixture(loop_scope="module")
async def work(anna: Visitor) -> AsyncIterator[AtWork]:
    async with at_work(anna) as work:
        yield work


async def test_a_case_is_corrected_by_two_keys_and_solved_with_the_first_suggestion_by_one(
    work: AtWork,
) -> None:
    anna, status = work.anna, work.anna.at("case-status")
    best = work.caller.seen["suggestions"][0]["article"]
    urgency = anna.at("field-urgency")
    before = await urgency.get_attribute("data-value")
    chosen, key = ("works", "1") if before != "works" else ("stopped", "3")

    await work.press("g", key)
    await expect(urgency).to_have_attribute("data-value", chosen)
    assert work.keys == 2
    await work.press("Shift+Digit1")
    await expect(status).to_have_text("Solved")
    assert work.keys == 3, "from the pop to a corrected, solved case"

    case = (await work.case())["case"]
    assert (case["status"], case["article"], case["urgency"]) == ("resolved", best, chosen)
    await expect(anna.at("pop-priority")).to_have_attribute("data-priority", str(case["priority"]))
    assert case["agent"] == "anna"


async def test_what_was_done_is_offered_to_be_undone_and_a_key_does_so(work: AtWork) -> None:
    anna, status = work.anna, work.anna.at("case-status")
    await anna.press("Shift+Digit1")
    await expect(anna.at("toast")).to_contain_text("Solved with")
    assert await barriers(anna.page) == []
    await anna.press("Control+z")
    await expect(status).to_have_text("Open")
    await expect(anna.at("toast")).to_have_count(0)
    await anna.press("s")
    await anna.page.keyboard.type("Took the paper out")
    await anna.press("Enter")
    await expect(status).to_have_text("Solved")
    assert (await work.case())["case"]["solution"] == "Took the paper out"
    await anna.press("s")
    await expect(status).to_have_text("Open")


async def test_a_note_is_saved_while_it_is_written_and_outlasts_a_server_that_is_away(work: AtWork) -> None:
    anna, state = work.anna, work.anna.at("note-status")
    await anna.press("c")
    await anna.page.keyboard.type("Paper jam in tray 2")
    await expect(state).to_have_attribute("data-state", "saved")
    assert await notes(work) == ["Paper jam in tray 2"]

    await anna.page.route("**/note", lambda route: route.abort())
    await anna.page.keyboard.type(", roller ordered")
    await expect(state).to_have_attribute("data-state", "kept")
    kept = await anna.page.evaluate("Object.values(sessionStorage).join()")
    assert "roller ordered" in kept, "a reload would not lose it"
    await anna.page.unroute("**/note")
    await expect(state).to_have_attribute("data-state", "saved", timeout=40_000)
    assert await notes(work) == ["Paper jam in tray 2, roller ordered"]
    anna.complaints = [one for one in anna.complaints if "ERR_FAILED" not in one]


async def notes(work: AtWork) -> list[str]:
    """The notes of the case, newest first."""
    return [line["note"] for line in (await work.case())["history"] if line["kind"] == "noted"]


async def test_two_who_change_the_same_field_see_both_and_nothing_typed_is_lost(work: AtWork) -> None:
    anna = work.anna
    await anna.press("e")
    await anna.page.keyboard.type("Anna's title")
    current = (await work.case())["case"]
    async with visitor(anna.page.context.browser, anna.system) as bo:  # type: ignore[arg-type]
        await bo.log_in("bo", to=f"/cases/{work.number}")
        change = {"change_id": "from-bo-0001", "version": current["version"], "title": "Bo's title"}
        await post(bo, f"/api/cases/{work.number}/classify", change)
        await expect(bo.at("field-title")).to_contain_text("Bo's title")
    await anna.press("Enter")
    conflict = anna.at("conflict")
    await expect(conflict).to_contain_text("Anna's title")
    await expect(conflict).to_contain_text("Bo's title")
    assert await barriers(anna.page) == []
    await anna.at("keep-mine").click()
    await expect(anna.at("field-title")).to_contain_text("Anna's title")
    await expect(conflict).to_have_count(0)
    assert (await work.case())["case"]["title"] == "Anna's title"


async def test_the_call_is_about_another_case_by_two_keys(anna: Visitor) -> None:
    async with at_work(anna, known="The new laptop") as work:
        await expect(anna.at("open-cases")).to_contain_text("The new laptop")
        await anna.press("l", "1")
        await expect(anna.at("field-title")).to_contain_text("The new laptop")
        await expect(anna.at("pop-case")).not_to_have_text(work.number)
        await expect(anna.at("repeat-call")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_use_every_state_of_a_case(anna: Visitor, theme: Any) -> None:
    await anna.page.emulate_media(color_scheme=theme)
    async with at_work(anna, LONG_NAME, vip=True, department="Finance", email="m@example.com") as work:
        await expect(anna.at("vip")).to_be_visible()
        for size in SIZES:
            await anna.page.set_viewport_size({"width": size[0], "height": size[1]})
            assert await barriers(anna.page) == []
            assert await is_as_wide_as_the_page(anna)
        await anna.page.set_viewport_size({"width": 1280, "height": 720})
        for keys in (("f",), ("e",), ("s",), ("l",), ("1",)):
            await anna.press(*keys)
            assert await barriers(anna.page) == []
            await anna.press("Escape")
    await expect(anna.at("wrapup")).to_be_visible()
    assert await barriers(anna.page) == []
    for path in ("/cases", f"/cases/{work.number}", "/cases/C-999999"):
        await anna.page.goto(f"{anna.system.web}{path}")
        await expect(anna.page.get_by_role("heading", level=1)).to_be_visible()
        for size in SIZES:
            await anna.page.set_viewport_size({"width": size[0], "height": size[1]})
            assert await barriers(anna.page) == []
            assert await is_as_wide_as_the_page(anna)


async def is_as_wide_as_the_page(somebody: Visitor) -> bool:
    """Whether nobody has to scroll sideways."""
    root = "document.documentElement"
    return bool(await somebody.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"))


async def test_cases_are_found_by_words_people_and_numbers_and_opened_by_keys(anna: Visitor) -> None:
    new = {"change_id": "find-me-0001", "title": "A quince in the scanner"}
    number = (await post(anna, "/api/cases", new))["summary"]["number"]
    row = anna.at("cases-row").filter(has_text="quince")
    for words in ("quince", number):
        await anna.press("/")
        await expect(anna.at("cases-search")).to_be_focused()
        await anna.page.keyboard.type(words)
        await expect(row).to_be_visible()
        await expect(anna.at("cases-row")).to_have_count(1)
    await anna.press("ArrowDown", "Enter")
    await expect(anna.page).to_have_url(f"{anna.system.web}/cases/{number}")
    await expect(anna.at("field-title")).to_contain_text("quince")
    await expect(anna.at("history-line").first).to_contain_text("Anna")
    await anna.page.go_back()
    await expect(row).to_be_visible()
    await anna.press("Escape", "Escape")
    await expect(anna.page).to_have_url(f"{anna.system.web}/")


async def test_a_case_opens_by_its_number_in_the_address_bar(anna: Visitor) -> None:
    new = {"change_id": "by-number-01", "title": "Opened by its number"}
    number = (await post(anna, "/api/cases", new))["summary"]["number"]
    await anna.page.goto(f"{anna.system.web}/cases/{number.lower()}")
    await expect(anna.at("field-title")).to_contain_text("Opened by its number")
    await anna.press("i", "3")
    await expect(anna.at("field-impact")).to_have_attribute("data-value", "everyone")
    await expect(anna.at("history-line").first).to_contain_text("Everyone")
    await anna.page.goto(f"{anna.system.web}/cases/C-999999")
    await expect(anna.at("case-missing")).to_have_text(re.compile("no case with this number"))


async def test_a_call_that_comes_is_shown_whatever_one_looks_at(anna: Visitor) -> None:
    await anna.press("/")
    await expect(anna.at("cases")).to_be_visible()
    async with at_work(anna) as work:
        assert (await anna.witnessed("atFirstRing"))["number"] == work.number
        await anna.page.go_back()
        await expect(anna.at("elsewhere")).to_contain_text("Kim Lund")


async def test_the_end_of_a_call_says_what_is_left_to_do(anna: Visitor) -> None:
    async with at_work(anna):
        await anna.press("w")
    wrapup = anna.at("wrapup")
    await expect(wrapup).to_contain_text("Still open")
    await expect(wrapup).to_contain_text("Note empty")
    await anna.press("Shift+Digit1")
    await expect(wrapup).to_contain_text("Solved")
    await anna.press("d")
    await expect(wrapup).to_have_count(0)


async def test_colleagues_are_shown_by_name_with_how_they_are(browser: Browser, anna: Visitor) -> None:
    bo_in_list = anna.page.locator('[data-testid="colleague"][data-agent="bo"]')
    async with visitor(browser, anna.system) as bo:
        await bo.log_in("bo")
        await bo.be_ready()
        await expect(bo_in_list).to_have_attribute("data-now", "ready")
        await bo.press("b")
        await bo.at("break-lunch").click()
        await expect(bo_in_list).to_contain_text("Lunch")
        await bo.at("presence").click()
