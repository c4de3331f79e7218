"""The command line: `svarklar`. Each command says what it does; settings come from svarklar/settings.py."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console

from svarklar.cli.option_order import OrderedCommand
from svarklar.settings import Settings

console = Console()
errors = Console(stderr=True, soft_wrap=True)  # one line stays one line

app = typer.Typer(no_args_is_help=True, add_completion=False)
database = typer.Typer(help="The database.", no_args_is_help=True)
contacts_app = typer.Typer(help="The people who may call.", no_args_is_help=True)
articles_app = typer.Typer(help="The knowledge base.", no_args_is_help=True)
models = typer.Typer(help="Speech models.", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(contacts_app, name="contacts")
app.add_typer(articles_app, name="kb")
app.add_typer(models, name="model")


@app.callback()
def _quietly() -> None:
    """The screen is ready before the phone rings."""
    # What a command does it says itself; of its log only what went wrong is shown. `serve` logs all.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _settings() -> Settings:
    try:
        return Settings()
    except (ValidationError, ValueError) as error:
        errors.print(f"[red]The settings are wrong:[/] {error}")
        raise typer.Exit(2) from None


def _or_one_line(action: Callable[[], Any], *expected: type[Exception]) -> Any:
    """Run it; an expected failure becomes one clear line and exit code 1."""
    try:
        return action()
    except expected as error:
        errors.print(f"[red]{type(error).__name__}:[/] {error}", highlight=False)
        raise typer.Exit(1) from None


@app.command()
def serve() -> None:
    """Run bridge, voice response and desk on an Asterisk that is already there."""
    from svarklar.server import run_server

    _or_one_line(lambda: asyncio.run(run_server(_settings())), OSError)


@app.command()
def up(demo: Annotated[bool, typer.Option(help="Show a demo call when no agent is ready.")] = True) -> None:
    """Start Asterisk and `serve` together, keep them alive, end them with Ctrl-C."""
    from svarklar.cli.commands import run_up

    _or_one_line(lambda: asyncio.run(run_up(_settings(), console, demo=demo)), *_start_errors())


@app.command()
def demo() -> None:
    """Start everything, take one demo call, write var/demo/timeline.json, end; 1 where a step failed."""
    from svarklar.cli.commands import run_demo

    failed = _or_one_line(lambda: asyncio.run(run_demo(_settings(), console)), *_start_errors())
    for line in failed:
        errors.print(f"[red]{line}[/]")
    raise typer.Exit(1 if failed else 0)


@app.command(cls=OrderedCommand)
def call(
    context: typer.Context,
    number: Annotated[str, typer.Option("--from", help="Caller ID; `withheld` for none.")],
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

    turns = [(kind, value) for kind, value in context.obj if kind in ("say", "wav", "keys")]
    report = _or_one_line(
        lambda: asyncio.run(
            run_call(
                _settings(),
                None if as_json else console,
                number="" if number in ("withheld", "anonymous") else number,
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

    raise typer.Exit(0 if asyncio.run(examine(_settings(), console)) else 1)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the tables up to this version; an empty database gets articles and the demo's people."""
    from svarklar.preparation import prepare

    settings = _settings()
    prepare(settings)
    console.print(f"The database is ready: {settings.database}", highlight=False)


@contacts_app.command("import")
def import_contacts(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Add or change contacts from a CSV file (columns in the README)."""
    from svarklar.cli.commands import import_contacts_from

    raise typer.Exit(import_contacts_from(_settings(), file, console, errors))


@articles_app.command("import")
def import_articles(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)]) -> None:
    """Replace the knowledge base with the Markdown files of a folder (one subfolder a language)."""
    from svarklar.cli.commands import import_articles_from

    raise typer.Exit(import_articles_from(_settings(), folder, console, errors))


@models.command("list")
def list_models() -> None:
    """Show the speech models that are installed and what they are trusted with."""
    from svarklar.cli.commands import show_models

    show_models(_settings(), console)


@models.command("add")
def add_model(
    model: Annotated[str, typer.Argument(help="A language (en, sv, de …) or a model's folder.")],
) -> None:
    """Fetch the official model of a language, or take a folder; calls use it from then on."""
    from svarklar.cli.commands import add_model_of

    raise typer.Exit(add_model_of(_settings(), model, console, errors))


@app.command(hidden=True)
def asterisk() -> None:
    """See to it that there is an Asterisk; fetches one where there is none."""
    from svarklar.cli.commands import fetch_asterisk

    fetch_asterisk(_settings())


@app.command(hidden=True)
def prompts() -> None:
    """Make every fixed prompt, so that the first caller does not wait."""
    from svarklar.cli.commands import make_prompts

    make_prompts(_settings(), console)


def _start_errors() -> tuple[type[Exception], ...]:
    from cti.asterisk.install.binary import AsteriskMissing
    from cti.asterisk.install.configuration import ConfigurationRefused
    from cti.asterisk.process import AsteriskFailed
    from svarklar.secrets import SecretsUnusable
    from svarklar.up import StartFailed

    return AsteriskFailed, AsteriskMissing, ConfigurationRefused, SecretsUnusable, StartFailed, OSError


def main() -> None:
    """Entry point. A database that cannot be used is one line, whatever the command wanted of it."""
    try:
        app(prog_name="svarklar")
    except Exception as error:
        from casestore.db import StoreUnusable

        if not isinstance(error, StoreUnusable):
            raise
        errors.print(f"[red]{type(error).__name__}:[/] {error}", highlight=False)
        sys.exit(1)
