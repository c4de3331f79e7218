"""The processes of a running system, found by their parent's id: to be killed or frozen one by one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from installation import Installation


def children(parent: int) -> list[int]:
    """The living children of a process."""
    return [pid for pid in _all() if _stat(pid)[1] == parent and _stat(pid)[0] != "Z"]


def family(parent: int) -> list[int]:
    """All living descendants of a process."""
    return [pid for child in children(parent) for pid in (child, *family(child))]


def lives(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    return _stat(pid)[0] not in ("", "Z")


def serve_of(system: Installation) -> int:
    """The process id of `svarklar serve`."""
    return _child(system.process.pid, "serve")


def asterisk_of(system: Installation) -> int:
    """The process id of Asterisk."""
    return _child(system.process.pid, "asterisk.conf")


def hearers_of(system: Installation) -> list[int]:
    """The process ids of those that recognise speech."""
    return [pid for pid in children(serve_of(system)) if "ivr.speech.pool.worker" in _command(pid)]


def may_go_first() -> bool:
    """Whether this system lets a program of ours run before ordinary ones."""
    question = "from cti.processes import go_first; print(go_first())"
    return subprocess.check_output([sys.executable, "-c", question], text=True).strip() == "True"


def send(number: signal.Signals, *pids: int) -> None:
    """Send a signal to each of these."""
    for pid in pids:
        os.kill(pid, number)


def _child(parent: int, word: str) -> int:
    return next((pid for pid in children(parent) if word in _command(pid)), 0)


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _stat(pid: int) -> tuple[str, int]:
    """State and parent; empty where the process is gone."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return state, int(parent)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
