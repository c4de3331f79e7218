"""`svarklar outbox`: changes of cases that the database would not take, and what becomes of them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from svarklar.cli.terminal import console, errors, read_settings

if TYPE_CHECKING:
    from casestore.outbox import Entry

outbox_app = typer.Typer(help="Changes of cases that wait for the database.", no_args_is_help=True)


@outbox_app.command("list")
def list_entries() -> None:
    """Show what waits and what was refused, and why; never what callers said."""
    from casestore.outbox import OutboxFile

    table = Table("place", "since", "what", "call", "state")
    with closing(OutboxFile(read_settings().outbox_file)) as outbox:
        if not any(outbox.count()):
            console.print("Nothing waits and nothing was refused.")
            return
        for place, entry in sorted((*_all_of(outbox.waiting), *_all_of(outbox.refused)), key=itemgetter(0)):
            kinds, call_id = _about(entry)
            since = datetime.fromtimestamp(entry.at_ms / 1000).astimezone().isoformat(" ", "seconds")
            table.add_row(str(place), since, kinds, call_id, entry.refused or "waits")
    console.print(table)


@outbox_app.command("retry")
def retry(place: Annotated[int, typer.Argument(help="As `outbox list` shows it.")]) -> None:
    """Have a refused change tried again, by a running server within half a minute, or at its next start."""
    from casestore.outbox import OutboxFile

    with closing(OutboxFile(read_settings().outbox_file)) as outbox:
        if not any(outbox.count()) or not outbox.try_again(place):
            errors.print(f"[red]Nothing was refused at place {place}.[/]", highlight=False)
            raise typer.Exit(1)
    console.print("It waits again.")


def _all_of(
    next_one: "Callable[[int], tuple[int, Entry] | None]",
) -> "Iterator[tuple[int, Entry]]":
    place = 0
    while found := next_one(place):
        place = found[0]
        yield found


def _about(entry: "Entry") -> tuple[str, str]:
    """What is asked of the case, and in which call; nothing where it cannot be read."""
    from casework.commands import unit_of

    try:
        commands = unit_of(entry.change_id, entry.body).commands
    except ValueError:
        return "?", ""
    kinds = ", ".join(type(command).__name__ for command in commands)
    return kinds, next((command.call_id for command in commands if command.call_id), "")
