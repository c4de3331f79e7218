"""Wrong settings: one line that says which and why, and exit code 2, whatever the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def svarklar(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "svarklar", *words]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SVARKLAR_")}
    return subprocess.run(  # noqa: PLW1510  # tests look at the exit code
        command, cwd=folder, env=clean | environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("command", ["serve", "up", "doctor", "db upgrade"])
def test_every_command_says_it_in_one_line(command: str, tmp_path: Path) -> None:
    done = svarklar(tmp_path, *command.split(), SVARKLAR_WEB_PORT="x", SVARKLAR_BUS_URL="http://hunter2")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("The settings are wrong: ")
    assert "web_port: " in line
    assert "bus_url: " in line
    assert "hunter2" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"a =", b'var = "\xff"', b'regoin = "x"'])
def test_a_file_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "svarklar.toml").write_bytes(content)
    done = svarklar(tmp_path, "doctor")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert ("svarklar.toml" in line) or ("regoin" in line)


def test_a_password_is_not_printed(tmp_path: Path) -> None:
    done = svarklar(tmp_path, "db", "upgrade", SVARKLAR_DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "hunter2" not in line
