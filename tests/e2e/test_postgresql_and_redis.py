"""The main job on PostgreSQL and Redis Streams, and what happens when Redis goes."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from installation import HELENA, JOHAN, PRINTER, Installation, running_installation
from people import stored_call

from casestore import fact_log
from casestore.db import Store
from phone.agent import AgentPhone
from phone.timeline import STEPS
from tests import servers

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def redis() -> Iterator[servers.Redis]:
    with servers.running_redis() as redis:
        yield redis


@pytest.fixture(scope="module")
def system(redis: servers.Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    with servers.running_postgresql() as cluster:
        urls = {"database_url": cluster.emptied_database(), "bus_url": redis.url}
        with running_installation(folder, **urls) as system:
            yield system


async def test_a_spoken_call_is_answered_prepared(system: Installation, agent: AgentPhone) -> None:
    report = await system.call(PRINTER, "yes", number=HELENA, codec="g722")
    assert [step for step in STEPS if report["ms"][step] is None] == []
    assert report["pop_lead_ms"] > 0
    assert report["case"]["service"] == "printing"
    assert not (system.settings.var / "svarklar.db").exists()


async def test_its_facts_and_its_record_are_in_postgresql(
    system: Installation, agent: AgentPhone, eventually: Callable[..., Awaitable[Any]]
) -> None:
    report = await system.call(PRINTER, "yes", number=JOHAN, codec="pcma")
    await eventually(lambda: stored_call(system, report["call"]).outcome == "answered")
    store = Store(system.settings.database)
    with store.reading() as tx:
        kinds = [fact.kind for fact in fact_log.read(tx, 0, 10_000, subject=report["call"])]
        of_case = [fact.kind for fact in fact_log.read(tx, 0, 100, subject=report["case"]["number"])]
    store.close()
    assert of_case[0] == "CaseRegistered"
    assert kinds[0] == "CallAnswered"
    assert {"StatementHeard", "QueueJoined", "OfferShown", "AgentConnected"} <= set(kinds)
    assert "CallEnded" in kinds


async def test_after_a_redis_that_lost_everything_the_next_call_is_answered_prepared(
    system: Installation, redis: servers.Redis, agent: AgentPhone
) -> None:
    redis.kill()
    redis.forget()
    redis.start()
    report = await system.call("my laptop screen is black", "yes", "2", number=JOHAN, codec="pcmu")
    assert report["outcome"] == "answered"
    assert report["ms"]["queued"] is not None
