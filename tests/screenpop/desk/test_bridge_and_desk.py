"""The real bridge and the real desk on one bus: Asterisk's list holds, whatever the database still says."""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from desk_browser import Enter, Serve

from casestore import calls
from casestore.db import Store
from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from cti.call_store import Recovered
from cti.fact_writer import Positions
from domain.agents import AgentState
from domain.calls import Call, CallChanged
from domain.event import Event
from domain.facts import Fact
from domain.streams import CALLS
from tests.bus_events import events_of
from tests.cti.ami_replay import BOOTED, ReplayedAsterisk, packet

WAITING = Call(call_id="1.1", stage="queued", sip_call_id="abc@phone", marks={"answered": 1, "queued": 2})
MEMBER = packet(
    Event="QueueMember", Queue="support", Name="anna", Location="PJSIP/anna-browser", StateInterface="",
    Membership="dynamic", Status="1", Paused="0", PausedReason="", InCall="0",
)  # fmt: skip
NOTHING_LIVES = packet(Event="QueueStatusComplete"), packet(Event="CoreShowChannelsComplete")


class SaveWaits:
    """A database that somebody else has locked."""

    def __init__(self) -> None:
        self.unlocked = threading.Event()

    def append(self, facts: Sequence[Fact], read_up_to: Positions) -> tuple[int | None, ...]:
        return tuple(range(1, len(facts) + 1))

    def save(self, changed: Sequence[Call], place: int) -> None:
        self.unlocked.wait(60)

    def load(self, call_id: str) -> Call | None:
        return None

    def untold_cases(self) -> Sequence[Event]:
        return ()


@asynccontextmanager
async def bridge_whose_save_waits(bus: MemoryBus) -> AsyncIterator[ReplayedAsterisk]:
    """It knows the call that waits from before."""
    store, ami = SaveWaits(), Ami(retry_s=0.01, ping_s=60)
    async with AsyncExitStack() as stack:
        asterisk = await stack.enter_async_context(ReplayedAsterisk())
        stack.push_async_callback(ami.close)
        bridge = Bridge(
            bus=bus, ami=ami, store=store, queue="support", wrapup_s=10, recovered=Recovered(calls=(WAITING,))
        )
        await bridge.start()
        stack.push_async_callback(bridge.close)
        stack.callback(store.unlocked.set)
        await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
        yield asterisk


async def list_nothing(asterisk: ReplayedAsterisk) -> None:
    """Asterisk has no call any more, and anna in its queue."""
    session = await asterisk.login()
    await session.say(BOOTED)
    await asterisk.action("QueueStatus")
    await session.say(MEMBER + NOTHING_LIVES[0])
    await asterisk.action("CoreShowChannels")
    await session.say(NOTHING_LIVES[1])


async def test_a_call_that_ended_while_its_save_waits_is_on_no_page(
    serve: Serve, enter: Enter, store: Store
) -> None:
    bus = MemoryBus()
    with store.uow() as tx:
        calls.save(tx, [WAITING])
    stated = events_of(await bus.subscribe(CALLS))
    async with bridge_whose_save_waits(bus) as asterisk:
        browser = await enter("anna", at=await serve(bus=bus))
        before = await browser.live()
        assert [call["stage"] for call in (await before.next())["calls"]] == ["queued"]
        await list_nothing(asterisk)
        assert (await before.until("call"))["call"]["stage"] == "ended"
        async for event in stated:
            if isinstance(event, CallChanged) and event.call.stage == "ended":
                break

        after = await (await enter("anna", at=await serve(bus=bus))).live()
        snapshot = await after.next()
        assert [call["call_id"] for call in snapshot["calls"] if call["stage"] != "ended"] == []
        assert AgentState(**snapshot["me"]).presence == "ready"
