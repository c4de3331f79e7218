"""Agents come and go while the server runs: noticed within seconds, without a restart.

The users' table is looked at again and again, for another process may change it (`svarklar agent add`).
`serve` gives new telephones to the pages and says who there is; `up` gives them to Asterisk.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from casestore.db import Store, StoreUnusable
from cti.asterisk.install.configuration import write_agents
from cti.asterisk.process import AsteriskFailed, AsteriskProcess
from svarklar.preparation import agent_names
from svarklar.secrets import Secrets, SecretsUnusable, load_secrets
from svarklar.settings import Settings

log = structlog.get_logger()

LOOK_S = 2.0

Agents = tuple[str, ...]


async def follow_staff(
    settings: Settings,
    store: Store,
    known: Agents,
    changed: Callable[[Agents, Secrets], Awaitable[None]],
    look_s: float = LOOK_S,
) -> None:
    """Call `changed` with who may have a phone, and their passwords, whenever that is not what is known."""
    while True:
        await asyncio.sleep(look_s)
        try:
            agents = await asyncio.to_thread(agent_names, store)
            if agents != known:
                await changed(agents, await asyncio.to_thread(load_secrets, settings, agents))
                log.info("staff_changed", added=_without(agents, known), removed=_without(known, agents))
                known = agents
        except (StoreUnusable, SecretsUnusable, AsteriskFailed, OSError) as error:
            # Next time: until then those who were there are.
            log.warning("staff_not_followed", error=str(error))


async def give_telephones(settings: Settings, asterisk: AsteriskProcess, known: Agents) -> None:
    """Asterisk has a telephone for everybody who is an agent, until cancelled."""

    async def changed(agents: Agents, secrets: Secrets) -> None:
        await asyncio.to_thread(write_agents, settings, secrets, agents)
        await asterisk.read_telephones()

    store = Store(settings.database)
    try:
        await follow_staff(settings, store, known, changed)
    finally:
        store.close()


def _without(some: Agents, others: Agents) -> list[str]:
    return [name for name in some if name not in others]
