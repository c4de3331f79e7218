"""What goes when it is old, and that no wall clock alone decides it."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from casestore import fact_log, recordings
from casestore.db import Store
from domain.facts import Fact
from domain.vocabulary import KINDS
from svarklar.settings import Settings
from svarklar.upkeep import TwoClocks, fetch_english, tidy

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000


def fact(kind: str, days_ago: int) -> Fact:
    at_ms = NOW_MS - days_ago * DAY_MS
    return Fact(
        event_id=f"{kind}{days_ago}", stream="dialogue", kind=kind, subject="1.1", node="main", body="",
        at_ms=at_ms, received_ms=at_ms,
    )  # fmt: skip


def kinds_in(store: Store) -> list[str]:
    with store.reading() as tx:
        return [fact.kind for fact in fact_log.read(tx, 0, 100)]


def test_facts_go_by_their_kind_what_callers_said_first(store: Store, tmp_path: Path):
    with store.uow() as tx:
        fact_log.append(tx, [fact("StatementHeard", 91), fact("CallEnded", 91), fact("CallEnded", 801)])
        fact_log.append(tx, [fact("StatementHeard", 89), fact("CallEnded", 0)])
    tidy(Settings(var=tmp_path), store, NOW_MS)
    assert kinds_in(store) == ["CallEnded", "StatementHeard", "CallEnded"]


def test_what_happened_to_a_case_is_kept_as_long_as_the_case(store: Store, tmp_path: Path):
    with store.uow() as tx:
        fact_log.append(tx, [fact(kind, 4_000) for kind in ("CaseRegistered", "CaseNoted", "CaseStated")])
        fact_log.append(tx, [fact("CallEnded", 0)])
    tidy(Settings(var=tmp_path), store, NOW_MS)
    assert kinds_in(store) == ["CaseRegistered", "CaseNoted", "CallEnded"]


def test_every_kind_that_is_kept_is_one_of_the_vocabulary():
    assert {"StatementHeard", "CallEnded", "PresenceChanged", "OfferShown", "CaseRegistered"} <= set(KINDS)


def test_a_clock_that_was_wrong_at_the_start_deletes_nothing(store: Store, tmp_path: Path):
    settings = Settings(var=tmp_path)
    with store.uow() as tx:
        fact_log.append(tx, [fact("CallEnded", 700), fact("CallEnded", 0)])
        written = recordings.write(settings.recordings_folder, "C-000001", b"\0\0", 8000, now_ms=NOW_MS)
        recordings.add(tx, written)
    tidy(settings, store, NOW_MS + 1000 * DAY_MS)
    assert len(kinds_in(store)) == 2
    with store.reading() as tx:
        assert recordings.find(tx, settings.recordings_folder, "C-000001")


async def test_a_model_that_the_disk_does_not_take_is_said_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("svarklar.upkeep.fetch", full)
    with capture_logs() as logs:
        await fetch_english(Settings(var=tmp_path, fetch_model=True))
    assert [line["event"] for line in logs] == ["model_not_fetched"]
    assert "No space left" in logs[0]["reason"]


def test_a_clock_that_jumps_while_we_run_is_noticed_once():
    wall_ms, steady_s = [NOW_MS], [100.0]
    clocks = TwoClocks(lambda: wall_ms[0], lambda: steady_s[0])
    wall_ms[0] += DAY_MS
    steady_s[0] += 86_400
    assert clocks.agree()
    wall_ms[0] += 40 * DAY_MS
    assert not clocks.agree()
    assert clocks.agree()
