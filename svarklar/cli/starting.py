"""Starting what stays: each takes the var folder for itself first, and what goes wrong is one line."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from rich.console import Console

from cti.asterisk.install.binary import AsteriskMissing
from cti.asterisk.install.configuration import ConfigurationRefused
from cti.asterisk.process import AsteriskFailed
from svarklar.cli.commands import run_demo, run_up
from svarklar.secrets import SecretsUnusable
from svarklar.serve_process import StartFailed, refuse_taken_ports
from svarklar.server import run_server
from svarklar.settings import Settings
from svarklar.var_lock import VarInUse, var_locked

START_ERRORS = (
    AsteriskFailed,
    AsteriskMissing,
    ConfigurationRefused,
    OSError,
    SecretsUnusable,
    StartFailed,
    VarInUse,
)
"""What an operator can mend; `casestore.db.StoreUnusable` is one line of every command anyway."""

T = TypeVar("T")


def start_serve(settings: Settings) -> None:
    """Serve until told to stop. Raises START_ERRORS."""
    with var_locked(settings, "serve"):
        refuse_taken_ports(settings)
        _run(run_server(settings))


def start_up(settings: Settings, console: Console, *, demo: bool) -> None:
    """Asterisk and `serve` until told to stop. Raises START_ERRORS."""
    with var_locked(settings, "up") as lock:
        _run(run_up(settings, console, lock, demo=demo))


def start_demo(settings: Settings, console: Console) -> list[str]:
    """One demo call; what failed of it. Raises START_ERRORS."""
    with var_locked(settings, "demo") as lock:
        return _run(run_demo(settings, console, lock))


def _run(program: Coroutine[Any, Any, T]) -> T:
    """To its end; a failure that came alone out of a group of tasks is itself again."""
    try:
        return asyncio.run(program)
    except ExceptionGroup as group:
        # START_ERRORS name the plain ones; a group of one says nothing more.
        raise _alone(group) from None


def _alone(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
