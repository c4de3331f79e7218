"""`svarklar agent` beside a running server: whoever is added works at once, whoever is removed no more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from command_line import svarklar
from desk_view import DeskView
from hurry import hurrying
from installation import Installation

from phone.agent import AgentPhone
from phone.user_agent import CallFailed, UserAgent
from svarklar.secrets import load_secrets

pytestmark = pytest.mark.server

Eventually = Callable[[Callable[[], Any]], Awaitable[Any]]


async def has_telephone(system: Installation, username: str, password: str) -> bool:
    """Whether Asterisk lets this desk phone in."""
    phone = UserAgent(f"{username}-phone", (system.settings.host, system.settings.sip_port), password)
    await phone.open()
    try:
        await phone.register()
    except CallFailed:
        return False
    finally:
        await phone.close()
    return True


def desk_phone(system: Installation, username: str, password: str) -> AgentPhone:
    sip_password = load_secrets(system.settings, ()).sip[f"{username}-phone"]
    return AgentPhone(
        username, password, system.web, (system.settings.host, system.settings.sip_port), sip_password
    )


async def test_who_is_added_takes_a_call_and_who_is_removed_keeps_it_and_is_gone(
    system: Installation, desk: DeskView, eventually: Eventually
) -> None:
    added = await asyncio.to_thread(svarklar, system.settings, "agent", "add", "cia", "--generate")
    assert added.returncode == 0, added.stderr
    password = added.stdout.split("Password: ")[1].strip()
    sip_password = load_secrets(system.settings, ()).sip["cia-phone"]
    cia = desk_phone(system, "cia", password)
    try:
        async with asyncio.timeout(30):
            while not await has_telephone(system, "cia", sip_password):
                pass
        await eventually(lambda: system.logged().count("staff_changed") == 1)
        await cia.log_in()
        await cia.be_ready()
        async with hurrying(system, desk) as caller:
            async with asyncio.timeout(60):
                call = await cia.calls.get()
            await desk.becomes("cia", "talking")
            removed = await asyncio.to_thread(svarklar, system.settings, "agent", "remove", "cia")
            assert removed.returncode == 0, removed.stderr
            await eventually(lambda: system.logged().count("staff_changed") == 2)
            async with asyncio.timeout(30):
                while await has_telephone(system, "cia", sip_password):
                    pass
            assert (call.state, caller.call.state) == ("connected", "connected")
            await call.hang_up()
            await desk.becomes("cia", "away")
            assert (await caller.reaches("ended"))["outcome"] == "answered"
    finally:
        await cia.close()
    async with aiohttp.ClientSession(headers={"Origin": system.web}) as session:
        login = {"username": "cia", "password": password}
        assert (await session.post(f"{system.web}/api/login", json=login)).status == 401
