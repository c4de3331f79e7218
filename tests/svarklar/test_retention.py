"""What goes when it is old: each kind by its own setting, none by the wall clock alone."""

import os
from dataclasses import replace
from pathlib import Path

from casestore import audit, calls, cases, fact_log, recordings
from casestore.db import Store
from domain.calls import Call, without_person
from domain.case_commands import Solve
from domain.clock import now_ms
from domain.facts import Fact
from domain.vocabulary import KINDS
from svarklar.retention import Tidying, tidy
from svarklar.settings import Settings
from tests import case_work

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000
SAID = '{"text": "my printer is dead"}'


def fact(kind: str, days_ago: int) -> Fact:
    at_ms = NOW_MS - days_ago * DAY_MS
    return Fact(
        event_id=f"{kind} {days_ago}", stream="dialogue", kind=kind, subject="1.1", node="main", body="",
        at_ms=at_ms, received_ms=at_ms,
    )  # fmt: skip


def append(store: Store, *facts: Fact) -> None:
    with store.uow() as tx:
        fact_log.append(tx, facts)


def facts_in(store: Store) -> dict[str, str]:
    with store.reading() as tx:
        return {fact.event_id: fact.personal for fact in fact_log.read(tx, 0, 100_000)}


def call(call_id: str, days_ago: int, **changes: object) -> Call:
    known = Call(
        call_id=call_id,
        number="+46701740605",
        contact_id=7,
        contact_name="Maria Lind",
        transcript="my printer is dead",
        stage="ended",
        outcome="answered",
        marks={"answered": NOW_MS - days_ago * DAY_MS},
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def tidied(store: Store, folder: Path, at_ms: int = NOW_MS, **settings: object) -> None:
    tidy(Tidying(settings=Settings(var=folder, **settings), store=store, at_ms=at_ms))  # type: ignore[arg-type]


def test_what_callers_said_goes_before_the_facts(store: Store, tmp_path: Path):
    ages = (801, 800, 91, 90, 89, 0)
    append(store, *(replace(fact("StatementHeard", days_ago), personal=SAID) for days_ago in ages))
    tidied(store, tmp_path)
    assert facts_in(store) == {
        "StatementHeard 800": "",
        "StatementHeard 91": "",
        "StatementHeard 90": SAID,
        "StatementHeard 89": SAID,
        "StatementHeard 0": SAID,
    }


def test_a_call_is_without_its_person_once_it_is_old(store: Store, tmp_path: Path):
    old, young = call("1.1", 92), call("2.2", 90)
    lives = call("3.3", 95, stage="queued", outcome=None)
    with store.uow() as tx:
        calls.save(tx, [old, young, lives])
    append(store, fact("CallEnded", 0))
    tidied(store, tmp_path)
    with store.reading() as tx:
        kept = {each.call_id: each for each in calls.recent(tx, 9)}
        assert calls.of_person(tx, 0, ["+46701740605"]) == (lives, young)
    assert kept == {"1.1": without_person(old), "2.2": young, "3.3": lives}
    assert (kept["1.1"].contact_id, kept["1.1"].outcome) == (7, "answered")


def test_thousands_of_calls_go_in_batches_and_none_is_looked_at_twice(store: Store, tmp_path: Path):
    with store.uow() as tx:
        calls.save(tx, [call(f"1.{n}", 101 - n // 100) for n in range(2500)])
    append(store, fact("CallEnded", 0))
    tidied(store, tmp_path)
    with store.uow() as tx:
        words = [each.call_id for each in calls.recent(tx, 10_000) if each.transcript]
        assert len(words) == 1500
        assert calls.expire_words(tx, NOW_MS - 91 * DAY_MS, NOW_MS) == 0


def test_words_of_cases_go_once_they_have_long_been_done_with(store: Store, tmp_path: Path):
    long_ago, lately = NOW_MS - 731 * DAY_MS, NOW_MS - 729 * DAY_MS
    with store.uow() as tx:
        for at_ms in (long_ago, lately, long_ago):
            case_work.registered(tx, at_ms=at_ms, title="Maria's printer")
        for number, at_ms in (("C-000001", long_ago), ("C-000002", lately)):
            solve = Solve(actor="anna", at_ms=at_ms, solution="A new cable for Maria")
            case_work.carried_out(tx, number, solve, now_ms=at_ms)
    append(store, fact("CallEnded", 0))
    tidied(store, tmp_path)
    with store.reading() as tx:
        titles = {case.number: case.title for case in cases.page(tx)}
        texts = {fact.subject for fact in fact_log.read(tx, 0, 99) if fact.personal}
        assert [entry.kind for entry in case_work.history(tx, "C-000001")] == ["registered", "solved"]
    assert titles == {"C-000001": "", "C-000002": "Maria's printer", "C-000003": "Maria's printer"}
    assert texts == {"C-000002", "C-000003"}


def test_what_was_spoken_for_callers_goes_too(store: Store, tmp_path: Path):
    settings = Settings(var=tmp_path)
    spoken = settings.prompts_folder / "for_callers/espeak/8000"
    spoken.mkdir(parents=True)
    for name, days_ago in (("old", 91), ("new", 89)):
        (spoken / name).write_bytes(b"Hello, Maria")
        os.utime(spoken / name, times=((NOW_MS - days_ago * DAY_MS) / 1000,) * 2)
    append(store, fact("CallEnded", 0))
    tidied(store, tmp_path)
    assert [path.name for path in spoken.iterdir()] == ["new"]


def test_what_people_did_goes_when_it_is_old(store: Store, tmp_path: Path):
    at_ms = now_ms()  # the database itself guards the youngest, by its own clock
    with store.uow() as tx:
        for days_ago in (40, 32, 1):
            audit.note(tx, f"anna{days_ago}", "logged_in", {}, at_ms - days_ago * DAY_MS)
        fact_log.append(tx, [replace(fact("CallEnded", 0), received_ms=at_ms)])
    tidied(store, tmp_path, at_ms, audit_days=35)
    with store.reading() as tx:
        assert [entry.actor for entry in audit.recent(tx, 9)] == ["anna1", "anna32"]


def test_every_kind_that_is_kept_is_one_of_the_vocabulary():
    assert {"StatementHeard", "CallEnded", "PresenceChanged", "OfferShown", "CaseRegistered"} <= set(KINDS)


def test_a_clock_that_is_ahead_of_all_that_is_stored_deletes_nothing(store: Store, tmp_path: Path):
    settings = Settings(var=tmp_path)
    append(store, fact("CallEnded", 700), replace(fact("StatementHeard", 0), personal=SAID))
    with store.uow() as tx:
        calls.save(tx, [call("1.1", 1)])
        written = recordings.write(settings.recordings_folder, "C-000001", b"\0\0", 8000, now_ms=NOW_MS)
        recordings.add(tx, written)
    tidied(store, tmp_path, NOW_MS + 1000 * DAY_MS)
    assert facts_in(store) == {"CallEnded 700": "", "StatementHeard 0": SAID}
    with store.reading() as tx:
        assert recordings.find(tx, settings.recordings_folder, "C-000001")
        assert calls.get(tx, "1.1") == call("1.1", 1)


def test_a_voice_that_shall_not_be_kept_goes_by_any_clock(store: Store, tmp_path: Path):
    settings = Settings(var=tmp_path)
    with store.uow() as tx:
        written = recordings.write(settings.recordings_folder, "C-000001", b"\0\0", 8000, now_ms=NOW_MS)
        recordings.add(tx, written)
    tidied(store, tmp_path, NOW_MS + 1000 * DAY_MS, statement_days=0)
    assert list(settings.recordings_folder.iterdir()) == []


def test_what_happened_to_a_case_is_kept_as_long_as_the_case(store: Store, tmp_path: Path):
    kinds = ("CaseRegistered", "CaseNoted")
    append(store, *(replace(fact(kind, 4_000), stream="cases") for kind in kinds), fact("CaseStated", 4_000))
    append(store, fact("CallEnded", 0))
    tidied(store, tmp_path)
    with store.reading() as tx:
        assert [one.kind for one in fact_log.read(tx, 0, 100)] == ["CaseRegistered", "CaseNoted", "CallEnded"]
