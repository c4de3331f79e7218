"""`svarklar facts replay`, as somebody types it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from casestore.db import Store
from cti.call_store import CallStore
from cti.fact_writer import FactWriter
from domain.calls import CallAnswered, CallEnded
from svarklar.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SVARKLAR_VAR", str(tmp_path / "var"))
    return lambda *arguments: CliRunner().invoke(app, ["facts", "replay", *arguments])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database with three calls, one of which has ended."""
    (tmp_path / "var").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'var/svarklar.db'}")
    store.upgrade()
    kept = CallStore(store, lambda: 1)
    writer = FactWriter(kept.append, node="main", clock=lambda: 7)
    events = [*(CallAnswered(call_id=f"1.{n}", at_ms=n) for n in range(1, 4))]
    ended = CallEnded(call_id="1.1", at_ms=9, cause="")
    kept.append([fact for fact in map(writer._fact, (*events, ended)) if fact], {})
    recovered = kept.recover([])
    kept.save(recovered.calls, recovered.place)
    yield store
    store.close()


def test_it_prints_a_line_of_figures(run: Run, store: Store) -> None:
    result = run()
    assert result.exit_code == 0
    assert "4 facts read in" in result.stdout
    assert "3 calls made, 0 facts passed over" in result.stdout


def test_calls_that_are_the_same_are_no_failure(run: Run, store: Store) -> None:
    result = run("--compare")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == ["Calls that differ: none", "Cases that differ: none"]


def test_calls_that_differ_are_named_and_the_exit_code_is_1(run: Run, store: Store) -> None:
    with store.uow() as tx:
        tx.execute(text("UPDATE calls SET call = json_set(call, '$.language', 'sv') WHERE call_id = '1.2'"))
    result = run("--compare")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-3:-1] == ["1.2: language", "Calls that differ: 1"]


def test_the_calls_may_be_kept(run: Run, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "anew.db"
    assert run("--into", str(file)).exit_code == 0
    again = Store(f"sqlite:///{file}")
    outcome = CallStore(again, lambda: 1).load("1.1")
    again.close()
    assert outcome is not None
    assert outcome.outcome == "abandoned_ivr"
    result = run("--into", str(file))
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_without_a_database_it_says_so(run: Run) -> None:
    result = run("--compare")
    assert result.exit_code == 1
    assert "There is no database yet" in result.stderr
