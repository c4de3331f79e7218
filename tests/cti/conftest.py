"""A running Asterisk of its own for each test that asks for one."""

import contextlib

import pytest

from cti.asterisk.install.binary import find_asterisk
from cti.asterisk.install.configuration import write_configuration
from cti.asterisk.process import AsteriskProcess
from svarklar.secrets import load_secrets

AGENTS = ("anna", "bo")


@pytest.fixture
def secrets(settings):
    return load_secrets(settings, AGENTS)


@pytest.fixture
def start_asterisk():
    """`async with start_asterisk(settings)`: configured for anna and bo, running, ended afterwards."""

    @contextlib.asynccontextmanager
    async def start(settings, binary=None):
        binary = binary or find_asterisk(settings)
        secrets = load_secrets(settings, AGENTS)
        write_configuration(settings, secrets, AGENTS, binary)
        async with AsteriskProcess(settings, secrets, binary) as process:
            yield process

    return start


@pytest.fixture
async def asterisk(start_asterisk, settings):
    async with start_asterisk(settings) as process:
        yield process
