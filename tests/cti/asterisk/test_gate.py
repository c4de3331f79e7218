"""Show, then ring: the gate opens when the screen is painted, and in any case at the cap."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cti.asterisk.gate import OfferGate
from cti.bus.memory import MemoryBus
from domain.clock import now_ms
from domain.event import Event
from domain.offers import OfferAnswered, OfferMade, OfferMissed, OfferShown
from domain.streams import OFFERS
from tests.bus_events import UNREADABLE, events_of, publish_bytes, until

Browser = Callable[[MemoryBus, OfferMade], Awaitable[None]]


def answers(*kinds: str) -> Browser:
    """A desk whose browser gives these answers to every offer."""

    async def browser(bus: MemoryBus, offer: OfferMade) -> None:
        for kind in kinds:
            answer = OfferAnswered(
                at_ms=now_ms(), call_id=offer.call_id, offer_id=offer.offer_id, agent=offer.agent, answer=kind
            )  # type: ignore[arg-type]
            await bus.publish(OFFERS, answer)

    return browser


async def offered(browser: Browser, cap_ms: int = 150) -> tuple[str | None, list[Event]]:
    """What the gate says, and what it has stated on the bus."""
    bus = MemoryBus()
    heard: list[Event] = []

    async def desk() -> None:
        async for event in events_of(listening):
            heard.append(event)
            if isinstance(event, OfferMade):
                await browser(bus, event)

    listening = await bus.subscribe(OFFERS)
    task = asyncio.create_task(desk())
    gate = OfferGate(bus, cap_ms)
    await gate.start()
    assert gate.state == "ok"
    cause = await gate.show("1.0", "anna")
    await until(lambda: isinstance(heard[-1], OfferShown | OfferMissed))
    await gate.close()
    task.cancel()
    return cause, heard


async def test_a_painted_pop_opens_the_gate() -> None:
    cause, heard = await offered(answers("delivered", "painted"), cap_ms=60_000)
    assert cause is None
    assert isinstance(heard[-1], OfferShown)
    assert heard[-1].agent == "anna"


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [
        ((), "no_browser"),
        (("delivered",), "slow"),
        (("delivered", "gone"), "browser_gone"),
    ],
)
async def test_the_phone_rings_after_the_cap_and_the_cause_is_recorded(
    kinds: tuple[str, ...], cause: str
) -> None:
    said, heard = await offered(answers(*kinds))
    assert said == cause
    assert isinstance(heard[-1], OfferMissed)
    assert heard[-1].cause == cause


async def test_a_hidden_tab_releases_the_phone_at_once() -> None:
    cause, _ = await offered(answers("delivered", "hidden"), cap_ms=60_000)
    assert cause == "hidden_tab"


async def test_a_browser_that_reloads_within_the_cap_still_paints() -> None:
    cause, _ = await offered(answers("delivered", "gone", "delivered", "painted"), cap_ms=60_000)
    assert cause is None


async def test_the_answer_to_another_offer_does_not_open_the_gate() -> None:
    async def another(bus: MemoryBus, offer: OfferMade) -> None:
        answer = OfferAnswered(
            at_ms=now_ms(), call_id=offer.call_id, offer_id="another", agent=offer.agent, answer="painted"
        )
        await bus.publish(OFFERS, answer)

    cause, _ = await offered(another)
    assert cause == "no_browser"


async def test_an_answer_that_cannot_be_read_costs_itself_only() -> None:
    async def newer(bus: MemoryBus, offer: OfferMade) -> None:
        for data in UNREADABLE:
            await publish_bytes(bus, data, OFFERS)
        await answers("painted")(bus, offer)

    bus = MemoryBus()
    gate = OfferGate(bus, 60_000)
    await gate.start()
    offers = events_of(await bus.subscribe(OFFERS))
    showing = asyncio.create_task(gate.show("1.0", "anna"))
    made = await anext(offers)
    assert isinstance(made, OfferMade)
    await newer(bus, made)
    assert await showing is None
    assert gate.state == f"{len(UNREADABLE)} events were passed over"
    await gate.close()


async def test_a_bus_that_is_down_lets_the_phone_ring_after_the_cap_and_shows_in_health() -> None:
    bus = MemoryBus()
    gate = OfferGate(bus, cap_ms=20)
    await gate.start()
    await bus.close()
    assert await gate.show("1.0", "anna") == "no_browser"
    assert "closed" in gate.state
    await gate.close()


async def test_closing_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    gate = OfferGate(MemoryBus(), cap_ms=20)
    await gate.start()
    await gate.close()
    assert asyncio.all_tasks() == before
