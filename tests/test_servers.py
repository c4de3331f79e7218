"""The servers that tests start: they keep what they should, and none outlives who started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import servers

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[1]

STARTS_A_REDIS_AND_WAITS = """
import time
from tests import servers
with servers.running_redis() as redis:
    print(redis.pid, flush=True)
    time.sleep(600)
"""


def ask(redis: servers.Redis, command: str) -> str:
    return subprocess.run(
        ["redis-cli", "-u", redis.url, *command.split()], capture_output=True, text=True, check=True
    ).stdout.strip()


def is_gone(pid: int) -> bool:
    """Within 30 seconds; a process that nobody has waited for yet is gone too."""
    for _ in range(3000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("keeps", [True, False])
def test_a_killed_redis_comes_back_with_its_data_or_without(
    own_redis: Callable[..., servers.Redis], keeps: bool
):
    redis = own_redis(appendonly=keeps)
    ask(redis, "set word printer")
    redis.kill()
    redis.start()
    assert ask(redis, "get word") == ("printer" if keeps else "")


def test_a_redis_that_is_to_forget_comes_back_empty(own_redis: Callable[..., servers.Redis]):
    redis = own_redis(appendonly=True)
    ask(redis, "set word printer")
    redis.stop()
    redis.forget()
    redis.start()
    assert ask(redis, "get word") == ""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_the_tests_however_these_end(how: signal.Signals):
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_A_REDIS_AND_WAITS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout
        redis = int(tests.stdout.readline())
        os.kill(tests.pid, how)
        tests.wait()
    assert is_gone(redis)


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(servers.ServerProgramMissing, match=r"redis-server is not installed.*servers\.sh"):
        servers.running_redis().__enter__()
