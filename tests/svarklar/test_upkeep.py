"""What goes on beside the calls, and that no wall clock alone decides what goes."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from casestore import fact_log
from casestore.db import Store
from domain.facts import Fact
from svarklar.settings import Settings
from svarklar.upkeep import TwoClocks, clocks_at_start, fetch_english

DAY_S, DAY_MS = 86_400, 86_400_000
NOW_MS = 1_800_000_000_000


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


class Clocks:
    """A wall clock and a steady one that a test sets."""

    def __init__(self) -> None:
        self.wall_ms, self.steady_s = NOW_MS, 100.0

    def both(self, *, is_doubtful: bool = False) -> TwoClocks:
        return TwoClocks(lambda: self.wall_ms, lambda: self.steady_s, is_doubtful=is_doubtful)

    def a_day_passes(self) -> None:
        self.wall_ms += DAY_MS
        self.steady_s += DAY_S


@pytest.mark.parametrize("jump_ms", [40 * DAY_MS, -40 * DAY_MS, 2 * 3_600_000, -2 * 3_600_000])
def test_a_clock_that_jumps_while_we_run_is_noticed_once(jump_ms: int):
    clocks = Clocks()
    both = clocks.both()
    clocks.a_day_passes()
    assert both.agree()
    clocks.a_day_passes()
    clocks.wall_ms += jump_ms
    with capture_logs() as logs:
        assert not both.agree()
    assert [(line["event"], line["by_s"]) for line in logs] == [("not_tidied", jump_ms // 1000)]
    clocks.a_day_passes()
    assert both.agree()


def test_a_clock_that_jumps_back_and_forth_is_doubted_each_time():
    clocks = Clocks()
    both = clocks.both()
    for jump_ms in (DAY_MS, -DAY_MS, DAY_MS):
        clocks.a_day_passes()
        clocks.wall_ms += jump_ms
        assert not both.agree()


def test_a_clock_that_drifts_a_little_is_believed():
    clocks = Clocks()
    both = clocks.both()
    for _ in range(100):
        clocks.a_day_passes()
        clocks.wall_ms += 60_000
        assert both.agree()


def test_a_clock_that_was_doubtful_at_the_start_is_believed_after_it_has_run_right():
    clocks = Clocks()
    both = clocks.both(is_doubtful=True)
    assert not both.agree()
    clocks.a_day_passes()
    assert both.agree()


def test_a_clock_is_doubtful_at_the_start_where_all_that_is_stored_is_long_ago(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    append(store, NOW_MS)
    monkeypatch.setattr("svarklar.upkeep.now_ms", lambda: NOW_MS + 1000 * DAY_MS)
    clocks = clocks_at_start(store)
    append(store, NOW_MS + 1000 * DAY_MS)  # what we write ourselves proves nothing
    assert not clocks.agree()


def test_a_clock_is_believed_at_the_start_where_something_was_stored_lately(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    append(store, NOW_MS)
    monkeypatch.setattr("svarklar.upkeep.now_ms", lambda: NOW_MS + DAY_MS // 2)
    assert clocks_at_start(store).agree()


def append(store: Store, at_ms: int) -> None:
    with store.uow() as tx:
        fact = Fact(
            event_id=str(at_ms), stream="asterisk", kind="CallEnded", subject="1.1", node="main", body="",
            at_ms=at_ms, received_ms=at_ms,
        )  # fmt: skip
        fact_log.append(tx, [fact])
