"""Strangers at the installation's own doors, while a caller talks: refused, and the caller is not held up."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from callers import Caller, on_the_line
from desk_view import DeskView
from hesitant import hesitant_agent
from hurry import goes_on, hurrying
from installation import Installation
from people import cases_of, new_contact

from cti.asterisk.install.binary import find_asterisk
from cti.asterisk.process import AsteriskProcess

pytestmark = pytest.mark.server

Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


@pytest.fixture
async def caller(system: Installation, desk: DeskView) -> AsyncIterator[Caller]:
    """Somebody who was just asked what is wrong."""
    async with on_the_line(system, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "listening")
        yield caller


@contextlib.asynccontextmanager
async def strangers(port: int, count: int, said: bytes) -> AsyncIterator[None]:
    """So many connections that say this and then nothing more."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in opened:
        writer.write(said)
    try:
        yield
    finally:
        for _, writer in opened:
            writer.close()


@pytest.mark.parametrize(
    "said",
    [b"", b"agi_request: agi://x/intake\n", b"GET / HTTP/1.1\r\n\r\n", b"\0\xff" * 50_000],
    ids=["nothing", "half a greeting", "HTTP", "noise"],
)
async def test_an_agi_client_that_stalls_is_dropped(
    said: bytes, system: Installation, desk: DeskView, caller: Caller, eventually: Eventually
) -> None:
    before = len(_complaints(system))
    async with strangers(system.settings.agi_port, 20, said):
        await goes_on(desk, caller)
        await eventually(lambda: len(_complaints(system)) >= before + 20)
    assert len(cases_of(system, caller.seen["call_id"])) == 1


async def test_agi_clients_that_connect_and_close_disturb_nobody(
    system: Installation, desk: DeskView, caller: Caller, eventually: Eventually
) -> None:
    before = len(_complaints(system))
    for _ in range(50):
        async with strangers(system.settings.agi_port, 1, b""):
            pass
    await goes_on(desk, caller)
    await eventually(lambda: len(_complaints(system)) >= before + 50)


async def test_an_agi_client_that_is_not_asterisk_makes_no_call(system: Installation, desk: DeskView) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", system.settings.agi_port)
    writer.write(b"agi_request: agi://x/intake\nagi_callerid: +46701740605\n\n")
    assert (await reader.readline()).startswith(b"GET FULL VARIABLE")
    writer.close()
    async with hurrying(system, desk) as caller:
        await desk.reaches(caller.call.call_id, "queued")


@pytest.mark.parametrize("query", ["", "?call=", "?call=guessed", "?call=" + "x" * 5000])
async def test_a_media_connection_with_a_wrong_id_is_refused(
    query: str, system: Installation, desk: DeskView, caller: Caller
) -> None:
    before = system.logged().count("media_refused")
    assert await _refusal(system, query) == 403
    assert system.logged().count("media_refused") == before + 1
    await goes_on(desk, caller)


async def test_a_media_connection_with_a_used_id_is_refused(
    system: Installation, desk: DeskView, caller: Caller
) -> None:
    before, used = system.logged().count("media_refused"), await _media_id(system)
    assert len(used) > 16
    assert await _refusal(system, f"?call={used}") == 403
    assert system.logged().count("media_refused") == before + 1
    assert "printing" in (await goes_on(desk, caller))["case"]["service"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "bad_message"),
        ("[" * 5000, "bad_message"),
        ('{"type": "painted"}', "bad_message"),
        ('{"type": "painted", "offer_id": {"$ne": 1}}', "bad_message"),
        ('{"type": "presence", "presence": "king", "reason": "", "phone": "phone"}', "bad_message"),
        (b"\x00\x01", "bad_message"),
        ('{"type": "painted", "offer_id": "nobody has made it"}', "foreign_offer"),
    ],
)
async def test_a_malformed_live_message_gets_an_error(
    message: str | bytes, code: str, system: Installation, eventually: Eventually
) -> None:
    async with _live_page(system, "anna") as live:
        await (live.send_str(message) if isinstance(message, str) else live.send_bytes(message))
        assert (await _next(live, "error"))["code"] == code
        await live.send_json(
            {"type": "presence", "presence": "break", "reason": "lunch", "phone": "phone"}
        )  # the page goes on
        await _next(live, "presence")
        await live.send_json({"type": "presence", "presence": "away", "reason": "", "phone": "phone"})
        await _next(live, "presence")


async def test_a_huge_live_message_ends_the_page_and_nothing_else(
    system: Installation, desk: DeskView, caller: Caller, eventually: Eventually
) -> None:
    async with _live_page(system, "anna") as live:
        await live.send_str(json.dumps({"type": "painted", "offer_id": "x" * 20_000}))
        async with asyncio.timeout(10):
            async for _ in live:
                pass
        assert live.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await eventually(lambda: "live_connection_failed" in system.logged())
    await goes_on(desk, caller)


async def test_nobody_answers_for_somebody_elses_call(system: Installation, desk: DeskView) -> None:
    async with (
        hesitant_agent(system),
        _live_page(system, "anna") as live,
        hurrying(system, desk) as caller,
    ):
        offered = await desk.reaches(caller.call.call_id, "offered")
        await live.send_json({"type": "painted", "offer_id": offered["offers"][0]["offer_id"]})
        assert (await _next(live, "error"))["code"] == "foreign_offer"
        rung = await desk.reaches(caller.call.call_id, "ringing")
    assert rung["offers"][0]["missed"] == "slow"
    assert rung["offers"][0]["shown_ms"] is None
    assert "foreign_offer" in system.logged()


def test_nothing_has_crashed(system: Installation) -> None:
    assert "Traceback" not in system.logged()


def _complaints(system: Installation) -> list[str]:
    """What the log says of AGI clients that were no Asterisk."""
    words = ("agi_stalled", "agi_hangup", "agi_failed", "agi_unknown_script")
    return [line for line in system.logged().splitlines() if any(word in line for word in words)]


async def _refusal(system: Installation, query: str) -> int:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"ws://127.0.0.1:{system.settings.media_port}/media{query}")
    return refused.value.status


async def _media_id(system: Installation) -> str:
    """The id that Asterisk has used for the one call that goes on."""
    asterisk = AsteriskProcess(system.settings, system.secrets, find_asterisk(system.settings))
    shown = await asyncio.create_subprocess_exec(
        *asterisk.command("-rx", "core show channels concise"), stdout=asyncio.subprocess.PIPE
    )
    channels = (await shown.communicate())[0].decode()
    return channels.partition("v(call=")[2].partition(")")[0]


@contextlib.asynccontextmanager
async def _live_page(system: Installation, username: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    headers, jar = {"Origin": system.web}, aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(headers=headers, cookie_jar=jar) as session:
        login = {"username": username, "password": system.secrets.demo[username]}
        async with session.post(f"{system.web}/api/login", json=login) as response:
            assert response.status == 200
        async with session.ws_connect(f"{system.web}/live") as live:
            yield live


async def _next(live: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (frame := await live.receive_json())["type"] != kind:
            pass
    return dict(frame)
