"""`svarklar facts replay`: calls and cases made anew from what was written down, and compared."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from casestore.db import Store
from casework.replay import CaseDifference, compare_cases
from cti import replay
from svarklar.preparation import open_store
from svarklar.settings import Settings

_MOST_LINES = 100


def replay_facts(
    settings: Settings, console: Console, errors: Console, *, into: Path | None, compare: bool
) -> int:
    """Make all calls anew in a database of their own; 0, or 1 where that cannot be, or calls differ.

    Raises StoreUnusable.
    """
    if trouble := _trouble(settings, into):
        errors.print(f"[red]{trouble}[/]", highlight=False)
        return 1
    with _file(into) as file, closing(open_store(settings)) as living, closing(_fresh(file)) as fresh:
        with _progress(console, "facts") as tell:
            report = replay.replay(living, fresh, tell)
        _say(report, console)
        if into:
            console.print(f"The calls are in {into}", highlight=False)
        if not compare:
            return 0
        with _progress(console, "calls") as tell:
            differences = replay.compare(living, fresh, tell)
        with _progress(console, "cases") as tell:
            cases = compare_cases(living, tell)
    return _say_differences(differences, console) | _say_cases(cases, console)


def _trouble(settings: Settings, into: Path | None) -> str:
    if not settings.database_url and not settings.database_file.exists():
        return f"There is no database yet: {settings.database_file} (svarklar db upgrade makes it)"
    if into and into.exists():
        return f"{into} exists already: the calls are made in a new file; name another one, or delete it"
    return ""


@contextmanager
def _file(into: Path | None) -> Iterator[Path]:
    """The file of the fresh database; one that nobody has named goes afterwards."""
    if into:
        yield into
        return
    # Never beside the living database: a replay must not be taken for it.
    with tempfile.TemporaryDirectory(prefix="svarklar-replay-") as folder:
        yield Path(folder) / "calls.db"


def _fresh(file: Path) -> Store:
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    return store


@contextmanager
def _progress(console: Console, what: str) -> Iterator[replay.Progress]:
    """A bar that goes when it is full; none where nobody looks."""
    columns = (
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda place, last: bar.update(task, completed=place, total=last)


def _say(report: replay.ReplayReport, console: Console) -> None:
    speed = round(report.facts / report.seconds) if report.seconds else 0
    console.print(
        f"{report.facts} facts read in {report.seconds:.1f} s ({speed}/s), {report.calls} calls made, "
        f"{report.passed_over} facts passed over that this version cannot read",
        highlight=False,
        soft_wrap=True,
    )


def _say_differences(differences: list[replay.Difference], console: Console) -> int:
    for call in differences[:_MOST_LINES]:
        what = f"missing in {call.missing_in}" if call.missing_in else ", ".join(call.fields)
        console.print(f"{call.call_id}: {what}", highlight=False, markup=False, soft_wrap=True)
    if len(differences) > _MOST_LINES:
        console.print(f"… and {len(differences) - _MOST_LINES} more")
    console.print(f"Calls that differ: {len(differences) or 'none'}", highlight=False)
    return 1 if differences else 0


def _say_cases(differences: list[CaseDifference], console: Console) -> int:
    for case in differences[:_MOST_LINES]:
        line = f"{case.number}: {', '.join(case.fields)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Cases that differ: {len(differences) or 'none'}", highlight=False)
    return 1 if differences else 0
