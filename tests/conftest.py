"""What tests of several parts share: ports nobody uses, settings of a machine of their own, Asterisk."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from svarklar.settings import Settings
from tests import free_ports, servers
from tests.checkout import ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first: the others fill what is left, and no core waits for the last."""
    items.sort(key=lambda item: item.get_closest_marker("server") is None)


@pytest.fixture(scope="session", autouse=True)
def _asterisk_of_the_checkout() -> None:
    """Every test's Asterisk runs from the one that `make setup` has unpacked."""
    unpacked = ROOT / "var/asterisk"
    if unpacked.exists():
        os.environ.setdefault("SVARKLAR_ASTERISK_PREFIX", str(unpacked))


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a port that nobody has, for TCP and UDP."""
    return free_ports.free_port


@pytest.fixture
def new_settings(tmp_path: Path, free_port: Callable[[], int]) -> Callable[..., Settings]:
    """Settings of a new installation in a folder and on ports of its own; arguments change some."""
    made = []

    def make(**changes: object) -> Settings:
        rtp_start = random.SystemRandom().randrange(20000, 32000, 100)
        ports = ("web_port", "agi_port", "media_port", "ami_port", "asterisk_http_port", "sip_port")
        own: dict[str, object] = {
            "var": tmp_path / f"var{len(made)}",
            "rtp_start": rtp_start,
            "rtp_end": rtp_start + 99,
            "fetch_model": False,
        }
        made.append(Settings(**{**own, **{name: free_port() for name in ports}, **changes}))
        return made[-1]

    return make


@pytest.fixture
def settings(new_settings: Callable[..., Settings]) -> Settings:
    """Settings of one new installation."""
    return new_settings()


@pytest.fixture(scope="session")
def _shared_redis() -> Iterator[servers.Redis]:
    with servers.running_redis() as redis:
        yield redis


@pytest.fixture
def redis_server(_shared_redis: servers.Redis) -> servers.Redis:
    """An empty Redis that keeps nothing; the tests of a worker share it, so none may stop it."""
    _shared_redis.empty()
    return _shared_redis


@pytest.fixture
def own_redis() -> Iterator[Callable[..., servers.Redis]]:
    """Starts Redis servers that a test may kill, and that keep their data where `appendonly=True`."""
    with ExitStack() as started:
        yield lambda **options: started.enter_context(servers.running_redis(**options))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """A PostgreSQL that the tests of a worker share; each makes a database of its own."""
    with servers.running_postgresql() as cluster:
        yield cluster


@pytest.fixture
def own_postgresql() -> Iterator[servers.PostgreSQL]:
    """A PostgreSQL that a test may kill and start again."""
    with servers.running_postgresql() as cluster:
        yield cluster
