"""`svarklar agent`: who works at the desk. A running server takes each change within seconds.

A password is never among the arguments of a process, where everybody on the machine could read it: it is
asked for without echo, read from stdin where that is no terminal, or made and printed once.
"""

import sys
from collections.abc import Callable
from contextlib import closing
from typing import Annotated

import typer
from rich.table import Table

from domain.languages import FALLBACK
from domain.users import ROLES
from svarklar.cli.terminal import console, errors, read_settings

agents_app = typer.Typer(help="Those who log in: agents, supervisors, admins.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Lower-case letters a-z and digits.")]
Generated = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]
_ROLE_HELP = f"One of {', '.join(ROLES)}."


@agents_app.command("add")
def add_agent(
    username: Username,
    name: Annotated[str, typer.Option(help="As colleagues read it; the username where none is given.")] = "",
    role: Annotated[str, typer.Option(help=_ROLE_HELP)] = "agent",
    language: Annotated[str, typer.Option(help="Of their pages.")] = FALLBACK,
    generate: Generated = False,
) -> None:
    """Add somebody, with two telephones of their own; the password is asked for."""
    from svarklar import staff_changes

    settings = read_settings()
    password = _new_password(generate)
    with closing(staff_changes.StaffChanges(settings)) as staff:
        _done(lambda: staff.add(username, name or username, role, language, password))
    console.print(f"Added {username} as {role}.", highlight=False)
    _print_generated(password, generate)


@agents_app.command("password")
def change_password(username: Username, generate: Generated = False) -> None:
    """Give somebody another password; they are logged out."""
    from svarklar import staff_changes

    settings = read_settings()
    password = _new_password(generate)
    with closing(staff_changes.StaffChanges(settings)) as staff:
        _done(lambda: staff.change_password(username, password))
    console.print(f"{username} has another password and is logged out.", highlight=False)
    _print_generated(password, generate)


@agents_app.command("role")
def change_role(username: Username, role: Annotated[str, typer.Argument(help=_ROLE_HELP)]) -> None:
    """Give somebody another role; they are logged out and have it from the next login on."""
    from svarklar import staff_changes

    with closing(staff_changes.StaffChanges(read_settings())) as staff:
        _done(lambda: staff.change_role(username, role))
    console.print(f"{username} is {role} now.", highlight=False)


@agents_app.command("remove")
def remove_agent(username: Username) -> None:
    """Remove somebody: logged out, out of the queues, without telephones; a call they have goes on."""
    from svarklar import staff_changes

    with closing(staff_changes.StaffChanges(read_settings())) as staff:
        _done(lambda: staff.remove(username))
    console.print(f"Removed {username}. A call that they have goes on to its end.", highlight=False)


@agents_app.command("list")
def list_agents() -> None:
    """Show who may log in."""
    from svarklar import staff_changes

    with closing(staff_changes.StaffChanges(read_settings())) as staff:
        table = Table("username", "name", "role", "language")
        for user in staff.everybody():
            table.add_row(user.username, user.name, user.role, user.language)
    console.print(table)


def _done(change: Callable[[], None]) -> None:
    """What cannot be done is one line and exit code 1."""
    try:
        change()
    except (ValueError, LookupError) as error:
        errors.print(str(error.args[0]), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None


def _new_password(generate: bool) -> str:
    from svarklar.staff_changes import generated_password

    if generate:
        return generated_password()
    if sys.stdin.isatty():
        given: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        return given
    return sys.stdin.readline().rstrip("\r\n")


def _print_generated(password: str, generate: bool) -> None:
    if generate:
        console.print(f"Password: {password}", highlight=False, markup=False)
