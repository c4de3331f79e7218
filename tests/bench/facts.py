"""What writing everything down costs, and what it gives back: facts a second, replay, start, a recording."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

from rich.console import Console

from casestore import calls, recordings
from casestore.db import Store
from casestore.tables import RecordingRow
from cti.call_store import CallStore
from cti.fact_writer import FactWriter
from cti.facts import fact_of
from cti.replay import compare, replay
from domain.calls import Call, CallAnswered, CallEnded, QueueJoined
from domain.case_events import SuggestionsFound
from domain.cases import Suggestion
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    SpeechEnded,
    SpokenWord,
    StatementHeard,
)
from domain.event import CallEvent, Event
from domain.facts import Fact
from domain.offers import AgentConnected, OfferMade, OfferShown, RingStarted
from tests.bench.figures import Figure, percentile
from tests.case_work import told
from tests.servers import running_postgresql

TITLE = "What happened, written down"

_AT_ONCE = 100  # what the bridge takes in as one group
_EACH, _ALONE = 50, 300
_FACTS = 100_000
_CALLS = 100_000
_RECORDINGS = 100_000
_PAGE = 5_000

_STATEMENT = "my printer on the third floor prints only blank pages since this morning"
_WORDS = tuple(
    SpokenWord(text=word, start_s=n / 2, end_s=n / 2 + 0.4, confidence=0.97)
    for n, word in enumerate(_STATEMENT.split())
)
_CASE = "C-000001"


async def measure(folder: Path, console: Console, facts: int = _FACTS) -> list[Figure]:
    """Each figure on a database of its own that synchronises every commit to the disk."""
    figures = []
    with console.status("facts appended, SQLite"):
        figures += await _appended("SQLite", f"sqlite:///{folder / 'appended.db'}", folder)
    with console.status("facts appended, PostgreSQL"), running_postgresql() as server:
        figures += await _appended("PostgreSQL", server.emptied_database(), folder)
    for part in (_replayed, _started):
        with console.status(f"{facts} facts, calls"):
            figures += await asyncio.to_thread(part, folder, facts)
    with console.status("recordings"):
        figures += await asyncio.to_thread(_recording_found, folder)
    return figures


async def _appended(database: str, url: str, folder: Path) -> list[Figure]:
    with closing(Store(url)) as store:
        await asyncio.to_thread(store.upgrade)
        kept = CallStore(store, lambda: 1)
        alone_s = await asyncio.to_thread(_one_by_one, kept)
        group_s = await _in_groups(kept)
    alone, group = _ALONE / alone_s, _AT_ONCE * _EACH / group_s
    return [
        Figure(name=f"facts appended, one commit each, {database}", value=f"{alone:,.0f}/s"),
        Figure(
            name=f"facts appended in groups of {_AT_ONCE}, {database}",
            value=f"{group:,.0f}/s ({group / alone:.0f} ×)",
            goal="≥ 10 × one commit each",
            met=group >= 10 * alone,
        ),
    ]


def _one_by_one(kept: CallStore) -> float:
    facts = [_fact(event) for event in islice(_happened("alone"), _ALONE)]
    began_s = time.perf_counter()
    for fact in facts:
        kept.append((fact,), {})
    return time.perf_counter() - began_s


async def _in_groups(kept: CallStore) -> float:
    writer = FactWriter(kept.append, node="main", clock=lambda: 1, patience_s=60)
    running = asyncio.create_task(writer.run())

    events = islice(_happened("group"), _AT_ONCE * _EACH)
    began_s = time.perf_counter()
    while group := list(islice(events, _AT_ONCE)):
        await writer.write(group, {})
    taken_s = time.perf_counter() - began_s
    running.cancel()
    writer.close()
    return taken_s


def _replayed(folder: Path, facts: int) -> list[Figure]:
    with closing(_sqlite(folder / "log.db")) as log, closing(_sqlite(folder / "fresh.db")) as fresh:
        kept = CallStore(log, lambda: 1)
        events = islice(_happened("log"), facts)
        while page := [_fact(event) for event in islice(events, _PAGE)]:
            kept.append(page, {})
        report = replay(log, fresh)
        began_s = time.perf_counter()
        compare(log, fresh)
        compared_s = time.perf_counter() - began_s
    return [
        Figure(
            name=f"replay of {facts:,} facts into {report.calls:,} calls",
            value=f"{report.seconds:.1f} s ({report.facts / report.seconds:,.0f}/s)",
        ),
        Figure(name=f"{report.calls:,} calls compared", value=f"{compared_s:.1f} s"),
    ]


def _started(folder: Path, _: int) -> list[Figure]:
    call = Call(
        call_id="", stage="ended", outcome="answered", transcript=_STATEMENT, words=_WORDS, case_number=_CASE
    )
    with closing(_sqlite(folder / "started.db")) as store:
        for first in range(0, _CALLS, _PAGE):
            numbers = range(first, first + _PAGE)
            ended = [replace(call, call_id=f"1.{n}", marks={"answered": n, "ended": n + 9}) for n in numbers]
            with store.uow() as tx:
                calls.save(tx, ended)
        living = [replace(call, call_id=f"2.{n}", stage="queued", outcome=None) for n in range(20)]
        kept = CallStore(store, lambda: 1)
        kept.save(living, 0)
        began_s = time.perf_counter()
        recovered = kept.recover(("dialogue",))
        taken_s = time.perf_counter() - began_s
    assert len(recovered.calls) == len(living)
    name = f"start: {len(living)} living calls known again beside {_CALLS:,} ended ones"
    return [Figure(name=name, value=f"{taken_s * 1000:.0f} ms", goal="≤ 1 s", met=taken_s <= 1)]


def _recording_found(folder: Path) -> list[Figure]:
    voices, taken_ms = folder / "recordings", []
    voices.mkdir()
    with closing(_sqlite(folder / "recordings.db")) as store:
        for first in range(1, _RECORDINGS, _PAGE):
            with store.uow() as tx:
                tx.add_all(map(_recording, range(first, first + _PAGE)))
        for number in random.Random(1).sample(range(1, _RECORDINGS + 1), 500):
            case = f"C-{number:06d}"
            (voices / f"{case}-1.wav").touch()
            began_s = time.perf_counter()
            with store.reading() as tx:
                found = recordings.find(tx, voices, case)
            taken_ms.append((time.perf_counter() - began_s) * 1000)
            assert found
    p50, p99 = percentile(taken_ms, 0.5), percentile(taken_ms, 0.99)
    name = f"a recording found among {_RECORDINGS:,}, p50 / p99"
    return [Figure(name=name, value=f"{p50:.2f} / {p99:.2f} ms", goal="p50 ≤ 1 ms", met=p50 <= 1)]


def _recording(number: int) -> RecordingRow:
    case = f"C-{number:06d}"
    return RecordingRow(
        case_number=case, attempt=1, file=f"{case}-1.wav", rate_hz=8000, length_ms=4000, at_ms=number
    )


def _sqlite(file: Path) -> Store:
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    return store


def _fact(event: Event) -> Fact:
    return fact_of(event, node="main", received_ms=1)


def _happened(name: str) -> Iterator[Event]:
    """One whole call after the other."""
    number = 0
    while True:
        number += 1
        yield from _call(f"{name}.{number}", number * 100_000)


def _call(call_id: str, at_ms: int) -> Iterator[Event]:
    def of(kind: type[CallEvent], after_ms: int, **fields: object) -> CallEvent:
        return kind(call_id=call_id, at_ms=at_ms + after_ms, **fields)  # type: ignore[arg-type]

    offer = {"offer_id": f"{call_id}/1", "agent": "anna"}
    yield of(CallAnswered, 0, sip_call_id=call_id, number="+46701740605", name="Maria Lind", codec="(g722)")
    yield of(CallerIdentified, 5, match="one", number="+46701740605", contact_id=7, contact_name="Maria Lind")
    yield of(LanguageChosen, 9, language="sv")
    yield of(ListeningStarted, 900, purpose="statement")
    yield of(SpeechEnded, 5_000, purpose="statement")
    yield of(StatementHeard, 5_100, text=_STATEMENT, confidence=0.9, words=_WORDS)
    yield told(call_id, at_ms + 5_200, _CASE)
    found = Suggestion(article="blank-pages", title="Blank pages", score=0.9, because=("blank", "pages"))
    yield of(SuggestionsFound, 5_250, suggestions=(found, found, found), similar=(_CASE,))
    yield of(ListeningStarted, 6_000, purpose="confirm")
    yield of(SpeechEnded, 7_000, purpose="confirm")
    yield of(DialogueEnded, 8_000, reason="done")
    yield of(QueueJoined, 8_010, queue="support", position=1)
    yield of(OfferMade, 8_500, **offer)
    yield of(OfferShown, 8_540, **offer)
    yield of(RingStarted, 8_550, agent="anna")
    yield of(AgentConnected, 12_000, agent="anna")
    yield of(CallEnded, 90_000, cause="Normal Clearing")
