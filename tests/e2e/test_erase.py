"""Somebody who has called is erased while the server runs: no byte of theirs is left, every figure is."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from command_line import svarklar
from installation import PRINTER, Installation
from people import living_calls, new_contact

from casestore import erasure
from casestore.db import Store
from domain.calls import ENDED_KNOWN_S
from domain.clock import now_ms
from phone.agent import AgentPhone
from svarklar.erasing import erase_person

pytestmark = pytest.mark.server

Eventually = Callable[..., Awaitable[Any]]

NAME, EMAIL, EMPLOYEE_NUMBER, SITE = "Quirinia Åkerzwölf", "quirinia.aakerzwoelf@example.org", "7319", "Härnö"

CASE = "number, version, status, service, category, impact, urgency, priority, contact_id, call_id, opened_ms"
OTHER = "my screen is broken and I cannot work"


async def test_whoever_is_erased_leaves_figures_and_nothing_else(
    system: Installation, agent: AgentPhone, eventually: Eventually
) -> None:
    number = new_contact(system, NAME, email=EMAIL, employee_number=EMPLOYEE_NUMBER, site=SITE)
    said = (await system.call(PRINTER, "yes", number=number))["transcript"]
    await system.call(PRINTER, number=number, hangup_after_s=6.0)
    await system.call("1", f"{EMPLOYEE_NUMBER}#", number="", hangup_after_s=16.0)
    await system.call(OTHER, "yes", number=new_contact(system))
    await eventually(lambda: living_calls(system) == 0)
    before = await asyncio.to_thread(figures, system)
    traces = (NAME, EMAIL, SITE, number.removeprefix("+46"), said, said.capitalize())
    assert set(await asyncio.to_thread(found, system, traces)) >= set(traces[:-1])

    refused = await asyncio.to_thread(svarklar, system.settings, "contacts", "erase", number, "--yes")
    assert (refused.returncode, "has only just ended" in refused.stderr) == (1, True)
    await asyncio.to_thread(erase_later, system, number)

    await system.call(OTHER, "yes", number=new_contact(system), hangup_after_s=16.0)
    await eventually(lambda: living_calls(system) == 0)
    assert await asyncio.to_thread(found, system, traces) == {}
    after = await asyncio.to_thread(figures, system)
    assert before["calls"].items() <= after["calls"].items()
    assert after["cases"][: len(before["cases"])] == before["cases"]
    assert all(after["facts"][kind] >= count for kind, count in before["facts"].items())
    same = await asyncio.to_thread(svarklar, system.settings, "facts", "replay", "--compare")
    assert same.returncode == 0, same.stdout + same.stderr


def erase_later(system: Installation, who: str) -> None:
    """As the command does once the server has forgotten the calls, without waiting for that."""
    with closing(Store(system.settings.database)) as store:
        with store.reading() as tx:
            (contact,) = erasure.find(tx, who, region="SE")
        later_ms = now_ms() + int(ENDED_KNOWN_S * 1000) + 1
        assert erase_person(system.settings, store, contact, later_ms)[1] == ""


def figures(system: Installation) -> dict[str, Any]:
    """What reports are made of: each call's course and length, how many facts of each kind."""
    with closing(sqlite3.connect(system.settings.database_file)) as database:
        rows = database.execute("SELECT call_id, outcome, agent, contact_id, call FROM calls").fetchall()
        kinds = database.execute("SELECT kind, count(*) FROM facts GROUP BY kind").fetchall()
        cases = database.execute(f"SELECT {CASE} FROM cases ORDER BY number").fetchall()
    course = ("stage", "outcome", "match", "how", "language", "queue", "marks", "offers", "dialogue")
    calls = {}
    for call_id, outcome, agent, contact_id, stored in rows:
        call = json.loads(stored)
        calls[call_id] = (outcome, agent, contact_id, [call[name] for name in course])
    return {"calls": calls, "facts": Counter(dict(kinds)), "cases": cases}


def found(system: Installation, traces: tuple[str, ...]) -> dict[str, list[str]]:
    """In which files of `var` each trace stands, however it is written there; and in our own log."""
    places: dict[str, list[str]] = {}
    for file in files_of(system):
        held = file.read_bytes()
        for trace in traces:
            if any(form in held for form in forms(trace)):
                places.setdefault(trace, []).append(file.name)
    return places


def files_of(system: Installation) -> Iterator[Path]:
    yield system.log
    yield from (path for path in system.settings.var.rglob("*") if path.is_file())


def forms(trace: str) -> set[bytes]:
    escaped = json.dumps(trace)[1:-1]
    texts = {trace, escaped, escaped.upper(), quote(trace), quote(trace).lower()}
    return {text.encode(encoding) for text in texts for encoding in ("utf-8", "utf-16-le", "utf-16-be")}
