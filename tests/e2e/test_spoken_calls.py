"""The main job on real parts: a spoken call becomes a case, a painted pop, and only then a ring."""

from typing import Any

import pytest
from installation import HELENA, JOHAN, MIKAEL, PRINTER, Installation

from phone.agent import AgentPhone
from phone.timeline import STEPS

pytestmark = pytest.mark.server


# One caller each: who has an open case is asked about it first.
CALLERS = {"pcmu": HELENA, "pcma": JOHAN, "g722": MIKAEL}


@pytest.fixture(params=CALLERS)
async def report(request: pytest.FixtureRequest, system: Installation, agent: AgentPhone) -> dict[str, Any]:
    return await system.call(PRINTER, "yes", number=CALLERS[request.param], codec=request.param)


async def test_a_spoken_call_is_answered_prepared_in_every_codec(report: dict[str, Any]) -> None:
    assert [step for step in STEPS if report["ms"][step] is None] == []
    assert report["pop_lead_ms"] > 0
    assert report["outcome"] == "answered"
    assert report["caller"]["match"] == "one"
    assert report["caller"]["contact"]
    assert "printer" in report["transcript"]
    assert report["case"]["service"] == "printing"
    assert report["suggestions"][0]["article"].startswith("print")
    assert report["suggestions"][0]["because"]
    order = [
        report["ms"][step] for step in ("registered", "queued", "offered", "shown", "ringing", "connected")
    ]
    assert order == sorted(order)
