"""The demo: a caller and an agent without hands take one call, as ordinary clients of the running server."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from casestore.db import Store
from domain.clock import now_ms
from domain.endpoints import endpoint
from ivr.speaking.voices import Flite, Speaker, best_voices, find_flite
from phone.agent import AgentPhone
from phone.caller import Turn
from phone.codecs import codec
from phone.timeline import STEPS, detail
from svarklar import demo_people
from svarklar.cli.calling import CallPlan, OnStep, place_call, speech
from svarklar.secrets import Secrets
from svarklar.settings import Settings

CALLER, AGENT = "+46701740605", "bo"
_STATEMENT = "the printer on our floor has a paper jam and nobody in the office can print"
_CODEC = "g722"


def callers_voice(settings: Settings) -> Speaker:
    """Another voice than the prompts', where there is one."""
    flite = find_flite(settings.unpacked_asterisk)
    return Flite(flite, "rms") if flite else best_voices(settings.unpacked_asterisk)[-1]


async def demo_call(
    settings: Settings, secrets: Secrets, on_step: OnStep, *, even_if_staffed: bool
) -> dict[str, Any] | None:
    """One call from the demo caller to the demo agent; its report, None where a real agent is ready.

    Raises CallFailed, DeskRefused.
    """
    web = settings.web_url
    agent = AgentPhone(
        AGENT,
        secrets.demo[AGENT],
        web,
        (settings.host, settings.sip_port),
        secrets.sip[endpoint(AGENT, "phone")],
    )
    try:
        # A real agent is there: the demo must not take their calls from them.
        if await agent.log_in() and not even_if_staffed:
            return None
        await agent.be_ready()
        await asyncio.to_thread(_begin_anew, settings)
        voice, rate_hz = callers_voice(settings), codec(_CODEC).rate_hz
        said: list[Turn] = [
            await asyncio.to_thread(speech, voice, text, "en", rate_hz) for text in (_STATEMENT, "yes")
        ]
        plan = CallPlan(number=CALLER, name="Maria Lind", turns=said, codec=_CODEC)
        return await place_call(settings, secrets, plan, on_step)
    finally:
        await agent.close()


def _begin_anew(settings: Settings) -> None:
    """A caller with an open case is asked about that first; the demo shows a new case."""
    store = Store(settings.database)
    try:
        with store.uow() as tx:
            demo_people.close_cases(tx, CALLER, now_ms=now_ms())
    finally:
        store.close()


def printer(console: Console) -> OnStep:
    """Prints each step of a timeline as it happens."""

    def show(step: str, ms: int, call: Mapping[str, Any]) -> None:
        console.print(
            f"[dim]{ms:>7} ms[/]  [bold]{step:<11}[/]", detail(step, call), highlight=False, soft_wrap=True
        )

    return show


def failures(report: Mapping[str, Any]) -> list[str]:
    """What of the main job did not happen in this call; empty when it all did."""
    ms: Mapping[str, int | None] = report["ms"]
    failed = [f"the step {step!r} did not happen" for step in STEPS if ms[step] is None]
    if not report["case"]:
        failed.append("no case was registered")
    if not report["suggestions"]:
        failed.append("no solution was suggested")
    if not failed and report["pop_lead_ms"] <= 0:
        failed.append("the phone rang before the screen was ready")
    return failed


def timeline_file(settings: Settings) -> Path:
    """Where `svarklar demo` leaves its report."""
    return settings.timeline_file
