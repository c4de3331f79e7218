"""What the commands of the command line do."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from casestore import contacts, knowledge
from cti.asterisk.install.binary import TEMPLATES, AsteriskMissing, find_asterisk
from domain.languages import LANGUAGES
from ivr.speaking.prompts import make_all
from ivr.speech.models.installed import ModelUnusable, add, installed
from ivr.texts import catalogue
from phone.agent import DeskRefused
from phone.caller import Keys, Turn
from phone.codecs import codec
from phone.user_agent import CallFailed
from svarklar.cli.calling import CallPlan, place_call, recording, speech
from svarklar.cli.demo import callers_voice, demo_call, failures, printer, timeline_file
from svarklar.preparation import KNOWLEDGE, open_store, prepare, prompts
from svarklar.secrets import load_secrets
from svarklar.settings import Settings
from svarklar.up import running, until_told_to_stop
from svarklar.var_lock import VarLock

_NEWCOMER_S = 6.0  # for somebody to log in before the demo shows itself


async def run_up(settings: Settings, console: Console, lock: VarLock, *, demo: bool) -> None:
    """Asterisk and `serve` until Ctrl-C, with a demo call where nobody is ready. Raises as `running`."""
    secrets, agents = await asyncio.to_thread(prepare, settings)
    async with running(settings, secrets, agents, lock):
        _print_addresses(settings, secrets.demo, console)
        showing = asyncio.create_task(_show(settings, console)) if demo and secrets.demo else None
        await until_told_to_stop()
        if showing:
            showing.cancel()
        console.print("Ending …")


async def run_demo(settings: Settings, console: Console, lock: VarLock) -> list[str]:
    """One demo call from start to end; what failed. Raises as `running`."""
    secrets, agents = await asyncio.to_thread(prepare, settings)
    async with running(settings, secrets, agents, lock):
        try:
            report = await demo_call(settings, secrets, printer(console), even_if_staffed=True)
        except (CallFailed, DeskRefused, TimeoutError) as error:
            return [f"the demo call failed: {error}"]
    file = timeline_file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"The timeline is in {file}", highlight=False)
    return failures(report or {"ms": {}, "case": None, "suggestions": []})


async def run_call(
    settings: Settings,
    console: Console | None,
    *,
    number: str,
    to: str = "",
    turns: Sequence[tuple[str, Any]],
    codec_name: str,
    barge_in: bool,
    hangup_after_s: float | None,
) -> dict[str, Any]:
    """One call; its report. Raises CallFailed, WavUnusable, ValueError."""
    secrets = load_secrets(settings, ())
    taken = await asyncio.to_thread(_turns, settings, turns, codec(codec_name).rate_hz)
    plan = CallPlan(
        number=number,
        to=to,
        turns=taken,
        codec=codec_name,
        barge_in=barge_in,
        hangup_after_s=hangup_after_s,
    )
    return await place_call(settings, secrets, plan, printer(console) if console else None)


def import_contacts_from(settings: Settings, file: Path, console: Console, errors: Console) -> int:
    """Import a CSV file; the exit code."""
    store = open_store(settings)
    # Broken bytes become characters that no field may hold: they cost their row and not the file.
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        report = contacts.import_csv(store, lines, region=settings.region)
    return _told(report, "contacts", console, errors)


def import_articles_from(settings: Settings, folder: Path | None, console: Console, errors: Console) -> int:
    """Import a folder of articles, the shipped one where none is named; the exit code."""
    store = open_store(settings)
    with store.uow() as tx:
        report = knowledge.import_directory(tx, folder or KNOWLEDGE)
    return _told(report, "articles", console, errors)


def show_models(settings: Settings, console: Console) -> None:
    """A table of the installed models."""
    table = Table("language", "model", "engine", "folder", "used without asking at")
    for model in installed(settings):
        spoken, accept = ", ".join(model.languages), f"{model.thresholds.accept:.2f}"
        table.add_row(spoken, model.name, model.engine, str(model.path), accept)
    console.print(table)


def add_model_of(settings: Settings, model: str, console: Console, errors: Console) -> int:
    """Add a model; the exit code."""
    try:
        with console.status(f"Adding {model} …") as status:
            added = add(settings, model, lambda done: status.update(f"Fetching {model}: {done:.0%}"))
    except ModelUnusable as error:
        errors.print(f"[red]{error}[/]", highlight=False)
        return 1
    spoken = ", ".join(added.languages)
    console.print(f"Added {added.name} for {spoken}: calls use it from now on.", highlight=False)
    return 0


def fetch_asterisk(settings: Settings) -> None:
    """Return when a usable Asterisk is there, else become the script that fetches one."""
    try:
        find_asterisk(settings)
    except AsteriskMissing:
        sys.stdout.flush()
        # By bash and not by itself: what unpacks a wheel may forget that it may be run.
        script = ("bash", str(TEMPLATES / "fetch.sh"), str(settings.unpacked_asterisk))
        os.execvp("bash", script)  # noqa: S606, S607


def make_prompts(settings: Settings, console: Console) -> None:
    """Every fixed prompt in every language and rate."""
    texts = [
        (language, key, text) for language in LANGUAGES for key, text in catalogue(language).fixed_prompts()
    ]
    with console.status("Making the prompts …"):
        count = make_all(prompts(settings), texts)
    console.print(f"{count} prompts are ready.")


def _turns(settings: Settings, turns: Sequence[tuple[str, Any]], rate_hz: int) -> list[Turn]:
    voice = callers_voice(settings)
    made: list[Turn] = []
    for kind, value in turns:
        match kind:
            case "say":
                made.append(speech(voice, value, "en", rate_hz))
            case "wav":
                made.append(recording(Path(value), rate_hz))
            case "keys":
                made.append(Keys(value))
    return made


async def _show(settings: Settings, console: Console) -> None:
    """The demo call, if nobody has come in the meantime."""
    await asyncio.sleep(_NEWCOMER_S)
    console.print("\n[bold]A demo call[/]: Maria phones, Bo answers at a desk phone.", highlight=False)
    try:
        secrets = load_secrets(settings, ())
        report = await demo_call(settings, secrets, printer(console), even_if_staffed=False)
    except (CallFailed, DeskRefused, TimeoutError, OSError) as error:
        console.print(f"[red]The demo call failed:[/] {error}", highlight=False)
        return
    if report is None:
        console.print("An agent is ready: no demo is needed.")
        return
    for line in failures(report):
        console.print(f"[red]{line}[/]", highlight=False)
    if report["pop_lead_ms"] is not None:
        console.print(
            f"The screen was ready {report['pop_lead_ms']} ms before the phone rang.", highlight=False
        )


def _print_addresses(settings: Settings, logins: Mapping[str, str], console: Console) -> None:
    web = settings.web_url
    table = Table.grid(padding=(0, 2))
    table.add_row("Desk", f"[bold]{web}/[/]")
    table.add_row("Call from the browser", f"{web}/phone")
    table.add_row("Call by SIP", f"sip:{settings.support_number}@{settings.host}:{settings.sip_port}")
    for username, password in logins.items():
        table.add_row(f"Demo login {username}", password)
    console.print(table, highlight=False)
    console.print("Ctrl-C ends everything.")


def _told(report: Any, what: str, console: Console, errors: Console) -> int:
    for line in report.errors:
        errors.print(f"[red]{line}[/]", highlight=False)
    console.print(f"{what}: {report.added} added, {report.changed} changed, {len(report.errors)} refused.")
    return 1 if report.errors else 0
