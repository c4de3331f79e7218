"""The media WebSocket, spoken to as Asterisk speaks."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from cti.asterisk.channel import ChannelEvent, Frame, HungUp, Key, Played
from cti.asterisk.media import MediaServer

Asterisk = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def server() -> AsyncIterator[tuple[MediaServer, str]]:
    media = MediaServer()
    port = await media.start("127.0.0.1", 0)
    yield media, f"http://127.0.0.1:{port}/media"
    await media.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def next_event(events: AsyncIterator[ChannelEvent]) -> ChannelEvent:
    return await asyncio.wait_for(anext(events), 5)


async def commands(asterisk: Asterisk, until: str) -> tuple[list[str], int, str]:
    """The commands up to `until`, the bytes of sound between them, and the last mark."""
    seen, sound, mark = [], 0, ""
    while until not in seen:
        message = await asterisk.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.BINARY:
            sound += len(message.data)
        else:
            command = json.loads(message.data)
            seen.append(command["command"])
            mark = command.get("correlation_id", mark)
    return seen, sound, mark


async def test_sound_and_keys_arrive_in_order_and_a_close_is_a_hang_up(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    ticket = media.expect(8000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier}, protocols=["media"])
    await asterisk.send_str('{"event":"MEDIA_START"}')
    await asterisk.send_bytes(b"\1\0" * 160)
    await asterisk.send_str('{"event":"DTMF_END","digit":"7"}')
    await asterisk.close()
    events = (await ticket.channel).events()
    assert [await next_event(events) for _ in range(3)] == [Frame(b"\1\0" * 160), Key("7"), HungUp()]


async def test_what_asterisk_sends_in_small_pieces_arrives_in_larger_ones_and_whole(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    ticket = media.expect(8000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier})
    for number in range(3):
        await asterisk.send_bytes(bytes([number]) * 320)
    await asterisk.close()
    events = (await ticket.channel).events()
    both = Frame(b"\0" * 320 + b"\1" * 320)
    assert [await next_event(events) for _ in range(3)] == [both, Frame(b"\2" * 320), HungUp()]


async def test_a_prompt_goes_out_in_pieces_and_is_reported_when_it_was_heard(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    ticket = media.expect(8000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier}, protocols=["media"])
    channel = await ticket.channel
    await channel.play(bytes(16_000 * 10), "long")  # ten seconds: three pieces, two of them ahead
    for size in (64_000, 64_000):
        seen, sound, mark = await commands(asterisk, "MARK_MEDIA")
        assert (seen[:2], sound) == (["START_MEDIA_BUFFERING", "STOP_MEDIA_BUFFERING"], size)
    await asterisk.send_json({"event": "MEDIA_MARK_PROCESSED", "correlation_id": "1"})
    _, sound, mark = await commands(asterisk, "MARK_MEDIA")
    assert sound == 32_000
    for identifier in ("2", mark):
        await asterisk.send_json({"event": "MEDIA_MARK_PROCESSED", "correlation_id": identifier})
    assert await next_event(channel.events()) == Played("long")


async def test_flushing_silences_asterisk_and_ends_every_prompt(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    ticket = media.expect(16000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier}, protocols=["media"])
    channel = await ticket.channel
    await channel.play(bytes(32_000 * 20), "first")
    await channel.play(bytes(320), "second")
    for _ in range(2):
        await commands(asterisk, "MARK_MEDIA")
    await channel.flush()
    events = channel.events()
    assert {await next_event(events), await next_event(events)} == {Played("first"), Played("second")}
    assert await commands(asterisk, "FLUSH_MEDIA") == (["FLUSH_MEDIA"], 0, "")
    await channel.play(bytes(320), "third")
    _, sound, _ = await commands(asterisk, "MARK_MEDIA")
    assert sound == 320


@pytest.mark.parametrize("identifier", ["", "guessed", "' or 1=1 --"])
async def test_a_wrong_id_is_refused(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession, identifier: str
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect(server[1], params={"call": identifier})
    assert refusal.value.status == 403


async def test_an_id_is_good_for_one_connection_and_not_after_the_call(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    used, void = media.expect(8000), media.expect(8000)
    media.forget(void)
    await client.ws_connect(url, params={"call": used.identifier})
    for ticket in (used, void):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(url, params={"call": ticket.identifier})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"event":5}', '"x"', "null"])
async def test_a_malformed_message_is_passed_over(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession, text: str
) -> None:
    media, url = server
    ticket = media.expect(8000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier})
    await asterisk.send_str(text)
    await asterisk.send_str('{"event":"DTMF_END","digit":"1"}')
    assert await next_event((await ticket.channel).events()) == Key("1")


async def test_a_dialogue_that_stopped_reading_loses_old_sound_but_not_the_hang_up(
    server: tuple[MediaServer, str], client: aiohttp.ClientSession
) -> None:
    media, url = server
    ticket = media.expect(8000)
    asterisk = await client.ws_connect(url, params={"call": ticket.identifier})
    for _ in range(3_100):
        await asterisk.send_bytes(bytes(320))
    await asterisk.close()
    channel = await ticket.channel
    events = [event async for event in channel.events()]
    assert len(events) <= 1_500
    assert events[-1] == HungUp()
