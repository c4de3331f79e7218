"""One program on one var folder: two would answer the same calls and write over each other.

The lock is the kernel's (`flock`): it goes with the process that holds it, however that ends, and a file that
is left behind locks nothing. `svarklar up` hands its lock down to each `serve` that it starts. So the folder
stays theirs until the last of them has ended, even where `up` itself was killed.
"""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from domain.paths import VarFolder

_HANDED_DOWN = "SVARKLAR_LOCK"  # the number of the open file, in the environment of a child
_LAST_ONES_S = 10.0  # a `serve` whose `up` was killed ends its calls first
_LOOK_S = 0.05


class VarInUse(Exception):
    """Another program runs on this var folder; the message says which, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds the lock: process, command, the machine (or container), and since when (local time)."""

    pid: int
    command: str
    machine: str
    since: str

    def __str__(self) -> str:
        return f"svarklar {self.command} (process {self.pid} on {self.machine}, since {self.since})"

    def has_died(self) -> bool:
        """Whether only children of it can be left; nobody knows that of another machine's process."""
        return self.machine == socket.gethostname() and not Path(f"/proc/{self.pid}").exists()


class VarLock:
    """A held lock."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def for_child(self) -> dict[str, str]:
        """What its environment needs; `descriptor` must be passed to it as well (`pass_fds`)."""
        return {_HANDED_DOWN: str(self.descriptor)}


@contextlib.contextmanager
def var_locked(settings: VarFolder, command: str) -> Iterator[VarLock]:
    """The var folder is ours while the block runs. Raises VarInUse, OSError; may block for a while."""
    settings.var.mkdir(parents=True, exist_ok=True)
    descriptor = _handed_down(settings.lock_file)
    if descriptor is not None:
        yield VarLock(descriptor)
        return
    descriptor = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(descriptor, settings)
        _sign(descriptor, command)
        yield VarLock(descriptor)
    finally:
        os.close(descriptor)


def _handed_down(file: Path) -> int | None:
    """The open file that our parent has locked, if it has and it is this one."""
    number = os.environ.pop(_HANDED_DOWN, "")
    with contextlib.suppress(OSError):
        if number.isdecimal() and os.path.samestat(os.fstat(int(number)), file.stat()):
            # Our own children must not hold the folder after we have ended.
            os.set_inheritable(int(number), False)
            return int(number)
    return None


def _wait_for(descriptor: int, settings: VarFolder) -> None:
    """Lock it at once or not at all; only the last children of a program that has died are waited for."""
    until_s = time.monotonic() + _LAST_ONES_S
    while not _locks(descriptor):
        holder = _read(descriptor)
        if holder is None or not holder.has_died() or time.monotonic() > until_s:
            who = holder or "another svarklar"
            raise VarInUse(f"{settings.var} is in use by {who}: end that, or set var to another folder")
        time.sleep(_LOOK_S)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int, command: str) -> None:
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    holder = Holder(pid=os.getpid(), command=command, machine=socket.gethostname(), since=since)
    # Written into the locked file itself: a new one in its place would not be locked.
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)


def _read(descriptor: int) -> Holder | None:
    """Who has signed; None while nobody has, or not legibly."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 10_000, 0)))
    except (ValueError, TypeError):
        return None
