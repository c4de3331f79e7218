"""A start that cannot be: one line that says why, exit code 1, and nothing is left running."""

import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import COMMAND, environment, svarklar
from processes import children, family, lives

from cti.processes import with_our_death
from svarklar.settings import Settings
from tests import servers

pytestmark = pytest.mark.server

# The settings of a test are in the environment, so that a shell may begin what then becomes the command.
IN_A_FULL_FOLDER = 'mount -t tmpfs -o size=260k tmpfs "$0" && exec "$@"'
IN_A_READ_ONLY_FOLDER = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
USING_A_DATABASE = ("serve", "up --no-demo", "db upgrade", "kb import")


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_a_locked_database(new_settings: Callable[..., Settings]) -> None:
    """Each waits for its turn as long as a store does: all at once."""
    settings = new_settings()
    svarklar(settings, "db", "upgrade")
    other = sqlite3.connect(settings.var / "svarklar.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    started = [
        # A folder of its own for each, since two programs may not be on one.
        subprocess.Popen(
            [*COMMAND, *command.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(new_settings(database_url=settings.database)),
        )
        for command in USING_A_DATABASE
    ]
    said = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert said == [("StoreBusy: the database is locked by somebody else\n", 1)] * len(USING_A_DATABASE)
    other.close()


@pytest.mark.parametrize("command", USING_A_DATABASE)
def test_a_file_that_is_no_database(command: str, settings: Settings) -> None:
    settings.var.mkdir()
    settings.database_file.write_bytes(b"Dear diary, " * 500)
    assert "no database, or it is damaged" in one_line(svarklar(settings, *command.split()))


@pytest.mark.parametrize("command", USING_A_DATABASE)
def test_a_full_disk(command: str, settings: Settings) -> None:
    assert "the disk is full" in one_line(elsewhere(IN_A_FULL_FOLDER, settings, command))


@pytest.mark.parametrize("command", USING_A_DATABASE)
def test_a_read_only_folder(command: str, settings: Settings) -> None:
    svarklar(settings, "db", "upgrade")
    assert "read-only" in one_line(elsewhere(IN_A_READ_ONLY_FOLDER, settings, command)).lower()


def elsewhere(shell: str, settings: Settings, command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command where var is mounted anew: a mount of its own, that ends with it."""
    settings.var.mkdir(exist_ok=True)
    namespace = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    return subprocess.run(  # noqa: PLW1510  # tests look at the exit code
        [*namespace, "sh", "-c", shell, settings.var.absolute(), *COMMAND, *command.split()],
        env=environment(settings), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", USING_A_DATABASE)
def test_a_database_server_that_is_away(
    command: str, settings: Settings, free_port: Callable[[], int]
) -> None:
    away = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/desk"
    line = one_line(svarklar(settings, *command.split(), SVARKLAR_DATABASE_URL=away))
    assert line.startswith("StoreUnreachable: the database server does not answer")
    assert "hunter2" not in line


@pytest.mark.parametrize("command", ["serve", "up --no-demo"])
@pytest.mark.parametrize("name", ["web_port", "agi_port", "media_port"])
def test_a_port_that_somebody_has(name: str, command: str, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", getattr(settings, name))):
        line = one_line(svarklar(settings, *command.split()))
    assert line.endswith(f"is in use: end what uses it, or set {name} to another")


@pytest.mark.parametrize("command", ["serve", "up --no-demo"])
def test_an_address_of_another_machine(command: str, settings: Settings) -> None:
    line = one_line(svarklar(settings, *command.split(), SVARKLAR_HOST="192.0.2.77"))
    assert "192.0.2.77, port" in line


@pytest.mark.parametrize("command", ["serve", "up --no-demo", "db upgrade"])
def test_secrets_that_are_damaged(command: str, settings: Settings) -> None:
    settings.var.mkdir()
    settings.secrets_file.touch(0o600)
    assert "is damaged" in one_line(svarklar(settings, *command.split()))


def test_on_postgresql_contacts_and_articles_go_in(
    settings: Settings, postgresql: servers.PostgreSQL
) -> None:
    """What the errors above are an exception from."""
    url = postgresql.emptied_database()
    assert svarklar(settings, "db", "upgrade", SVARKLAR_DATABASE_URL=url).returncode == 0
    done = svarklar(settings, "kb", "import", SVARKLAR_DATABASE_URL=url)
    assert "0 added, 0 changed, 0 refused" in done.stdout


@contextmanager
def running(settings: Settings, log: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that answers on its web port; killed where a test has not ended it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*with_our_death(), *COMMAND, *words],
            env=environment(settings), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        while not answers(settings):
            assert process.poll() is None, log.read_text(errors="replace")
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().strip("\0").replace("\0", " ")


def answers(settings: Settings) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((settings.host, settings.web_port)) == 0


@pytest.mark.parametrize("first", ["serve", "up"])
def test_a_second_program_on_the_same_folder_says_who_runs(
    first: str, new_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = new_settings()
    words = [first, "--no-demo"] if first == "up" else [first]
    with running(settings, tmp_path / "log", *words) as process:
        for second in ("serve", "up --no-demo", "demo"):
            other_ports = new_settings(var=settings.var)
            line = one_line(svarklar(other_ports, *second.split()))
            assert f"is in use by svarklar {first} (process {process.pid} on " in line
        assert answers(settings)
        assert svarklar(settings, "model", "list").returncode == 0


@pytest.mark.parametrize("words", [["serve"], ["up", "--no-demo"]])
def test_after_a_kill_the_next_start_is_allowed(words: list[str], settings: Settings, tmp_path: Path) -> None:
    with running(settings, tmp_path / "first", *words) as process:
        offspring = family(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with running(settings, tmp_path / "second", *words):
            assert [pid for pid in offspring if lives(pid)] == []


def test_up_says_why_serve_cannot_be_started_again(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(settings, log, "up", "--no-demo") as process:
        while b"Ctrl-C ends everything." not in log.read_bytes():
            time.sleep(0.05)
        other = sqlite3.connect(settings.database_file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        (serve,) = (pid for pid in children(process.pid) if command_of(pid).endswith("svarklar serve"))
        os.kill(serve, signal.SIGKILL)
        while b"start_failed" not in log.read_bytes():
            time.sleep(0.05)
        assert b"svarklar serve: StoreBusy: the database is locked by somebody else" in log.read_bytes()
        other.close()
        while not answers(settings):
            assert process.poll() is None
            time.sleep(0.05)
