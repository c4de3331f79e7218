"""Cases are written once and never over a newer edit, whatever the database and the disk do meanwhile."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from casestore import calls, cases, contacts, recordings
from casestore.db import Store
from casework.case_writer import CaseWriter
from casework.port import CaseChange, NotSaved, Sound
from casework.said import Said
from casework.search.ranking import Ranking
from casework.search.word_index import WordIndex
from casework.service import CaseService
from casework.spool import Spool
from casework.triage.understand import Understanding
from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.call_store import CallStore
from domain.articles import Article
from domain.calls import Call
from domain.cases import CaseEdit, CaseRegistered, HistoryEntry, NewCase
from domain.clock import now_ms
from domain.streams import CASES
from tests.bus_events import events_of, until

ARTICLES = (
    Article(
        key="jam",
        language="en",
        title="Paper jam",
        service="printing",
        category="incident",
        body="Open the printer.",
        keywords=("printer", "paper"),
        examples=("the printer has a paper jam", "paper is stuck in the printer"),
    ),
    Article(
        key="mail",
        language="en",
        title="Mail does not arrive",
        service="email",
        category="request",
        body="Look into the mailbox.",
        keywords=("mail", "outlook"),
        examples=("my outlook shows no mail", "the mail does not arrive"),
    ),
)
VOICE = Sound(b"\x01\x02" * 800, 8_000)
HEARD = CaseChange(
    call_id="17.1",
    fields=CaseEdit(title="Printer jams", statement="the printer jams", call_id="17.1"),
    what="The caller said: the printer jams",
    voice=VOICE,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'test.db'}", busy_timeout_ms=50)
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


def service(store: Store, bus: MemoryBus, folder: Path, save_s: float = 3.0) -> CaseService:
    ranking = Ranking(ARTICLES)
    return CaseService(
        store,
        bus,
        Understanding(ranking),
        ranking,
        region="SE",
        statements=folder / "voices",
        spool=folder / "unsaved.jsonl",
        save_s=save_s,
        retry_s=0.02,
    )


@pytest.fixture
async def casework(store: Store, bus: MemoryBus, tmp_path: Path) -> AsyncIterator[CaseService]:
    async with service(store, bus, tmp_path) as casework:
        yield casework


@contextmanager
def locked_by_somebody(folder: Path) -> Iterator[None]:
    other = sqlite3.connect(folder / "test.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def history(store: Store, number: str = "C-000001") -> tuple[HistoryEntry, ...]:
    with store.reading() as tx:
        return cases.history(tx, number)


def lines(store: Store) -> list[str]:
    return [line.what for line in history(store)]


async def nothing_waits(casework: CaseService) -> None:
    await until(lambda: casework.state == "ok")


async def test_a_commit_that_succeeds_when_patience_has_just_ended_writes_the_case_once(
    store: Store, bus: MemoryBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()
    write = CaseWriter.write

    def commit_too_late(writer: CaseWriter, change: CaseChange, at_ms: int, **options: object) -> object:
        saved = write(writer, change, at_ms, **options)  # type: ignore[arg-type]
        if not options.get("late"):
            assert given_up.wait(10)  # committed, but whoever waited hears of it only now
        return saved

    monkeypatch.setattr(CaseWriter, "write", commit_too_late)
    async with service(store, bus, tmp_path, save_s=0.05) as casework:
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        given_up.set()
        await nothing_waits(casework)
    assert lines(store) == ["registered", HEARD.what]
    assert [file.name for file in (tmp_path / "voices").iterdir()] == ["C-000001-1.wav"]


async def test_a_case_is_spooled_however_busy_everybody_elses_threads_are(
    casework: CaseService, tmp_path: Path
) -> None:
    free = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, free.wait)
    try:
        with locked_by_somebody(tmp_path), pytest.raises(NotSaved):
            await asyncio.wait_for(casework.save(HEARD), 10)
    finally:
        free.set()
        await busy


@pytest.mark.parametrize(
    "fields",
    [CaseEdit(description="more words"), CaseEdit()],
    ids=["an amendment", "a remark"],
)
async def test_what_the_spool_gives_twice_is_written_once(
    store: Store, bus: MemoryBus, tmp_path: Path, fields: CaseEdit
) -> None:
    """As after a crash between the database's commit and the spool's own forgetting."""
    with store.uow() as tx:
        cases.register(tx, NewCase(title="Printer"), by="ivr", now_ms=1)
    again = CaseChange(call_id="17.2", number="C-000001", fields=fields, what="called again", voice=VOICE)
    for _ in range(2):
        Spool(tmp_path / "unsaved.jsonl").add(again, 2_000)
        async with service(store, bus, tmp_path) as casework:
            await until(lambda: len(casework._spool) == 0)
            await nothing_waits(casework)
    assert lines(store) == ["registered", "called again"]
    with store.reading() as tx:
        assert recordings.find(tx, tmp_path / "voices", "C-000001") == tmp_path / "voices/C-000001-1.wav"
    assert len(list((tmp_path / "voices").iterdir())) == 1


async def test_what_comes_late_never_overwrites_a_newer_edit(
    casework: CaseService, store: Store, tmp_path: Path
) -> None:
    await casework.save(HEARD)
    late = CaseChange(
        call_id="17.1",
        number="C-000001",
        fields=CaseEdit(title="Said before", description="said before", impact="everyone"),
        what="The caller said: said before",
    )
    with locked_by_somebody(tmp_path), pytest.raises(NotSaved):
        await casework.save(late)
    with store.uow() as tx:
        edit = CaseEdit(title="By anna", impact="several")
        cases.amend(tx, "C-000001", edit, by="anna", what="edited", now_ms=now_ms() + 1)
    await nothing_waits(casework)
    with store.reading() as tx:
        case = cases.get(tx, "C-000001")
    assert case
    assert (case.title, case.impact, case.description) == ("By anna", "several", "said before")
    assert lines(store)[-2:] == [
        "The caller said: said before",
        "came late, left as changed since: impact, title",
    ]


async def test_health_says_what_waits_and_what_will_never_be_written(
    casework: CaseService, store: Store, tmp_path: Path
) -> None:
    assert casework.state == "ok"
    with locked_by_somebody(tmp_path):
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        assert casework.state == "changes of cases that wait for the database: 1"
    await nothing_waits(casework)
    with pytest.raises(NotSaved):
        await casework.save(CaseChange(call_id="17.3", fields=CaseEdit(title="x", contact_id=404)))
    await until(lambda: casework.state == "put aside in unsaved.rejected: 1")


async def test_a_disk_that_takes_nothing_costs_no_case(
    casework: CaseService, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("casework.spool._append", full)
    with locked_by_somebody(tmp_path):
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        assert casework.state == "changes of cases that wait for the database: 1, in memory only: 1"
    await nothing_waits(casework)
    assert lines(store) == ["registered", HEARD.what]


async def test_a_spool_that_cannot_be_read_shows_in_health_and_costs_no_new_case(
    store: Store, bus: MemoryBus, tmp_path: Path
) -> None:
    (tmp_path / "unsaved.jsonl").mkdir()  # neither to be read nor to be written
    async with service(store, bus, tmp_path) as casework:
        with locked_by_somebody(tmp_path), pytest.raises(NotSaved):
            await casework.save(HEARD)
        await until(lambda: "IsADirectoryError" in casework.state)
        heard_of = events_of(await bus.subscribe(CASES, ""))
        assert isinstance(await anext(heard_of), CaseRegistered)
    assert lines(store) == ["registered", HEARD.what]


async def test_the_service_that_is_judged_is_that_of_the_first_solution_and_ranked_once(
    casework: CaseService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    gains = WordIndex.gains
    monkeypatch.setattr(WordIndex, "gains", lambda index, words: asked.append(words) or gains(index, words))
    said = Said("my outlook is broken", ("my paper is broken",), ("the printer has a paper jam",))
    judgement = await casework.judge(said, "en")
    found = await casework.find(said, "en", "")
    assert judgement.service == {a.key: a.service for a in ARTICLES}[found.suggestions[0].article]
    assert judgement.because["service"] == found.suggestions[0].because
    assert len(asked) == 1


async def test_solutions_are_ranked_after_the_database_was_let_go(
    casework: CaseService, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading: list[bool] = []
    similar = Ranking.similar_cases

    def look(ranking: Ranking, *args: object) -> object:
        reading.append(store._engine.pool.checkedout() > 0)  # type: ignore[attr-defined]
        return similar(ranking, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Ranking, "similar_cases", look)
    await casework.find(Said("the printer jams"), "en", "")
    assert reading == [False]


async def test_a_case_that_comes_late_reaches_the_record_of_its_ended_call(
    store: Store, bus: MemoryBus, tmp_path: Path
) -> None:
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1", stage="ended", outcome="answered", marks={"ended": 5})])
        contacts.add(tx, name="Maria Lind")
    kept = CallStore(store, tmp_path / "voices", now_ms)
    bridge = Bridge(bus=bus, ami=Ami(), store=kept, queue="support", wrapup_s=1)
    await bridge.start()
    Spool(tmp_path / "unsaved.jsonl").add(HEARD, 1_000)
    heard_of = events_of(await bus.subscribe(CASES))

    def has_its_case() -> bool:
        with store.reading() as tx:
            call = calls.get(tx, "17.1")
        return bool(call and call.case and call.case.number == "C-000001")

    async with service(store, bus, tmp_path):
        registered = await anext(heard_of)
        assert isinstance(registered, CaseRegistered)
        await until(has_its_case)
    await bridge.close()
