"""A hundred spoken calls with a browser present: is the screen ready before the phone rings, and how soon?"""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright
from rich.console import Console

from casestore import contacts
from casestore.db import Store
from phone.agent import AgentPhone
from svarklar.cli.calling import CallPlan, place_call
from tests.bench.figures import Figure, percentile, resident_mb
from tests.e2e.installation import PRINTER, Installation, running_installation

CALLS, AT_ONCE = 100, 4
_APART_S = 1.7  # people do not dial in step
TITLE = f"{CALLS} spoken calls, {AT_ONCE} at once, two agents whose desks are open in Chromium"
_CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip

# For each pop that was said to be painted: how much later, in ms, the browser had its pixels on the screen.
_WATCH_PIXELS = """
  window.pixelsAfterMs = [];
  let painted = null;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.entryType === "mark" && entry.name.startsWith("pop-painted")) painted = entry.startTime;
      if (entry.entryType === "element" && painted !== null) {
        window.pixelsAfterMs.push(entry.renderTime - painted);
        painted = null;
      }
    }
  }).observe({ entryTypes: ["mark", "element"] });
"""


async def measure(folder: Path, console: Console, calls: int = CALLS) -> list[Figure]:
    """The figures of so many calls to two agents whose desks are open in Chromium."""
    with running_installation(folder) as system:
        add_callers(system, calls)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
            agents = [await _agent_with_browser(system, name, browser) for name in ("anna", "bo")]
            await take_figures(system)  # those of the logins
            idle_mb = _memory_mb(system)
            stalls: list[float] = []
            memory_mb: list[float] = [idle_mb]
            reports = await _all_calls(system, calls, stalls, memory_mb, console)
            pixels_ms: list[float] = []
            for agent, page in agents:
                pixels_ms += await page.evaluate("window.pixelsAfterMs")
                await agent.close()
            await browser.close()
    return _figures(reports, stalls, pixels_ms, (max(memory_mb) - idle_mb) / AT_ONCE)


async def _agent_with_browser(system: Installation, username: str, browser: Any) -> tuple[AgentPhone, Page]:
    """The page paints; a desk phone without hands answers."""
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    await page.add_init_script(_WATCH_PIXELS)
    await page.goto(f"{system.web}/login")
    await page.get_by_test_id("login-username").fill(username)
    await page.get_by_test_id("login-password").fill(system.secrets.demo[username])
    await page.get_by_test_id("login-submit").click()
    await page.get_by_test_id("presence").wait_for()
    agent = system.agent(username)
    agent.paints = False
    await agent.log_in()
    await agent.be_ready()
    return agent, page


async def _all_calls(
    system: Installation, count: int, stalls: list[float], memory_mb: list[float], console: Console
) -> list[dict[str, Any]]:
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0
    # Any key cuts the closing words short: the call is about the pop, not about them.
    turns = system.says(PRINTER, "1", "1")

    async def one(index: int) -> dict[str, Any]:
        nonlocal done
        async with gate:
            if index < AT_ONCE:
                await asyncio.sleep(index * _APART_S)
            report = await place_call(
                system.settings,
                system.secrets,
                CallPlan(number=number(index), turns=turns, barge_in=True),
            )
            memory_mb.append(_memory_mb(system))
        stalls.append((await take_figures(system))["loop_longest_stall_ms"])
        done += 1
        status.update(f"calls: {done} of {count}")
        return report

    with console.status("calls") as status:
        return list(await asyncio.gather(*(one(index) for index in range(count))))


def _figures(
    reports: list[dict[str, Any]], stalls: list[float], pixels_ms: list[float], call_mb: float
) -> list[Figure]:
    leads = [report["pop_lead_ms"] for report in reports if report["pop_lead_ms"] is not None]
    ahead = sum(lead > 0 for lead in leads)
    paints = [_between(report, "offered", "shown") for report in reports if report["ms"]["shown"] is not None]
    heard = [
        _between(report, "speech_end", "registered")
        for report in reports
        if report["ms"]["heard"] is not None
    ]
    paint_ms, stall_ms = percentile(paints, 0.99), max(stalls)
    return [
        Figure(
            name=f"calls whose screen was ready before the ring, of {len(reports)}",
            value=f"{ahead}",
            goal="all",
            met=ahead == len(reports),
        ),
        Figure(
            name="pop lead, shortest / median",
            value=f"{min(leads)} / {percentile(leads, 0.5)} ms",
            goal="> 0",
        ),
        Figure(
            name="AGI event → painted in Chromium, p50 / p99",
            value=f"{percentile(paints, 0.5)} / {paint_ms} ms",
            goal="p99 ≤ 50 ms",
            met=paint_ms <= 50,
        ),
        Figure(
            name="painted → its pixels on the screen, which Chromium draws in software here, p50 / p99",
            value=f"{percentile(pixels_ms, 0.5):.0f} / {percentile(pixels_ms, 0.99):.0f} ms",
        ),
        Figure(
            name="end of speech detected → case registered, p50 / p95",
            value=f"{percentile(heard, 0.5)} / {percentile(heard, 0.95)} ms",
        ),
        Figure(
            name=f"the loop's longest stall while {AT_ONCE} callers talk",
            value=f"{stall_ms:.1f} ms (p95 over the calls {percentile(stalls, 0.95):.1f} ms)",
            goal="≤ 5 ms",
            met=stall_ms <= 5,
        ),
        Figure(name="memory per call (all processes of the server)", value=f"{max(0.0, call_mb):.1f} MB"),
    ]


def _between(report: dict[str, Any], first: str, last: str) -> int:
    return int(report["ms"][last] - report["ms"][first])


def number(index: int) -> str:
    """The number that this contact of `add_callers` calls from."""
    return f"+4670999{index:04d}"


def add_callers(system: Installation, count: int, names: int = CALLS) -> None:
    """A contact for each call, of so many names: who has an open case would be asked about it first."""
    store = Store(system.settings.database)
    with store.uow() as tx:
        for index in range(count):
            contacts.add(
                tx,
                name=f"Caller {index % names}",
                employee_number=str(6000 + index),
                language="en",
                numbers=(number(index),),
            )
    store.close()


async def take_figures(system: Installation) -> dict[str, float]:
    """What the server has measured of itself since last asked."""
    headers = {"Authorization": f"Bearer {system.secrets.api_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{system.web}/api/figures") as answer,
    ):
        figures: dict[str, float] = await answer.json()
        return figures


def _memory_mb(system: Installation) -> float:
    """Resident memory of `up` and everything below it, without Asterisk."""
    return sum(resident_mb(pid) for pid in _descendants(system.process.pid) if "asterisk" not in _name(pid))


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _descendants(int(child)))]


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
