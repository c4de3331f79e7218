"""The command line: `svarklar`. Each command says what it does; settings come from svarklar/settings.py."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.markup import escape

from svarklar.cli.agents import agents_app
from svarklar.cli.option_order import OrderedCommand
from svarklar.cli.outbox import outbox_app
from svarklar.cli.terminal import console, errors, or_one_line, print_error, read_settings

# What is printed of an error must not hold what it was done with: passwords and callers.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
database = typer.Typer(help="The database.", no_args_is_help=True)
contacts_app = typer.Typer(help="The people who may call.", no_args_is_help=True)
articles_app = typer.Typer(help="The knowledge base.", no_args_is_help=True)
facts_app = typer.Typer(help="What happened, as it was written down.", no_args_is_help=True)
models = typer.Typer(help="Speech models.", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(contacts_app, name="contacts")
app.add_typer(articles_app, name="kb")
app.add_typer(facts_app, name="facts")
app.add_typer(models, name="model")
app.add_typer(agents_app, name="agent")
app.add_typer(outbox_app, name="outbox")


@app.callback()
def _quietly() -> None:
    """The screen is ready before the phone rings."""
    # What a command does it says itself; of its log only what went wrong is shown. `serve` logs all.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@app.command()
def serve() -> None:
    """Run bridge, voice response and desk on an Asterisk that is already there."""
    from svarklar.cli.starting import START_ERRORS, start_serve

    settings = read_settings()
    or_one_line(lambda: start_serve(settings), *START_ERRORS)


@app.command()
def up(demo: Annotated[bool, typer.Option(help="Show a demo call when no agent is ready.")] = True) -> None:
    """Start Asterisk and `serve` together, keep them alive, end them with Ctrl-C."""
    from svarklar.cli.starting import START_ERRORS, start_up

    settings = read_settings()
    or_one_line(lambda: start_up(settings, console, demo=demo), *START_ERRORS)


@app.command()
def demo() -> None:
    """Start everything, take one demo call, write var/demo/timeline.json, end; 1 where a step failed."""
    from svarklar.cli.starting import START_ERRORS, start_demo

    settings = read_settings()
    failed = or_one_line(lambda: start_demo(settings, console), *START_ERRORS)
    for line in failed:
        errors.print(f"[red]{escape(line)}[/]")
    raise typer.Exit(1 if failed else 0)


@app.command(cls=OrderedCommand)
def call(
    context: typer.Context,
    number: Annotated[str, typer.Option("--from", help="Caller ID; `withheld` for none.")],
    to: Annotated[str, typer.Option(help="The number to call.", show_default="that of the first desk")] = "",
    say: Annotated[
        list[str] | None, typer.Option(help="Say this when the IVR listens; again for more.")
    ] = None,
    wav: Annotated[list[Path] | None, typer.Option(help="Say this recording instead.")] = None,
    keys: Annotated[list[str] | None, typer.Option(help="Press these keys when the IVR listens.")] = None,
    codec: Annotated[str, typer.Option(help="pcmu, pcma or g722.")] = "g722",
    barge_in: Annotated[bool, typer.Option("--barge-in", help="Talk over the prompts.")] = False,
    hangup_after: Annotated[float | None, typer.Option(help="Hang up after so many seconds.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Place a real call to the running server; --say, --wav and --keys take turns in the order given."""
    from phone.user_agent import CallFailed
    from svarklar.cli.commands import run_call

    # Typer sorts options by their kind; a caller talks and presses keys in the order given.
    turns = [(kind, value) for kind, value in context.obj if kind in ("say", "wav", "keys")]
    report = or_one_line(
        lambda: asyncio.run(
            run_call(
                read_settings(),
                None if as_json else console,
                number="" if number in ("withheld", "anonymous") else number,
                to=to,
                turns=turns,
                codec_name=codec,
                barge_in=barge_in,
                hangup_after_s=hangup_after,
            )
        ),
        CallFailed,
        ValueError,
        OSError,
    )
    if as_json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    if report["ms"]["answered"] is None:
        errors.print("[yellow]The server did not report this call: is `svarklar serve` running?[/]")


@app.command()
def doctor() -> None:
    """Say what works, what does not and what to do about it; 1 where something must be mended."""
    from svarklar.cli.doctor import examine

    raise typer.Exit(0 if asyncio.run(examine(read_settings(), console)) else 1)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the tables up to this version; an empty database gets articles and the demo's people."""
    from sqlalchemy import make_url

    from svarklar.preparation import prepare

    settings = read_settings()
    prepare(settings)
    # A URL of SQLAlchemy's does not show its password.
    console.print(f"The database is ready: {make_url(settings.database)}", highlight=False)


@contacts_app.command("import")
def import_contacts(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Add or change contacts from a CSV file (columns in the README)."""
    from svarklar.cli.commands import import_contacts_from

    raise typer.Exit(import_contacts_from(read_settings(), file, console, errors))


@contacts_app.command("erase")
def erase_contact(
    who: Annotated[str, typer.Argument(metavar="ID|EMPLOYEE_NUMBER|NUMBER")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good: words, names, numbers and sound, everywhere; the figures stay."""
    from svarklar.cli.erasing import erase_contact

    agreed = (lambda _: True) if yes else typer.confirm
    raise typer.Exit(erase_contact(read_settings(), who, console, errors, agreed))


@articles_app.command("import")
def import_articles(
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, show_default="the shipped articles")
    ] = None,
) -> None:
    """Replace the knowledge base with the Markdown files of a folder (one subfolder a language)."""
    from svarklar.cli.commands import import_articles_from

    raise typer.Exit(import_articles_from(read_settings(), folder, console, errors))


@facts_app.command("replay")
def replay_facts(
    into: Annotated[
        Path | None, typer.Option(help="Keep the calls in this new SQLite file.", dir_okay=False)
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Print the calls that differ from the living ones; 1 if any.")
    ] = False,
) -> None:
    """Make every call anew from the facts, in a database of its own; the living one is only read."""
    from svarklar.cli.facts import replay_facts

    raise typer.Exit(replay_facts(read_settings(), console, errors, into=into, compare=compare))


@models.command("list")
def list_models() -> None:
    """Show the speech models that are installed and what they are trusted with."""
    from svarklar.cli.commands import show_models

    show_models(read_settings(), console)


@models.command("add")
def add_model(
    model: Annotated[str, typer.Argument(help="A language (en, sv, de …) or a model's folder.")],
) -> None:
    """Fetch the official model of a language, or take a folder; calls use it from then on."""
    from svarklar.cli.commands import add_model_of

    raise typer.Exit(add_model_of(read_settings(), model, console, errors))


@app.command()
def asterisk() -> None:
    """Make sure there is an Asterisk: fetch Debian's into the var folder where there is none."""
    from svarklar.cli.commands import fetch_asterisk

    fetch_asterisk(read_settings())


@app.command()
def prompts() -> None:
    """Speak every fixed prompt in advance, so that the first caller does not wait."""
    from svarklar.cli.commands import make_prompts

    make_prompts(read_settings(), console)


def main() -> None:
    """Entry point. What an operator can mend is one line, whatever the command wanted."""
    try:
        app(prog_name="svarklar")
    except Exception as error:
        # Here, so that `svarklar --help` does not wait for SQLAlchemy.
        from casestore.db import StoreUnusable
        from svarklar.secrets import SecretsUnusable

        if not isinstance(error, StoreUnusable | SecretsUnusable | OSError):
            raise
        print_error(error)
        sys.exit(1)
