"""The adapters of the bus, for every test that must hold for each."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from cti.bus import Bus
from cti.bus.memory import MemoryBus
from cti.bus.redis_streams import RedisBus


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.server)])
async def make_bus(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Bus]]:
    """Makes buses of one kind that know nothing of each other; all are closed in the end."""
    async with AsyncExitStack() as made:

        def make(capacity: int = 1000) -> Bus:
            bus: Bus
            if request.param == "memory":
                bus = MemoryBus(capacity=capacity)
            else:
                url = request.getfixturevalue("redis_server").url
                bus = RedisBus(url, prefix=f"{uuid.uuid4().hex}:", capacity=capacity)
            made.push_async_callback(bus.close)
            return bus

        yield make
