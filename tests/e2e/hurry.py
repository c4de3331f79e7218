"""Callers in a hurry: by two keys to a case, by a third past the goodbye, and into the queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callers import PRINTER_KEYS, Caller, on_the_line
from desk_view import DeskView
from people import new_contact
from whole_house import House


@asynccontextmanager
async def hurrying(house: House, desk: DeskView, number: str = "") -> AsyncIterator[Caller]:
    """A caller whose case is registered and who is put through now; a new contact where none is named."""
    async with on_the_line(house, *PRINTER_KEYS, number=number or new_contact(house)) as caller:
        await desk.reaches(caller.call.call_id, "registered")
        caller.call.rtp.press("1")
        yield caller
