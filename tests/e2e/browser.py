"""A real Chromium and the people at it: what their pages show, complain about, and whom they talk to."""

import asyncio
import re
import shutil
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy
import pytest
from callers import tone, write_wav
from installation import Installation
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    WebSocket,
    async_playwright,
    expect,
)

HUMS_HZ = (620, 930)  # what the agents' microphone hears, in turns
CALL_TIMEOUT_MS = 40_000  # bounds a failure: the caller talks to the voice response first
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--mute-audio",
    "--window-size=1280,807",
    "--remote-debugging-port=0",
)
_WITNESS = Path(__file__).with_name("witness.js").read_text()
_REFUSED = re.compile(r"status of (401|403|404|409|422|429|503)")
_WORD_OF_THE_WIRE = re.compile(r'"type":\s*"(\w+)"|^([A-Z]+|SIP/2\.0 \d+) ')


@asynccontextmanager
async def chromium(microphone: Path) -> AsyncIterator[Browser]:
    """Chromium as a person starts it; its microphone hears this WAV file over and over.

    Pages of the browser's own profile (`browser.contexts[0]`) hide when another tab comes to the front;
    those of a new context believe to be in front for ever.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = (f"--use-file-for-fake-audio-capture={microphone}", f"--user-data-dir={profile}")
        process = await asyncio.create_subprocess_exec(
            program, *_FLAGS, *own, "about:blank", stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            address = await _debugging_address(process, Path(profile) / "DevToolsActivePort")
            async with async_playwright() as playwright:
                yield await playwright.chromium.connect_over_cdp(address, no_defaults=True)
        finally:
            process.terminate()
            await process.wait()


async def _debugging_address(process: asyncio.subprocess.Process, file: Path) -> str:
    """Where Chromium says that it can be talked to, once it has written it down."""
    for _ in range(300):
        with suppress(FileNotFoundError, ValueError):  # not there, or not yet whole
            port, path = (await asyncio.to_thread(file.read_text)).splitlines()
            return f"ws://127.0.0.1:{port}{path}"
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    pytest.fail(f"Chromium does not start ({process.returncode})", pytrace=False)


def humming(path: Path) -> Path:
    """A microphone that hears two pitches in turns: a steady one would be taken for noise and removed."""
    pause = numpy.zeros(1600, "<i2")
    return write_wav(path, numpy.concatenate([part for hz in HUMS_HZ for part in (tone(hz, 0.3), pause)]))


class Visitor:
    """A person with a page of ours open.

    `complaints` of the browser's console, `hosts` it talked to, `wire`: the kind of each message of its
    WebSockets in their order (`sent painted`, `received INVITE`).
    """

    def __init__(self, page: Page, system: Installation) -> None:
        self.page = page
        self.system = system
        self.complaints: list[str] = []
        self.hosts: set[str | None] = set()
        self.wire: list[str] = []
        page.on("console", self._complained)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))
        page.on("websocket", self._follow)

    def at(self, testid: str) -> Locator:
        """What bears this `data-testid`."""
        return self.page.get_by_test_id(testid)

    async def press(self, *keys: str) -> None:
        """Press keys of the keyboard, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def log_in(self, username: str, to: str = "/") -> None:
        """Log in, and be on the page one wanted."""
        await self.page.goto(f"{self.system.web}/login?to={to}")
        await self.at("login-username").fill(username)
        await self.at("login-password").fill(self.system.secrets.demo[username])
        await self.at("login-submit").click()
        await self.page.wait_for_url(f"{self.system.web}{to}")

    async def be_ready(self, phone: str = "browser") -> None:
        """Take calls from now on, at the browser's phone or the desk phone (`phone`)."""
        await self.at("phone-choice").select_option(phone)
        await expect(self.at("phone-choice")).to_have_value(phone)
        shown, state = ("softphone", "registered") if phone == "browser" else ("deskphone", "idle")
        await expect(self.at(f"{shown}-status")).to_have_attribute("data-state", state)
        await self.press("r")
        await expect(self.at("presence")).to_have_attribute("data-presence", "ready")

    async def phone_is(self, state: str, timeout_ms: float = CALL_TIMEOUT_MS) -> None:
        """Wait until the softphone is `ringing`, `talking` or `held`, or (`none`) no call is on it."""
        shown = self.at("softphone-state")
        if state == "none":
            await expect(shown).to_have_count(0, timeout=timeout_ms)
        else:
            await expect(shown).to_have_attribute("data-state", state, timeout=timeout_ms)

    async def sound_received(self) -> dict[str, Any]:
        """What WebRTC says of the sound that came in: `packetsReceived`, `totalAudioEnergy` and more."""
        statistics: dict[str, Any] = await self.page.evaluate("witness.soundReceived()")
        return statistics

    async def witnessed(self, what: str) -> Any:
        """What the page's witness has seen: see witness.js."""
        return await self.page.evaluate(f"witness.{what}")

    def _complained(self, message: ConsoleMessage) -> None:
        # Chromium tells of each no of the server; so does the page, to whoever it concerns.
        if message.type in ("error", "warning") and not _REFUSED.search(message.text):
            self.complaints.append(message.text)

    def _follow(self, socket: WebSocket) -> None:
        self.hosts.add(urlsplit(socket.url).hostname)
        socket.on("framesent", lambda text: self._note("sent", text))
        socket.on("framereceived", lambda text: self._note("received", text))

    def _note(self, direction: str, text: str | bytes) -> None:
        word = _WORD_OF_THE_WIRE.search(text if isinstance(text, str) else "")
        if word:
            self.wire.append(f"{direction} {word.group(1) or word.group(2)}")


@asynccontextmanager
async def visitor(browser: Browser, system: Installation, **context: Any) -> AsyncIterator[Visitor]:
    """Somebody with a browser profile of their own, nothing opened yet.

    Whatever they do, the page talks to this machine alone and the browser has nothing to complain of: no
    error of a script, nothing that the content security policy had to stop.
    """
    usual = {"viewport": {"width": 1280, "height": 720}, "locale": "en-GB"}
    profile = await browser.new_context(**{**usual, **context})
    try:
        somebody = Visitor(await witnessed_page(profile), system)
        yield somebody
        assert somebody.complaints == [], somebody.complaints
        assert somebody.hosts <= {"127.0.0.1"}
    finally:
        await profile.close()


async def witnessed_page(profile: BrowserContext) -> Page:
    """A new page with a witness in it."""
    page = await profile.new_page()
    page.set_default_timeout(15_000)
    await page.add_init_script(_WITNESS)
    return page
