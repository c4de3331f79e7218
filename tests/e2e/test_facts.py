"""What happened is kept: calls made anew from the fact log are the living ones, row by row."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from command_line import svarklar
from installation import HELENA, JOHAN, PRINTER, Installation
from people import living_calls, new_contact
from processes import send, serve_of

from phone.agent import AgentPhone

pytestmark = pytest.mark.server

Eventually = Callable[..., Awaitable[Any]]


async def test_calls_made_anew_from_the_log_are_the_living_ones(
    system: Installation, agent: AgentPhone, eventually: Eventually
) -> None:
    await system.call(PRINTER, "yes", number=HELENA)
    await system.call("1", "4217#", number=new_contact(system), hangup_after_s=6.0)
    await system.call(PRINTER, "yes", number=JOHAN, hangup_after_s=14.0)
    await eventually(lambda: living_calls(system) == 0)
    await asyncio.to_thread(_are_the_same, system)


async def test_a_server_that_is_killed_in_the_middle_of_a_call_leaves_log_and_calls_that_agree(
    system: Installation, agent: AgentPhone, eventually: Eventually
) -> None:
    first = serve_of(system)
    calling = asyncio.create_task(system.call(PRINTER, "yes", number=new_contact(system)))
    await eventually(lambda: living_calls(system) == 1)
    send(signal.SIGKILL, first)
    await calling
    await eventually(lambda: living_calls(system) == 0, 30.0)
    await asyncio.to_thread(_are_the_same, system)


def _are_the_same(system: Installation) -> None:
    done = svarklar(system.settings, "facts", "replay", "--compare")
    assert done.returncode == 0, done.stdout + done.stderr
