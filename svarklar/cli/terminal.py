"""What every command has: the terminal, the settings, and one line for what an operator can mend."""

import tomllib
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape

from svarklar.settings import Settings, settings_file

console = Console()
errors = Console(stderr=True, soft_wrap=True)  # one line stays one line


def read_settings() -> Settings:
    """The settings; where they are wrong, one line and exit code 2."""
    try:
        return Settings()
    except (SettingsError, ValueError, OSError) as error:
        errors.print(f"[red]The settings are wrong:[/] {escape(_in_one_line(error))}", highlight=False)
        raise typer.Exit(2) from None


def print_error(error: Exception) -> None:
    """In one line, on stderr."""
    errors.print(f"[red]{type(error).__name__}:[/] {escape(str(error))}", highlight=False)


def or_one_line(action: Callable[[], Any], *expected: type[Exception]) -> Any:
    """Run it; an expected failure becomes one clear line and exit code 1."""
    try:
        return action()
    except expected as error:
        print_error(error)
        raise typer.Exit(1) from None


def _in_one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors())
    words = " ".join(str(error).split())
    if isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError):
        return f"{settings_file()}: {words}"
    return words
