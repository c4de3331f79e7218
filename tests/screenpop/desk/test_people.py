"""Who there is: in every snapshot, and as it changes while the server runs."""

from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from desk_browser import Enter, Serve

from casestore import users
from casestore.db import Store
from cti.bus.memory import MemoryBus
from domain.agents import AgentState, PresenceChanged
from domain.streams import AGENTS


@pytest.fixture
async def quick(serve: Serve) -> TestServer:
    """A server that looks often."""
    return await serve(people_check_s=0.01)


def by_name(frame: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {person["username"]: (person["name"], person["role"]) for person in frame["people"]}


async def test_a_page_knows_everybody_by_name_also_who_never_was_ready(enter: Enter) -> None:
    snapshot = await (await (await enter("anna")).live()).until("snapshot")
    assert by_name(snapshot) == {
        "admin": ("Ingrid Moen", "admin"),
        "anna": ("Anna Dahl", "agent"),
        "bo": ("Bo Lindqvist", "agent"),
        "sofia": ("Sofia Ek", "supervisor"),
    }
    assert snapshot["agents"] == []


async def test_who_is_added_is_there_at_once(enter: Enter, quick: TestServer, store: Store) -> None:
    live = await (await enter("anna", at=quick)).live()
    await live.until("snapshot")
    with store.uow() as tx:
        users.add(tx, username="cia", name="Cia Ros", role="agent", password_hash="x")
    frame = await live.until("people")
    assert by_name(frame)["cia"] == ("Cia Ros", "agent")
    again = await (await enter("bo", at=quick)).live(epoch="another", after=0)
    assert "cia" in by_name(await again.until("snapshot"))


async def test_the_pages_of_who_is_removed_close(enter: Enter, quick: TestServer, store: Store) -> None:
    anna, bo = await enter("anna", at=quick), await enter("bo", at=quick)
    live, colleague = await anna.live(), await bo.live()
    await live.until("snapshot")
    with store.uow() as tx:
        users.remove(tx, "anna")
    assert await live.closed() == 4401
    assert (await anna.get("/api/me")).status == 401
    assert "anna" not in by_name(await colleague.until("people"))


async def test_who_talks_at_the_browser_keeps_the_page_until_the_call_is_over(
    enter: Enter, serve: Serve, store: Store, bus: MemoryBus
) -> None:
    server = await serve(people_check_s=0.01, session_check_s=0.01)
    live = await (await enter("anna", at=server)).live()
    await live.until("snapshot")
    talking = AgentState(username="anna", presence="talking", calls=("1.1",), next="ready")
    await bus.publish(AGENTS, PresenceChanged(at_ms=1, agent=talking))
    await live.until("presence")
    with store.uow() as tx:
        users.remove(tx, "anna")
    await live.until("people")
    await live.say(type="hidden", offer_id="none")
    await live.until("error")  # it is still heard
    await bus.publish(AGENTS, PresenceChanged(at_ms=2, agent=AgentState(username="anna")))
    assert await live.closed() == 4401
