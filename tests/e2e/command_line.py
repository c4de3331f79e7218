"""The command line as a person types it."""

import os
import subprocess
import sys

from svarklar.settings import Settings

COMMAND = (sys.executable, "-m", "svarklar")


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What a shell would have: wide enough for whole lines, and these settings."""
    return os.environ | settings.environment() | {"COLUMNS": "200", "NO_COLOR": "1"} | more


def svarklar(settings: Settings, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end; blocks."""
    return subprocess.run(  # noqa: PLW1510  # tests look at the exit code
        [*COMMAND, *words], env=environment(settings, **more), capture_output=True, text=True, timeout=170
    )
