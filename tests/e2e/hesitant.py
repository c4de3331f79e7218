"""An agent on a slow day."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from installation import Installation

from phone.agent import AgentPhone
from phone.call import PhoneCall


class Hesitant(AgentPhone):
    """Looks at no offer, and lets the phone ring."""

    def _ring(self, call: PhoneCall) -> None:
        self.calls.put_nowait(call)

    async def _desk(self, live: aiohttp.ClientWebSocketResponse) -> None:
        async for message in live:
            said = message.json()
            if said["type"] == "presence" and said["agent"]["username"] == self.username:
                self._presences.put_nowait(said["agent"]["presence"])


@asynccontextmanager
async def hesitant_agent(system: Installation) -> AsyncIterator[Hesitant]:
    """Bo, ready, at a desk that never paints and a phone that nobody lifts."""
    sip = (system.settings.host, system.settings.sip_port)
    bo = Hesitant("bo", system.secrets.demo["bo"], system.web, sip, system.secrets.sip["bo-phone"])
    try:
        await bo.log_in()
        await bo.be_ready()
        yield bo
    finally:
        await bo.close()
