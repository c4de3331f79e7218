"""Servers of the tests' own: Redis and PostgreSQL as Debian brings them, each in a folder that goes with it.

A server listens on 127.0.0.1 only, at a port chosen when it starts, and belongs to the process that started
it: the kernel ends it with that process, however that ends (`setpriv --pdeathsig`; start them from the main
thread, since the kernel goes by the thread). A program that is not installed is an error that says so, never
a skip.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.free_ports import free_port

_START_S = 30.0
_END_S = 30.0


class ServerProgramMissing(Exception):
    """A program that tests need is not installed."""


class ServerProcess:
    """A child that ends with us, started in `folder`; what it says stands in `folder`'s `server.log`."""

    def __init__(self, command: list[str], folder: Path, *, user: str | None = None) -> None:
        as_user = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        with (folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", *as_user, *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then end their servers themselves
            )
        self.log = folder / "server.log"

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def send(self, signal_number: signal.Signals) -> None:
        """A signal without waiting for what becomes of it: SIGSTOP, SIGCONT."""
        self._process.send_signal(signal_number)

    def wait(self) -> int:
        """Until it ends of itself; gives its exit status."""
        return self._process.wait(_START_S)

    def end(self, signal_number: signal.Signals) -> None:
        """Send it and wait until the process is gone; one that takes too long is killed."""
        if self.is_running():
            self._process.send_signal(signal_number)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_for(self, port: int, greeting: bytes, answer: bytes) -> None:
        """Until the server answers to its greeting. RuntimeError with its log where it ends or never does."""
        until = time.monotonic() + _START_S
        while not _answers(port, greeting, answer):
            if not self.is_running() or time.monotonic() > until:
                raise RuntimeError(f"a server of the tests does not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.01)


class Redis:
    """A Redis with a folder of its own; between `stop` or `kill` and `start` its port and data stay.

    Without `appendonly` it keeps nothing; with it, every write that it has answered survives a `kill`.
    """

    def __init__(self, folder: Path, *, appendonly: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._appendonly = "yes" if appendonly else "no"
        self._process: ServerProcess | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Start it and wait until it answers, its data loaded."""
        self._process = ServerProcess([*self._command(), "--appendonly", self._appendonly], self.folder)
        self._process.wait_for(self.port, b"PING\r\n", b"+PONG")

    def stop(self) -> None:
        """As an administrator stops it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut does, as far as a process can tell."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It accepts connections and answers nothing, until `thaw`."""
        self._running().send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send(signal.SIGCONT)

    def empty(self) -> None:
        """Delete everything that is in it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(5) == b"+OK\r\n"

    def forget(self) -> None:
        """Delete what it has on the disk; it must not be running."""
        assert self._process is None, "a running Redis writes its data again"
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def _end(self, signal_number: signal.Signals) -> None:
        if self._process:
            self._process.send(signal.SIGCONT)
            self._process.end(signal_number)
        self._process = None

    def _running(self) -> ServerProcess:
        assert self._process, "this Redis was not started"
        return self._process

    def _command(self) -> list[str]:
        options = {"--port": str(self.port), "--bind": "127.0.0.1", "--save": "", "--dir": str(self.folder)}
        return [_program("redis-server"), *(word for option in options.items() for word in option)]


class PostgreSQL:
    """A PostgreSQL cluster that synchronises every commit to the disk; anybody on this machine may log in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._user = _unprivileged_user()
        self._process: ServerProcess | None = None
        if self._user:
            shutil.chown(folder, self._user, self._user)
        self._make_cluster()

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://svarklar@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it accepts queries."""
        options = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [_program("postgres"), "-D", str(self._data), *settings]
        self._process = ServerProcess(command, self.folder, user=self._user)
        self._process.wait_for(self.port, _startup_message(), b"R")

    def stop(self) -> None:
        """At once, breaking what is connected, as its own "fast" shutdown does; the data stays."""
        if self._process:
            self._process.end(signal.SIGINT)
        self._process = None

    def kill(self) -> None:
        """As a power cut does, as far as a process can tell; `start` then recovers."""
        if self._process:
            self._process.end(signal.SIGKILL)
        self._process = None

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make_cluster(self) -> None:
        options = ["--username", "svarklar", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        command = [_program("initdb"), "-D", str(self._data), *options, "--no-sync"]
        made = ServerProcess(command, self.folder, user=self._user)
        if made.wait() != 0:
            raise RuntimeError(f"initdb failed:\n{made.log.read_text()[-2000:]}")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Below the system's folder for temporary files, since PostgreSQL's user may not enter a test's own."""
    folder = Path(tempfile.mkdtemp(prefix="svarklar-server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_redis(*, appendonly: bool = False) -> Iterator[Redis]:
    with private_folder() as folder:
        redis = Redis(folder, appendonly=appendonly)
        try:
            redis.start()
            yield redis
        finally:
            redis.stop()


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    with private_folder() as folder:
        postgresql = PostgreSQL(folder)
        try:
            postgresql.start()
            yield postgresql
        finally:
            postgresql.stop()


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as the user whom its package has made."""
    return "postgres" if os.getuid() == 0 else None


def _program(name: str) -> str:
    """Its path; Debian keeps PostgreSQL's off everybody's PATH, the newest version's is taken."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = debian[-1] if debian else shutil.which(name)
    if not found:
        raise ServerProgramMissing(f"{name} is not installed: run setup/servers.sh")
    return str(found)


def _answers(port: int, greeting: bytes, answer: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(greeting)
            return connection.recv(len(answer)) == answer
    except OSError:
        return False


def _startup_message() -> bytes:
    """PostgreSQL's protocol 3.0; `R` answers who may log in, `E` everybody while it is still starting."""
    parameters = b"user\0svarklar\0database\0postgres\0\0"
    return struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters
