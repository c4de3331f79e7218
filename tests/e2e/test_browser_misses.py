"""A screen that cannot show the call: the phone rings all the same, the miss is recorded with its cause."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from browser import Visitor, visitor, witnessed_page
from callers import PRINTER_KEYS, Caller, begin_anew, brief_prompts, on_the_line
from installation import MARIA, Installation, running_installation
from playwright.async_api import Browser, expect

from phone.call import PhoneCall
from phone.user_agent import UserAgent

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CAP_MS = (
    2500  # longer than a busy machine takes for anything, so that "at once" can be told from "after the cap"
)
UNKNOWN = "+46317770001"
# English; no employee number; the printer.
UNKNOWN_KEYS = ("1", "*", *PRINTER_KEYS)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    prompts = brief_prompts(folder / "recordings")
    with running_installation(folder, own_prompts=prompts, offer_cap_ms=CAP_MS) as system:
        yield system


@pytest.fixture(autouse=True)
def _maria_has_no_open_case(system: Installation) -> None:
    begin_anew(system, MARIA)


@pytest_asyncio.fixture(loop_scope="module")
async def desk_phone(system: Installation) -> AsyncIterator[UserAgent]:
    """Anna's desk phone, connected; nobody picks it up."""
    ringing: list[PhoneCall] = []
    server = (system.settings.host, system.settings.sip_port)
    phone = UserAgent("anna-phone", server, system.secrets.sip["anna-phone"], on_invite=ringing.append)
    await phone.open()
    await phone.register()
    yield phone
    await phone.close()


async def missed(caller: Caller) -> dict[str, Any]:
    """The first offer of this call, once the phone rings although the screen was not ready."""
    await caller.reaches("ringing")
    offer = caller.offers[0]
    assert offer["agent"] == "anna"
    assert offer["shown_ms"] is None
    assert caller.report()["pop_lead_ms"] is None
    return offer


async def test_a_hidden_page_makes_the_phone_ring_at_once(browser: Browser, system: Installation) -> None:
    own_profile = browser.contexts[0]
    anna = Visitor(await witnessed_page(own_profile), system)
    await anna.log_in("anna")
    await anna.be_ready()
    another_page = await own_profile.new_page()
    try:
        async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as caller:
            offer = await missed(caller)
            assert offer["missed"] == "hidden_tab"
            assert offer["ringing_ms"] - offer["offered_ms"] < CAP_MS

            await anna.page.bring_to_front()
            await expect(anna.at("pop-caller")).to_have_text("Maria Lind")
            await expect(anna.page.get_by_text("this tab was hidden")).to_be_visible()
            await anna.press("a")
            await anna.phone_is("talking")
    finally:
        await another_page.close()
        await anna.page.close()


async def test_a_page_that_is_too_slow_is_waited_for_no_longer_than_the_cap(
    anna: Visitor, system: Installation
) -> None:
    await anna.page.evaluate("window.requestAnimationFrame = () => 0")  # it never comes to painting
    async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as caller:
        offer = await missed(caller)
        assert offer["missed"] == "slow"
        assert offer["ringing_ms"] - offer["offered_ms"] >= CAP_MS
        await anna.phone_is("ringing")
        await expect(anna.page.get_by_text("the page was too slow")).to_be_visible()


async def test_without_any_browser_the_desk_phone_rings_after_the_cap(
    browser: Browser, system: Installation, desk_phone: UserAgent
) -> None:
    async with visitor(browser, system) as anna:
        await anna.log_in("anna")
        await anna.be_ready("phone")
    async with on_the_line(system, *PRINTER_KEYS, number=MARIA) as caller:
        offer = await missed(caller)
        assert offer["missed"] == "no_browser"
        assert offer["ringing_ms"] - offer["offered_ms"] >= CAP_MS


async def test_a_hostile_name_is_shown_as_text_and_never_executed(
    anna: Visitor, system: Installation
) -> None:
    name = """<img src=x onerror="witness.hacked=1"><script>witness.hacked=1</script>"""
    async with on_the_line(system, *UNKNOWN_KEYS, number=UNKNOWN, name=name) as caller:
        await anna.phone_is("ringing")
        assert "<script>" in caller.seen["name"]
        for place in ("pop-caller", "my-call", "call-item"):
            await expect(anna.at(place)).to_contain_text(caller.seen["name"])
        assert await anna.page.locator("img, script:not([src])").count() == 0
        assert await anna.witnessed("hacked") is None
        assert caller.report()["pop_lead_ms"] > 0
