"""One program on one var folder, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from svarklar.settings import Settings
from svarklar.var_lock import VarInUse, var_locked

HOLD = """
import sys
from pathlib import Path
from domain.paths import VarFolder
from svarklar.var_lock import var_locked
with var_locked(VarFolder(var=Path(sys.argv[1])), "serve"):
    print("locked", flush=True)
    sys.stdin.read()
"""
HAND_DOWN_AND_DIE = (
    """
import os, signal, subprocess, sys
from pathlib import Path
from domain.paths import VarFolder
from svarklar.var_lock import var_locked
hold = '''"""
    + HOLD
    + """'''
with var_locked(VarFolder(var=Path(sys.argv[1])), "up") as lock:
    environment = os.environ | lock.for_child()
    child = [sys.executable, "-c", hold, sys.argv[1]]
    subprocess.Popen(child, env=environment, pass_fds=[lock.descriptor])
    signal.pause()
"""
)

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a program on the var folder of the test; returns once it has said that the lock is held."""
    with ExitStack() as started:

        def begin(program: str) -> "subprocess.Popen[str]":
            command = [sys.executable, "-c", program, str(tmp_path)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            started.enter_context(process)
            started.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "locked\n"
            return process

        yield begin


@pytest.fixture
def var(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path)


def test_the_second_says_who_runs(start: Start, var: Settings) -> None:
    first = start(HOLD)
    with pytest.raises(VarInUse) as refused, var_locked(var, "up"):
        pass
    message = str(refused.value)
    assert f"svarklar serve (process {first.pid} on " in message
    assert f"{var.var} is in use" in message
    assert "\n" not in message


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_goes_with_its_process(how: signal.Signals, start: Start, var: Settings) -> None:
    first = start(HOLD)
    first.send_signal(how)
    first.wait()
    with var_locked(var, "up"):
        pass


def test_it_is_free_after_an_orderly_end(var: Settings) -> None:
    for _ in range(2):
        with var_locked(var, "serve"):
            pass


def test_two_folders_are_two_locks(start: Start, var: Settings, tmp_path: Path) -> None:
    start(HOLD)
    with var_locked(Settings(var=tmp_path / "another"), "serve"):
        pass


def test_a_child_holds_what_it_was_handed_after_its_parent_was_killed(start: Start, var: Settings) -> None:
    parent = start(HAND_DOWN_AND_DIE)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert parent.stdin
    parent.stdin.close()  # the child has it too, reads its end, and ends
    with var_locked(var, "up"):  # waits for that
        pass


def test_a_handed_number_of_another_file_locks_nothing(
    start: Start, var: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(HOLD)
    with (tmp_path / "other").open("w") as other:
        monkeypatch.setenv("SVARKLAR_LOCK", str(other.fileno()))
        with pytest.raises(VarInUse), var_locked(var, "serve"):
            pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', "\x00" * 50])
def test_a_holder_that_cannot_be_read_is_somebody_all_the_same(
    content: str, start: Start, var: Settings
) -> None:
    start(HOLD)
    var.lock_file.write_text(content)
    with pytest.raises(VarInUse, match="in use by another svarklar"), var_locked(var, "serve"):
        pass
