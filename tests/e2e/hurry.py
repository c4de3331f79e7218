"""Callers in a hurry: by two keys to a case, by a third past the goodbye, and into the queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callers import PRINTER_KEYS, Caller, on_the_line
from desk_view import CallJson, DeskView
from installation import PRINTER, Installation
from people import new_contact

from phone.caller import Keys, Speech, converse

_PAST_THE_GOODBYE = "1"


@asynccontextmanager
async def hurrying(system: Installation, desk: DeskView, number: str = "") -> AsyncIterator[Caller]:
    """A caller whose case is registered and who is put through now; a new contact where none is named."""
    async with on_the_line(system, number=number or new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        await _registers_by_keys(desk, caller)
        yield caller


async def goes_on(desk: DeskView, caller: Caller) -> CallJson:
    """The caller was asked what is wrong, and goes by keys from there to the queue."""
    await _registers_by_keys(desk, caller)
    return await desk.reaches(caller.call.call_id, "queued")


async def _registers_by_keys(desk: DeskView, caller: Caller) -> None:
    first, second = PRINTER_KEYS
    caller.call.rtp.press(first)
    await converse(caller.call, [Keys(second)])
    await desk.reaches(caller.call.call_id, "registered")
    caller.call.rtp.press(_PAST_THE_GOODBYE)


async def say_now(system: Installation, caller: Caller, text: str = PRINTER) -> None:
    """Begin to say this, whatever the far end does; returns at once."""
    (said,) = await asyncio.to_thread(system.says, text)
    assert isinstance(said, Speech)
    caller.call.rtp.say(said.sound)
