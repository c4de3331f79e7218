"""`svarklar doctor`: what works, what does not, and what to do about it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import aiohttp
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from casestore import knowledge, users
from casestore.db import Store, StoreBusy, StoreUnusable
from casestore.outbox import OutboxFile
from cti.asterisk.install.binary import AsteriskMissing, find_asterisk
from cti.processes import go_first
from domain.languages import LANGUAGES
from ivr.speaking.voices import SpeechFailed, best_voices
from ivr.speech.models.installed import installed
from screenpop.server.config import STATIC
from svarklar.secrets import SecretsUnusable, load_secrets
from svarklar.settings import Settings

State = Literal["works", "weaker", "broken"]
_SIGNS: dict[State, str] = {
    "works": "[green]works[/]",
    "weaker": "[yellow]weaker[/]",
    "broken": "[red]broken[/]",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it does not simply work."""

    what: str
    state: State
    detail: str
    advice: str = ""


async def examine(settings: Settings, console: Console) -> bool:
    """Print every finding; whether nothing is broken."""
    findings = [*await asyncio.to_thread(_look, settings), await _server(settings)]
    table = Table("", "part", "found", "what to do")
    for finding in findings:
        table.add_row(_SIGNS[finding.state], finding.what, finding.detail, finding.advice)
    console.print(table, highlight=False)
    return all(finding.state != "broken" for finding in findings)


def _look(settings: Settings) -> list[Finding]:
    looks = (_secrets, _asterisk, _processor, _database, _outbox, _pages, _voices, _speech)
    return [finding for look in looks for finding in look(settings)]


def _secrets(settings: Settings) -> Iterator[Finding]:
    try:
        load_secrets(settings, ())
        yield Finding("secrets", "works", "readable by their owner alone")
    except (SecretsUnusable, OSError) as error:
        yield Finding("secrets", "broken", "cannot be used", str(error))


def _asterisk(settings: Settings) -> Iterator[Finding]:
    try:
        found = find_asterisk(settings)
        yield Finding("Asterisk", "works", f"{found.version} ({found.argv[-1]})")
    except AsteriskMissing as error:
        yield Finding("Asterisk", "broken", "not found", str(error))


def _processor(_settings: Settings) -> Iterator[Finding]:
    if go_first():
        yield Finding("processor", "works", "telephone sound goes before other programs")
    else:
        advice = "allow real-time priority 1: LimitRTPRIO=1 in the unit, or ulimit -r 1"
        yield Finding("processor", "weaker", "telephone sound waits behind other programs", advice)


def _database(settings: Settings) -> Iterator[Finding]:
    store = Store(settings.database)
    try:
        with store.uow() as tx:
            people, articles = len(users.all_users(tx)), len(knowledge.articles(tx))
        yield Finding("database", "works", f"{people} users, {articles} articles")
        if not articles:
            yield Finding("knowledge base", "weaker", "is empty", "svarklar kb import")
    except StoreBusy:
        yield Finding("database", "broken", "is locked", "end what holds it open")
    except StoreUnusable as error:
        yield Finding("database", "broken", str(error), "make room, or bring back what it was")
    except SQLAlchemyError as error:
        yield Finding("database", "broken", type(error).__name__, "svarklar db upgrade")
    finally:
        store.close()


def _outbox(settings: Settings) -> Iterator[Finding]:
    try:
        waiting, refused = OutboxFile(settings.outbox_file).count()
    except StoreUnusable as error:
        yield Finding("outbox", "broken", str(error), "make room, or put the file aside")
        return
    if refused:
        advice = "svarklar outbox list"
        yield Finding("outbox", "weaker", f"{refused} changes of cases were refused for good", advice)
    if waiting:
        detail = f"{waiting} changes of cases wait for the database"
        yield Finding("outbox", "weaker", detail, "they are written while the server runs")
    elif not refused:
        yield Finding("outbox", "works", "nothing waits")


def _pages(_settings: Settings) -> Iterator[Finding]:
    if (STATIC / "index.html").is_file():
        yield Finding("pages", "works", "built")
    else:
        yield Finding("pages", "broken", "not built", "make setup")


def _voices(settings: Settings) -> Iterator[Finding]:
    for voice in best_voices(settings.unpacked_asterisk):
        languages = sorted(voice.languages())
        try:
            # Really spoken: a voice may be installed and miss its data.
            for language in languages:
                voice.say("1", language)
            yield Finding(f"voice {voice.name}", "works", ", ".join(languages))
        except SpeechFailed as error:
            yield Finding(f"voice {voice.name}", "weaker", str(error), "prompts are spoken by the next voice")


def _speech(settings: Settings) -> Iterator[Finding]:
    heard = {language: model for model in installed(settings) for language in model.languages}
    for language in dict.fromkeys((*LANGUAGES, *heard)):
        if language in heard:
            model = heard[language]
            detail = f"{model.name}, used without asking at {model.thresholds.accept:.2f}"
            if model.bundled:
                advice = "for strangers' voices: svarklar model add en"
                yield Finding(f"hearing {language}", "weaker", detail, advice)
            else:
                yield Finding(f"hearing {language}", "works", detail)
        else:
            advice = f"svarklar model add {language}, or a model's folder"
            yield Finding(
                f"hearing {language}", "weaker", "no model: callers go by keys and are recorded", advice
            )


async def _server(settings: Settings) -> Finding:
    url = f"{settings.web_url}/healthz"
    try:
        timeout = aiohttp.ClientTimeout(total=3)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            parts = (await response.json()).get("parts", {})
        failing = ", ".join(f"{part}: {state}" for part, state in parts.items() if state != "ok")
        if failing:
            return Finding("server", "broken", failing, "its log says why")
        return Finding("server", "works", f"answers at {url}")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Finding("server", "weaker", "does not run", "make run, or svarklar up")
