"""`svarklar contacts erase`: shows who it is and what will go, asks, and says what went."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from casestore import erasure
from casestore.db import Store
from casestore.erasure import Traces
from domain.clock import now_ms
from domain.contacts import Contact
from svarklar.erasing import StillCalling, StillWaiting, erase_person
from svarklar.preparation import open_store
from svarklar.settings import Settings


def erase_contact(
    settings: Settings, who: str, console: Console, errors: Console, agreed: Callable[[str], bool]
) -> int:
    """The exit code: 0 where nothing is left of them. `agreed` asks a person. Raises StoreUnusable."""
    with closing(open_store(settings)) as store:
        contact = _the_one(settings, store, who, errors)
        if contact is None:
            return 1
        with store.reading() as tx:
            left = erasure.traces(tx, contact)
        _show(left, console)
        if not agreed("Erase all of this for good?"):
            console.print("Nothing was changed.")
            return 1
        return _erase(settings, store, contact, console, errors)


def _the_one(settings: Settings, store: Store, who: str, errors: Console) -> Contact | None:
    with store.reading() as tx:
        people = erasure.find(tx, who, region=settings.region)
    if len(people) == 1:
        return people[0]
    if not people:
        errors.print(f"Nobody has the id, employee number or number {escape(who)}.", highlight=False)
        return None
    errors.print(f"{escape(who)} is more than one person. Say whom by the id:", highlight=False)
    for contact in people:
        errors.print(f"  {contact.id}  {_named(contact)}", highlight=False)
    return None


def _show(left: Traces, console: Console) -> None:
    contact = left.contact
    console.print(f"[bold]{_named(contact)}[/] (id {contact.id})", highlight=False)
    if not contact.name:
        console.print("Was erased before; what is left of it goes now.")
    table = Table.grid(padding=(0, 2))
    table.add_row("numbers", escape(", ".join(left.numbers)) or "none")
    table.add_row("calls", str(len(left.calls)))
    table.add_row("cases", str(len(left.cases)))
    table.add_row("recordings", str(left.recordings))
    table.add_row("facts with words, names or numbers", str(left.facts))
    console.print(table, highlight=False)
    if left.shared:
        console.print(
            f"{escape(', '.join(left.shared))} is somebody else's too: of what came from there only that in "
            "which they were identified goes.",
            highlight=False,
        )
    console.print("Calls, facts and cases stay as figures, without words, names and numbers.")


def _erase(settings: Settings, store: Store, contact: Contact, console: Console, errors: Console) -> int:
    try:
        _, waits = erase_person(settings, store, contact, now_ms())
    except StillCalling as error:
        errors.print(f"[red]Nothing was changed:[/] {_why(error)}", highlight=False)
        return 1
    except StillWaiting:
        errors.print("[red]Nothing was changed:[/] a case of theirs still waits to be written. Try again.")
        return 1
    if waits:
        errors.print(f"[yellow]Erased, but the file may still hold it:[/] {escape(waits)}.", highlight=False)
        errors.print(f"Say `svarklar contacts erase {contact.id}` once more in a while.", highlight=False)
        return 1
    console.print(f"Erased. Nothing but the id {contact.id} is left of them.", highlight=False)
    return 0


def _why(error: StillCalling) -> str:
    if error.until_ms is None:
        return f"they are on the line (call {escape(error.call_id)}). Try again when the call is over."
    # By the clock of whoever reads it.
    until = datetime.fromtimestamp(error.until_ms / 1000).astimezone()
    return (
        f"their call {escape(error.call_id)} has only just ended, and a running server still has it in "
        f"memory. Try again after {until:%H:%M:%S}."
    )


def _named(contact: Contact) -> str:
    known = (contact.name, contact.employee_number, contact.department, contact.email)
    return escape(", ".join(filter(None, known))) or "nobody any more"
