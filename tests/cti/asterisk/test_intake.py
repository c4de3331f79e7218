"""Every caller's way through the intake, spoken to as Asterisk speaks over AGI and the media WebSocket."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import aiohttp
import pytest

from cti.asterisk.agi import AgiServer
from cti.asterisk.channel import Channel
from cti.asterisk.intake import Intake
from cti.asterisk.media import MediaServer
from cti.bus.memory import MemoryBus
from domain.calls import CallAnswered, CallRouted
from domain.desks import Desk, DeskBook, Reception
from domain.dialogue import DialogueEnded, DialogueResult
from domain.event import Event
from domain.streams import DIALOGUE
from tests.bus_events import events_of

RESULT = DialogueResult(case_number="C-000001", queue_priority=4, reason="done")
ANSWERS = {
    "linkedid": "1700000000.7",
    "call-id": "sip-1",
    "audionativeformat": "(ulaw)",
    "QUEUE_WAITING_COUNT(hr)": "3",
}
IT = Desk(key="it", name="IT", numbers=("100",))
HR = Desk(key="hr", name="Personnel", numbers=("101",), queue="hr", cap=3, when_full="announce")
BOOK = DeskBook(desks=(IT, HR))
TOLD = {"SVARKLAR_QUEUE": "support", "__SVARKLAR_CASE": "C-000001", "QUEUE_PRIO": "4"}


class Asterisk:
    """The caller's channel, as Asterisk drives our AGI script."""

    def __init__(self, media: str, *, dials: bool = True, returns: bool = True, dialled: str = "100") -> None:
        self.media, self.dials, self.returns = media, dials, returns
        self.dialled = dialled
        self.variables: dict[str, str] = {}

    async def run(self, port: int) -> None:
        """Run the script to its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"agi_request: agi://127.0.0.1/intake\nagi_callerid: +46701740605\nagi_arg_1: {self.dialled}\n"
        writer.write(f"{head}agi_arg_2: north\n\n".encode())
        while line := (await reader.readline()).decode():
            answer = await self._do(line)
            if self.returns or not line.startswith("EXEC"):
                writer.write(f"200 {answer}\n".encode())
        writer.close()

    async def _do(self, line: str) -> str:
        if line.startswith("EXEC"):
            if self.dials:
                await self._media(line)
            return "result=0"
        if line.startswith("SET"):
            name, value = re.findall(r'"([^"]*)"', line)
            self.variables[name] = value
            return "result=1"
        return f"result=1 ({next(value for name, value in ANSWERS.items() if name in line)})"

    async def _media(self, line: str) -> None:
        identifier = re.search(r"call=([^)]+)\)", line)
        assert identifier
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.media, params={"call": identifier.group(1)}) as socket,
        ):
            async for _ in socket:
                pass


@pytest.fixture
async def media() -> AsyncIterator[tuple[MediaServer, str]]:
    server = MediaServer()
    port = await server.start("127.0.0.1", 0)
    yield server, f"http://127.0.0.1:{port}/media"
    await server.close()


async def taken(
    media: MediaServer,
    asterisk: Asterisk,
    dialogue: object,
    dial_s: float = 15.0,
    desks: Callable[[], DeskBook] = lambda: BOOK,
) -> list[Event]:
    """What is stated on the bus while Asterisk runs the intake."""
    bus, heard = MemoryBus(), []

    async def listen() -> None:
        async for event in events_of(listening):
            heard.append(event)

    listening = await bus.subscribe(DIALOGUE)
    task = asyncio.create_task(listen())
    server = AgiServer({"intake": Intake(bus, media, dialogue, desks, dial_s=dial_s)})  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        await asterisk.run(await server.start("127.0.0.1", 0))
    await server.close()
    await bus.close()  # what was stated by now is heard, then the listening ends
    await task
    return heard


async def test_the_dialogue_decides_what_the_queue_is_told(media: tuple[MediaServer, str]) -> None:
    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        assert (call.number, channel.rate_hz) == ("+46701740605", 8000)
        return RESULT

    asterisk = Asterisk(media[1])
    answered, _ = await taken(media[0], asterisk, dialogue)
    assert isinstance(answered, CallAnswered)
    assert (answered.call_id, answered.sip_call_id) == ("1700000000.7", "sip-1")
    assert (answered.dialled, answered.node) == ("100", "north")
    assert asterisk.variables == TOLD


async def test_a_dialogue_that_fails_lets_the_caller_go_on(media: tuple[MediaServer, str]) -> None:
    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        raise RuntimeError("a bug")

    asterisk = Asterisk(media[1])
    await taken(media[0], asterisk, dialogue)
    assert asterisk.variables == {"SVARKLAR_QUEUE": "support"}


async def test_a_caller_whose_sound_never_came_goes_on_and_the_end_is_stated(
    media: tuple[MediaServer, str],
) -> None:
    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        raise AssertionError("there is nobody to talk with")

    _, _, ended = await taken(media[0], Asterisk(media[1], dials=False), dialogue)
    assert isinstance(ended, DialogueEnded)
    assert ended.reason == "unheard"


@pytest.mark.parametrize("dials", [True, False])
async def test_who_greets_and_never_answers_dial_holds_no_place(
    media: tuple[MediaServer, str], dials: bool
) -> None:
    talked = []

    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        talked.append(call.call_id)
        return RESULT

    stranger = Asterisk(media[1], dials=dials, returns=False)
    heard = await taken(media[0], stranger, dialogue, dial_s=1.0)
    assert bool(talked) is dials
    assert [type(event) for event in heard] == [CallAnswered, CallRouted] + [DialogueEnded] * (not dials)


async def test_a_dialogue_longer_than_dial_may_take_is_not_cut_short(media: tuple[MediaServer, str]) -> None:
    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        await asyncio.sleep(1.3)
        return RESULT

    asterisk = Asterisk(media[1])
    await taken(media[0], asterisk, dialogue, dial_s=1.0)
    assert asterisk.variables == TOLD


async def received_by(media: tuple[MediaServer, str], asterisk: Asterisk, **fields: object) -> Reception:
    """How the dialogue is told to receive the caller."""
    got: list[Reception] = []

    async def dialogue(call: CallAnswered, channel: Channel, received: Reception) -> DialogueResult:
        got.append(received)
        return replace(RESULT, reason="let_go") if received.routing.then == "announce" else RESULT

    events = await taken(media[0], asterisk, dialogue, **fields)  # type: ignore[arg-type]
    (routed,) = [event for event in events if isinstance(event, CallRouted)]
    routing = got[0].routing
    assert (routed.desk, routed.queue, routed.why) == (routing.desk, routing.queue, routing.why)
    return got[0]


async def test_a_full_desk_is_told_by_asterisks_own_count_and_its_caller_is_let_go(
    media: tuple[MediaServer, str],
) -> None:
    asterisk = Asterisk(media[1], dialled="101")
    received = await received_by(media, asterisk)
    assert (received.desk, received.routing.why) == (HR, "full")
    assert asterisk.variables["SVARKLAR_QUEUE"] == "hr"
    assert asterisk.variables["SVARKLAR_LET_GO"] == "yes"


async def test_a_number_of_no_desk_reaches_the_default_one(media: tuple[MediaServer, str]) -> None:
    asterisk = Asterisk(media[1], dialled="4711")
    assert (await received_by(media, asterisk)).routing.why == "unknown_number"
    assert asterisk.variables["SVARKLAR_QUEUE"] == "support"


async def test_desks_that_cannot_be_looked_up_cost_nobody_the_dialogue_or_the_queue(
    media: tuple[MediaServer, str],
) -> None:
    def broken() -> DeskBook:
        raise OSError("a bug")

    asterisk = Asterisk(media[1])
    received = await received_by(media, asterisk, desks=broken)
    assert received.routing.why == "lookup_failed"
    assert "SVARKLAR_QUEUE" not in asterisk.variables  # the dialplan's own stands
    assert "SVARKLAR_LET_GO" not in asterisk.variables
