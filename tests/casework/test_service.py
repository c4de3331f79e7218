"""Cases are written once and never over a newer edit, whatever the database and the disk do meanwhile."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from casestore import calls, cases, outbox, recordings
from casestore.db import Store, StoreBusy
from casework.case import Conflict, NotAllowed
from casework.case_writer import CaseWriter
from casework.outbox import Outbox
from casework.port import CaseUnit, NotSaved, Sound
from casework.said import Said as Told
from casework.search.ranking import Ranking
from casework.search.word_index import WordIndex
from casework.service import CaseService
from casework.triage.understand import Understanding
from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.call_store import CallStore
from domain.articles import Article
from domain.calls import Call
from domain.case_commands import Classify, Hear, Note, Register, Solve
from domain.case_events import CaseChanged, CaseClassified, CaseRegistered
from domain.cases import Case, NewCase, Said
from domain.clock import now_ms
from domain.dialogue import StatementHeard
from domain.streams import CASES
from tests import case_work
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
SAID = Said(statement_id="s1", text="the printer jams", at_ms=1_000, call_id="17.1")
NEW = NewCase(title="Printer jams", said=(SAID,))
HEARD = CaseUnit(
    change_id="unit-1",
    commands=(Register(change_id="r-1", actor="ivr", at_ms=1_000, call_id="17.1", yields=True, new=NEW),),
    voice=VOICE,
)


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
        outbox=folder / "outbox.db",
        old_spool=folder / "unsaved-cases.jsonl",
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


def kinds(store: Store, number: str = "C-000001") -> list[str]:
    with store.reading() as tx:
        return case_work.kinds(tx, number)


def the_case(store: Store, number: str = "C-000001") -> Case:
    with store.reading() as tx:
        case = cases.get(tx, number)
    assert case
    return case


async def nothing_waits(casework: CaseService) -> None:
    await until(lambda: casework.state == "ok")


async def test_a_commit_that_succeeds_when_patience_has_just_ended_writes_the_case_once(
    store: Store, bus: MemoryBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up, save = threading.Event(), CaseWriter.save

    def commit_too_late(writer: CaseWriter, unit: CaseUnit, *waited: object) -> object:
        saved = save(writer, unit)
        if waited:
            assert given_up.wait(10)  # committed, but whoever waited hears of it only now
        return saved

    monkeypatch.setattr(CaseWriter, "save", commit_too_late)
    async with service(store, bus, tmp_path, save_s=0.05) as casework:
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        given_up.set()
        await nothing_waits(casework)
    assert kinds(store) == ["registered"]
    assert [file.name for file in (tmp_path / "voices").iterdir()] == ["C-000001-1.wav"]


async def test_a_case_is_kept_however_busy_everybody_elses_threads_are(
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


async def test_what_the_outbox_gives_twice_is_written_once(
    store: Store, bus: MemoryBus, tmp_path: Path
) -> None:
    """As after a crash between the database's commit and the outbox's own forgetting."""
    for _ in range(2):
        waiting = Outbox(tmp_path / "outbox.db")
        waiting.add(HEARD, 2_000)
        waiting.close()
        async with service(store, bus, tmp_path) as casework:
            await until(lambda: outbox.OutboxFile(tmp_path / "outbox.db").count() == (0, 0))
            await nothing_waits(casework)
    assert kinds(store) == ["registered"]
    with store.reading() as tx:
        assert recordings.find(tx, tmp_path / "voices", "C-000001") == tmp_path / "voices/C-000001-1.wav"
    assert len(list((tmp_path / "voices").iterdir())) == 1


async def test_what_comes_late_never_overwrites_a_newer_edit(
    casework: CaseService, store: Store, tmp_path: Path
) -> None:
    await casework.save(HEARD)
    at_ms = now_ms()
    late = Classify(
        actor="ivr", at_ms=at_ms, yields=True, title="Said before", impact="everyone", category="request"
    )
    with locked_by_somebody(tmp_path), pytest.raises(NotSaved):
        await casework.save(CaseUnit(number="C-000001", commands=(late,)))
    edit = Classify(actor="anna", at_ms=at_ms + 1, title="By anna", impact="several")
    with store.uow() as tx:
        case_work.carried_out(tx, "C-000001", edit)
    await nothing_waits(casework)
    case = the_case(store)
    assert (case.title, case.impact, case.category) == ("By anna", "several", "request")
    with store.reading() as tx:
        assert set(case_work.history(tx, "C-000001")[-1].left) >= {"impact", "title"}


async def test_health_says_what_waits_and_what_will_never_be_written(
    casework: CaseService, tmp_path: Path
) -> None:
    assert casework.state == "ok"
    with locked_by_somebody(tmp_path):
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        assert casework.state == "changes of cases that wait for the database: 1"
    await nothing_waits(casework)
    with pytest.raises(NotSaved):
        await casework.save(CaseUnit(number="C-000404", commands=(Hear(actor="ivr", at_ms=1, said=SAID),)))
    await until(lambda: casework.state == "refused for good, see outbox.db: 1")


async def test_a_disk_that_takes_nothing_costs_no_case(
    casework: CaseService, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "outbox.db").unlink(missing_ok=True)
    (tmp_path / "outbox.db").mkdir()  # neither to be read nor to be written
    with locked_by_somebody(tmp_path):
        with pytest.raises(NotSaved):
            await casework.save(HEARD)
        assert casework.state.startswith("changes of cases that wait for the database: 1, in memory only: 1")
    await until(lambda: bool(_open(store)))
    assert kinds(store) == ["registered"]


def _open(store: Store) -> tuple[Case, ...]:
    with store.reading() as tx:
        return cases.open_cases(tx)


async def test_the_service_that_is_judged_is_that_of_the_first_solution_and_ranked_once(
    casework: CaseService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    gains = WordIndex.gains
    monkeypatch.setattr(WordIndex, "gains", lambda index, words: asked.append(words) or gains(index, words))
    said = Told("my outlook is broken", ("my paper is broken",), ("the printer has a paper jam",))
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
    await casework.find(Told("the printer jams"), "en", "")
    assert reading == [False]


async def test_similar_open_cases_are_named(casework: CaseService) -> None:
    await casework.save(HEARD)
    assert (await casework.find(Told("the printer jams"), "en", "")).similar == ("C-000001",)
    assert (await casework.find(Told("the printer jams"), "en", "C-000001")).similar == ()


async def test_a_case_that_comes_late_reaches_the_record_of_its_ended_call(
    store: Store, bus: MemoryBus, tmp_path: Path
) -> None:
    with store.uow() as tx:
        calls.save(tx, [Call(call_id="17.1", stage="ended", outcome="answered", marks={"ended": 5})])
    bridge = Bridge(bus=bus, ami=Ami(), store=CallStore(store, now_ms), queue="support", wrapup_s=1)
    await bridge.start()
    waiting = Outbox(tmp_path / "outbox.db")
    waiting.add(HEARD, 1_000)
    waiting.close()
    heard_of = events_of(await bus.subscribe(CASES))

    def has_its_case() -> bool:
        with store.reading() as tx:
            call = calls.get(tx, "17.1")
        return bool(call and call.case_number == "C-000001")

    async with service(store, bus, tmp_path):
        assert isinstance(await anext(heard_of), CaseRegistered)
        await until(has_its_case)
    await bridge.close()


async def test_what_happens_is_told_without_words_and_then_the_case_as_it_is(
    casework: CaseService, bus: MemoryBus
) -> None:
    heard_of = events_of(await bus.subscribe(CASES))
    saved = await casework.save(HEARD)
    registered, changed, with_voice = [await anext(heard_of) for _ in range(3)]
    assert isinstance(registered, CaseRegistered)
    assert (registered.event_id, registered.call_id, registered.texts.title) == ("r-1", "17.1", None)
    assert isinstance(changed, CaseChanged)
    assert isinstance(with_voice, CaseChanged)
    assert (changed.case.title, with_voice.case.has_statement, saved.has_voice) == (
        "Printer jams",
        True,
        True,
    )


async def test_the_desk_is_told_of_a_conflict_a_wrong_step_and_a_locked_database(
    casework: CaseService, store: Store, tmp_path: Path
) -> None:
    await casework.save(HEARD)
    await casework.carry_out("C-000001", Classify(actor="bo", at_ms=2, version=1, impact="everyone"))
    with pytest.raises(Conflict) as conflict:
        await casework.carry_out("C-000001", Classify(actor="anna", at_ms=3, version=1, impact="several"))
    assert (conflict.value.current.impact, conflict.value.stale) == ("everyone", ("impact",))
    await casework.carry_out("C-000001", Classify(actor="anna", at_ms=3, version=1, title="Jams"))
    await casework.carry_out("C-000001", Solve(actor="anna", at_ms=4, article="jam"))
    with pytest.raises(NotAllowed):
        await casework.carry_out("C-000001", replace(SOLVED, note_id="bo/1"))
    with pytest.raises(LookupError):
        await casework.carry_out("C-000404", SOLVED)
    with locked_by_somebody(tmp_path), pytest.raises(StoreBusy):
        await casework.carry_out("C-000001", SOLVED)
    assert kinds(store) == ["registered", "classified", "classified", "solved"]


SOLVED = Note(actor="anna", at_ms=5, note_id="anna/1", text="called back")


async def test_a_command_that_comes_twice_is_carried_out_once(casework: CaseService, store: Store) -> None:
    await casework.save(HEARD)
    first = await casework.carry_out("C-000001", SOLVED)
    assert await casework.carry_out("C-000001", SOLVED) == first
    assert kinds(store) == ["registered", "noted"]


async def test_one_takes_back_what_one_has_changed_and_nothing_else(casework: CaseService) -> None:
    await casework.save(HEARD)
    edit = Classify(actor="anna", at_ms=2, impact="several", title="Jams")
    await casework.carry_out("C-000001", edit)
    with pytest.raises(NotAllowed):
        await casework.undo("C-000001", edit.change_id, actor="bo", at_ms=3, change_id="u1")
    undone = await casework.undo("C-000001", edit.change_id, actor="anna", at_ms=3, change_id="u2")
    assert (undone.title, undone.impact, undone.priority) == ("Printer jams", "one", 4)
    with pytest.raises(LookupError):
        await casework.undo("C-000002", edit.change_id, actor="anna", at_ms=3, change_id="u3")


Linking = Callable[[str], "asyncio.Future[Case]"]


class TestThisCallIsAbout:
    """A case that is open already."""

    @pytest.fixture
    async def older(self, casework: CaseService) -> str:
        """An open case, C-000001; the call 17.1 has registered C-000002."""
        new = Register(actor="ivr", at_ms=1, call_id="16.1", new=NewCase(title="Older"))
        older = (await casework.save(CaseUnit(commands=(new,)))).case.number
        await casework.save(HEARD)
        return older

    async def test_it_the_calls_own_case_becomes_part_of_it(
        self, casework: CaseService, store: Store, older: str
    ) -> None:
        case = await casework.link_call("17.1", older, actor="anna", at_ms=9, change_id="l")
        assert (case.number, case.said) == (older, (SAID,))
        own = the_case(store, "C-000002")
        assert (own.status, own.merged_into) == ("merged", older)
        assert kinds(store, older) == ["registered", "linked", "took_in"]

    async def test_it_and_that_may_be_taken_back(
        self, casework: CaseService, store: Store, older: str
    ) -> None:
        await casework.link_call("17.1", older, actor="anna", at_ms=9, change_id="l")
        own = await casework.undo("C-000002", "l/merge", actor="anna", at_ms=10, change_id="u")
        assert (own.status, own.merged_into) == ("open", "")
        assert kinds(store, "C-000002") == ["registered", "merged", "undone", "linked"]

    async def test_it_but_somebody_has_worked_on_the_calls_own(
        self, casework: CaseService, store: Store, older: str
    ) -> None:
        note = Note(actor="bo", at_ms=5, note_id="bo/1", text="mine")
        await casework.carry_out("C-000002", note)
        await casework.link_call("17.1", older, actor="anna", at_ms=9, change_id="l")
        assert the_case(store, "C-000002").status == "open"
        assert kinds(store, older) == ["registered", "linked"]

    async def test_what_is_said_to_the_case_that_was_merged_goes_where_it_went(
        self, casework: CaseService, store: Store, older: str
    ) -> None:
        await casework.link_call("17.1", older, actor="anna", at_ms=9, change_id="l")
        more = replace(SAID, statement_id="s2", text="and it smells", at_ms=2_000)
        hear = Hear(actor="ivr", at_ms=2_000, call_id="17.1", yields=True, said=more)
        saved = await casework.save(CaseUnit(number="C-000002", commands=(hear,)))
        assert (saved.case.number, saved.case.said) == (older, (SAID, more))


class TestHeardAgain:
    """Better, also long after the dialogue."""

    BETTER = StatementHeard(
        at_ms=5_000, call_id="17.1", text="my outlook shows no mail", confidence=0.9, statement_id="s1"
    )

    async def test_the_case_follows_what_was_said(self, casework: CaseService, store: Store) -> None:
        await casework.save(HEARD)
        await casework.heard_again(self.BETTER)
        case = the_case(store)
        assert [(said.text, said.trust, said.at_ms) for said in case.said] == [
            ("my outlook shows no mail", "certain", 1_000)
        ]
        assert (case.service, case.title) == ("email", "My outlook shows no mail")
        await casework.heard_again(self.BETTER)
        assert kinds(store) == ["registered", "heard", "classified"]

    async def test_but_what_a_person_has_set_stays(self, casework: CaseService, store: Store) -> None:
        await casework.save(HEARD)
        await casework.carry_out("C-000001", Classify(actor="anna", at_ms=2_000, service="printing"))
        await casework.heard_again(self.BETTER)
        assert (the_case(store).service, the_case(store).said[0].text) == ("printing", self.BETTER.text)

    async def test_unsure_words_decide_nothing(self, casework: CaseService, store: Store) -> None:
        await casework.save(HEARD)
        await casework.heard_again(self.BETTER, trust="unclear")
        assert kinds(store) == ["registered", "heard"]

    async def test_it_waits_behind_its_case_in_the_outbox(
        self, casework: CaseService, store: Store, tmp_path: Path
    ) -> None:
        with locked_by_somebody(tmp_path):
            with pytest.raises(NotSaved):
                await casework.save(HEARD)
            await casework.heard_again(self.BETTER)
        await nothing_waits(casework)
        assert the_case(store).said[0].text == self.BETTER.text


async def test_events_stand_on_the_bus_in_the_order_of_the_log(casework: CaseService, bus: MemoryBus) -> None:
    await casework.save(HEARD)
    heard_of = events_of(await bus.subscribe(CASES))
    edits = [Classify(actor=f"a{n}", at_ms=n, title=f"title {n}") for n in range(20)]
    await asyncio.gather(*(casework.carry_out("C-000001", edit) for edit in edits))
    events = [await anext(heard_of) for _ in range(40)]
    versions = [event.version for event in events if isinstance(event, CaseClassified)]
    assert versions == sorted(versions)
    assert len(versions) == 20
