"""What tests hear on the bus: events without their positions."""

from collections.abc import AsyncIterator

from cti.bus import Subscription
from cti.events import Event


async def events_of(subscription: Subscription) -> AsyncIterator[Event]:
    """Every event, each of which must be readable."""
    async for delivery in subscription:
        assert delivery.event is not None, delivery.problem
        yield delivery.event
