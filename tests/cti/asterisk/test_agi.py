"""FastAGI over real sockets: what Asterisk says is understood, what others say does no harm."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from asterisk.agi import AGIUsageError
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cti.asterisk.agi import AgiChannel, AgiServer, Hangup

ASKED = b'GET FULL VARIABLE "${X}"\n'
GREETING = "agi_network: yes\nagi_request: agi://127.0.0.1/{script}\nagi_callerid: +46701740605\n\n"


@asynccontextmanager
async def asked(
    handler: Callable[[AgiChannel], Awaitable[None]], **limits: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A server with this handler, and a connection to it."""
    server = AgiServer({"intake": handler}, **limits)  # type: ignore[arg-type]
    port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.close()


def greet(writer: asyncio.StreamWriter, script: str = "intake", **more: str) -> None:
    lines = "".join(f"{name}: {value}\n" for name, value in more.items())
    writer.write((lines + GREETING.format(script=script)).encode("utf-8", "surrogateescape"))


async def greeted(port: int, script: str) -> tuple[Awaitable[bytes], asyncio.StreamWriter]:
    """A channel that has greeted: what it is asked first, and what holds it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    greet(writer, script)
    return asyncio.wait_for(reader.readline(), 5), writer


async def test_a_handler_asks_for_variables_sets_them_and_runs_applications() -> None:
    seen: list[str] = []

    async def handler(agi: AgiChannel) -> None:
        seen.append(agi.environment["agi_callerid"])
        seen.append(await agi.variable("${CHANNEL(linkedid)}"))
        await agi.set_variable("CASE", "C-000001")
        seen.append(await agi.execute("Dial", "WebSocket/media1/c(slin),,g"))

    async with asked(handler) as (reader, writer):
        greet(writer)
        assert await reader.readline() == b'GET FULL VARIABLE "${CHANNEL(linkedid)}"\n'
        writer.write(b"200 result=1 (1700000000.7)\n")
        assert await reader.readline() == b'SET VARIABLE "CASE" "C-000001"\n'
        writer.write(b"200 result=1\n")
        assert await reader.readline() == b'EXEC "Dial" "WebSocket/media1/c(slin),,g"\n'
        writer.write(b"200 result=0\n")
        assert await reader.readline() == b""
    assert seen == ["+46701740605", "1700000000.7", "0"]


async def test_quotes_and_backslashes_stay_inside_their_argument() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.set_variable("NAME", 'x" \\ "y')

    async with asked(handler) as (reader, writer):
        greet(writer)
        assert await reader.readline() == b'SET VARIABLE "NAME" "x\\" \\\\ \\"y"\n'


@pytest.mark.parametrize("value", ["a\nEXEC System rm", "a\rb", "a\0b"])
async def test_a_line_break_never_becomes_a_second_command(value: str) -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.set_variable("NAME", value)

    async with asked(handler) as (reader, writer):
        greet(writer)
        assert await reader.read() == b""


@pytest.mark.parametrize("answer", [b"HANGUP\n511 Command Not Permitted on a dead channel\n", b""])
async def test_a_hang_up_ends_the_handler(answer: bytes) -> None:
    ended = asyncio.Event()

    async def handler(agi: AgiChannel) -> None:
        try:
            await agi.variable("${X}")
        except Hangup:
            ended.set()

    async with asked(handler) as (reader, writer):
        greet(writer)
        await reader.readline()
        writer.write(answer)
        writer.write_eof()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_value_that_says_hangup_is_a_value() -> None:
    seen: list[str] = []

    async def handler(agi: AgiChannel) -> None:
        seen.append(await agi.variable("${X}"))

    async with asked(handler) as (reader, writer):
        greet(writer)
        await reader.readline()
        writer.write(b"200 result=1 (hangup)\n")
        await reader.read()
    assert seen == ["hangup"]


async def test_an_error_of_asterisk_that_never_ends_does_not_spin() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.variable("${X}")

    async with asked(handler) as (reader, writer):
        greet(writer)
        await reader.readline()
        writer.write(b"520-Invalid command syntax.\n")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_invalid_utf8_and_ten_kilobytes_of_name_reach_the_handler_as_text() -> None:
    seen: list[str] = []

    async def handler(agi: AgiChannel) -> None:
        seen.append(agi.environment["agi_calleridname"])

    async with asked(handler) as (reader, writer):
        greet(writer, agi_calleridname="\udcff" + "A" * 10_000)
        await reader.read()
    assert seen[0].endswith("A" * 10_000)


async def test_who_connects_and_closes_or_stalls_leaves_the_server_answering() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.variable("${X}")

    server = AgiServer({"intake": handler}, greeting_s=0.2)
    port = await server.start("127.0.0.1", 0)
    try:
        _, closing = await asyncio.open_connection("127.0.0.1", port)
        closing.close()
        stalled, _staller = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(stalled.read(), 5) == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        greet(writer)
        assert (await reader.readline()).startswith(b"GET FULL VARIABLE")
        writer.close()
    finally:
        await server.close()


async def test_an_unknown_script_and_a_failing_handler_close_the_connection() -> None:
    async def handler(agi: AgiChannel) -> None:
        raise RuntimeError("a bug")

    async with asked(handler) as (reader, writer):
        greet(writer, script="nothing")
        assert await reader.read() == b""
    async with asked(handler) as (reader, writer):
        greet(writer)
        assert await reader.read() == b""


async def test_channels_beyond_the_limit_are_refused_at_once() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.variable("${X}")

    server = AgiServer({"intake": handler}, most_channels=1)
    port = await server.start("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        greet(writer)
        await reader.readline()
        refused, refused_writer = await asyncio.open_connection("127.0.0.1", port)
        greet(refused_writer)
        assert await asyncio.wait_for(refused.read(), 5) == b""
        writer.close()
    finally:
        await server.close()


async def test_callers_at_their_limit_do_not_keep_an_offer_from_its_screen() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.variable("${X}")

    server = AgiServer({"intake": handler, "offer": handler}, most_channels=3)
    port = await server.start("127.0.0.1", 0)
    try:
        callers = [await greeted(port, "intake") for _ in range(3)]
        assert [await answer for answer, _ in callers] == [ASKED] * 3
        assert server.state == "full: intake"
        agents = [await greeted(port, "offer") for _ in range(3)]
        assert [await answer for answer, _ in agents] == [ASKED] * 3
        with capture_logs() as said:
            refused, _ = await greeted(port, "offer")
            assert await refused == b""
        assert {"event": "agi_refused", "script": "offer", "channels": 3, "log_level": "warning"} in said
    finally:
        await server.close()


async def test_a_waiting_channel_costs_no_thread() -> None:
    async def handler(agi: AgiChannel) -> None:
        await agi.execute("Dial", "x")

    before = threading.active_count()
    server = AgiServer({"intake": handler})
    port = await server.start("127.0.0.1", 0)
    held = [await greeted(port, "intake") for _ in range(20)]
    assert all([await answer for answer, _ in held])
    assert threading.active_count() == before
    await server.close()


async def test_a_handler_goes_on_after_a_command_that_asterisk_does_not_know() -> None:
    seen: list[str] = []

    async def handler(agi: AgiChannel) -> None:
        with contextlib.suppress(AGIUsageError):
            await agi.execute("Nothing", "")
        seen.append(await agi.variable("${X}"))

    async with asked(handler) as (reader, writer):
        greet(writer)
        await reader.readline()
        writer.write(
            b"520-Invalid command syntax.  Proper usage follows:\n Usage: EXEC x\n520 End of proper usage.\n"
        )
        await reader.readline()
        writer.write(b"200 result=1 (here)\n")
        await reader.read()
    assert seen == ["here"]


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_reach_a_handler_or_stop_the_server(noise: bytes) -> None:
    async def talk() -> None:
        async def handler(agi: AgiChannel) -> None:
            await agi.variable("${X}")

        async with asked(handler, greeting_s=0.5) as (reader, writer):
            writer.write(noise.replace(b"agi_request", b"") + b"\n\n")
            assert await asyncio.wait_for(reader.read(), 5) == b""

    asyncio.run(talk())
