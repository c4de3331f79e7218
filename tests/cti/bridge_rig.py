"""A bridge on real parts: the memory bus, a database, an AMI connection, an Asterisk that was recorded."""

import contextlib
import itertools

from ami_replay import BOOTED, ReplayedAsterisk, packet
from kept import Kept

from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from domain.agents import AgentsSnapshot, PresenceChanged, PresenceRefused, PresenceRequested, SnapshotWanted
from domain.calls import CallChanged, CallsSnapshot
from domain.streams import AGENTS, CALLS
from tests.bus_events import events_of

END_OF_QUEUE = packet(Event="QueueStatusComplete")


class BridgeRig:
    """A bridge with its surroundings, and what comes out of it."""

    def __init__(self, asterisk, ami, kept, **changes):
        self.asterisk, self.kept = asterisk, kept
        self.bus = changes.pop("bus", None) or MemoryBus()
        self.timers = []
        self._asked = itertools.count(1)
        options = {"store": kept, "queue": "support", "wrapup_s": 10.0, "timer": self._set_timer}
        self.bridge = Bridge(bus=self.bus, ami=ami, **{**options, **changes})

    async def start(self):
        """The bridge runs, and a desk hears it."""
        self._calls = events_of(await self.bus.subscribe(CALLS))
        self._agents = events_of(await self.bus.subscribe(AGENTS))
        await self.bridge.start()

    def _set_timer(self, seconds, then):
        self.timers.append((seconds, then))

    def ring_timers(self, seconds):
        """What was to happen after so many seconds happens now."""
        due = [timer for timer in self.timers if timer[0] == seconds]
        self.timers = [timer for timer in self.timers if timer[0] != seconds]
        for _, then in due:
            then()
        return len(due)

    async def state(self, *events):
        for event in events:
            await self.bus.publish(event.stream, event)

    async def want(self, presence, agent="anna", **fields):
        await self.state(PresenceRequested(at_ms=1, agent=agent, presence=presence, **fields))

    async def hang_up(self, call_id):
        """Asterisk says that the caller is gone."""
        await self.session.say(
            packet(Event="Hangup", Channel="PJSIP/x-1", Uniqueid=call_id, Linkedid=call_id)
        )

    async def call(self, **wanted):
        """The next state of a call, as pages get it, where these fields are so."""
        while True:
            event = await anext(self._calls)
            if isinstance(event, CallChanged) and all(getattr(event.call, k) == v for k, v in wanted.items()):
                return event.call

    async def presence(self, kind=PresenceChanged):
        """The next presence that pages get; with `PresenceRefused`, the next refusal."""
        while not isinstance(event := await anext(self._agents), kind):
            pass
        return event.agent if kind is PresenceChanged else event

    async def refusal(self):
        """Why the next wish was refused."""
        return (await self.presence(PresenceRefused)).why

    async def snapshot(self):
        """The calls and the agents that the bridge answers for."""
        wanted = SnapshotWanted(at_ms=1, request_id=f"rig {next(self._asked)}")
        await self.state(wanted)
        return await self.snapshot_of(wanted.request_id)

    async def snapshot_of(self, request_id):
        answers = [
            await self._snapshot(self._calls, CallsSnapshot, request_id),
            await self._snapshot(self._agents, AgentsSnapshot, request_id),
        ]
        return answers[0].calls, answers[1].agents

    async def _snapshot(self, heard, kind, request_id):
        while not isinstance(event := await anext(heard), kind) or event.request_id != request_id:
            pass
        return event

    async def actions(self, count):
        """The next actions that Asterisk gets, in short."""
        fields = ("Action", "Interface", "Paused", "Reason")
        got = []
        while len(got) < count:
            action = await self.asterisk.actions.get()
            # Telephones are asked for beside everything else; these tests say of them what they need.
            if action["Action"] != "DeviceStateList":
                got.append(action)
        return [" ".join(action[name] for name in fields if name in action) for action in got]


@contextlib.asynccontextmanager
async def rigs(folder):
    """A function that makes rigs, each with its Asterisk and database; all are closed in the end.

    `connected` waits until Asterisk was asked for its queue.
    """
    async with contextlib.AsyncExitStack() as stack:
        number = itertools.count()

        async def make(*, connected=True, answers=None, kept=None, **changes):
            asterisk = await stack.enter_async_context(ReplayedAsterisk())
            asterisk.answers |= answers or {}
            ami = Ami(retry_s=0.01, ping_s=60)
            if kept is None:
                (own := folder / f"kept{next(number)}").mkdir()
                kept = Kept(own)
                stack.callback(kept.close)
            rig = BridgeRig(asterisk, ami, kept, **changes)
            stack.push_async_callback(ami.close)
            await rig.start()
            stack.push_async_callback(rig.bridge.close)
            if connected:
                await ami.connect("127.0.0.1", asterisk.port, "svarklar", asterisk.secret)
                rig.session = await asterisk.login()
                await rig.session.say(BOOTED)
                assert await rig.actions(1) == ["QueueStatus"]
            return rig

        yield make
