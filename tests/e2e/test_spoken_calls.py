"""The main job on real parts: a spoken call becomes a case, a painted pop, and only then a ring."""

from typing import Any

import pytest
from whole_house import MARIA, PRINTER, House

from phone.agent import Agent
from phone.timeline import STEPS

pytestmark = pytest.mark.server


@pytest.fixture(params=["pcmu", "pcma", "g722"])
async def report(request: pytest.FixtureRequest, house: House, agent: Agent) -> dict[str, Any]:
    return await house.call(PRINTER, "yes", codec=request.param, name="Maria Lind")


async def test_a_spoken_call_is_answered_prepared_in_every_codec(report: dict[str, Any]) -> None:
    assert [step for step in STEPS if report["ms"][step] is None] == []
    assert report["pop_lead_ms"] > 0
    assert report["outcome"] == "answered"
    assert report["caller"] == {"number": MARIA, "contact": "Maria Lind", "match": "one"}
    assert "printer" in report["transcript"]
    assert report["case"]["service"] == "printing"
    assert report["suggestions"][0]["article"].startswith("print")
    assert report["suggestions"][0]["because"]
    order = [
        report["ms"][step] for step in ("registered", "queued", "offered", "shown", "ringing", "connected")
    ]
    assert order == sorted(order)
