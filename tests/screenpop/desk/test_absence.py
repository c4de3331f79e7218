"""How long an agent may be without a browser."""

import asyncio

from screenpop.desk.absence import Absence


async def test_who_stays_away_is_missed_once() -> None:
    missed: asyncio.Queue[str] = asyncio.Queue()
    absence = Absence(0, missed.put_nowait)
    absence.gone("anna")
    absence.gone("anna")
    absence.gone("bo")
    assert [await asyncio.wait_for(missed.get(), 10) for _ in range(2)] == ["anna", "bo"]
    absence.gone("anna")
    assert await asyncio.wait_for(missed.get(), 10) == "anna"


async def test_who_comes_back_in_time_is_not_missed() -> None:
    missed: asyncio.Queue[str] = asyncio.Queue()
    absence = Absence(0, missed.put_nowait)
    absence.gone("anna")
    absence.back("anna")
    absence.back("never gone")
    absence.gone("bo")
    assert await asyncio.wait_for(missed.get(), 10) == "bo"
    absence.gone("anna")
    absence.stop()
    absence.gone("sofia")
    assert await asyncio.wait_for(missed.get(), 10) == "sofia"
