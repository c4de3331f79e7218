"""A bridge on real parts: the memory bus, an AMI connection, and an Asterisk that was recorded."""

import contextlib

from ami_replay import BOOTED, ReplayedAsterisk, packet

from cti.asterisk.ami import Ami
from cti.bridge import Bridge
from cti.bus.memory import MemoryBus
from domain.events import CALLS, DESK, REQUESTS, CallChanged, PresenceChanged, PresenceRequested
from tests.bus_events import events_of

END_OF_QUEUE = packet(Event="QueueStatusComplete")


class BridgeRig:
    """A bridge with its surroundings, and what comes out of it."""

    def __init__(self, asterisk, ami, **changes):
        self.asterisk = asterisk
        self.bus = changes.pop("bus", None) or MemoryBus()
        self.saved = []
        self.timers = []
        options = {"save": self.saved.append, "queue": "support", "wrapup_s": 10.0, "timer": self._set_timer}
        self.bridge = Bridge(bus=self.bus, ami=ami, **{**options, **changes})

    async def start(self):
        """The bridge runs, and a desk hears it."""
        self.desk = await self.bus.subscribe(DESK)
        self._shown = events_of(self.desk)
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
            await self.bus.publish(CALLS, event)

    async def want(self, presence, agent="anna", **fields):
        await self.bus.publish(REQUESTS, PresenceRequested(at_ms=1, agent=agent, presence=presence, **fields))

    async def call(self, **wanted):
        """The next state of a call, as pages get it, where these fields are so."""
        while True:
            event = await anext(self._shown)
            if isinstance(event, CallChanged) and all(getattr(event.call, k) == v for k, v in wanted.items()):
                return event.call

    async def presence(self):
        """The next presence that pages get."""
        while not isinstance(event := await anext(self._shown), PresenceChanged):
            pass
        return event

    async def actions(self, count):
        """The next actions that Asterisk gets, in short."""
        fields = ("Action", "Interface", "Paused", "Reason")
        got = [await self.asterisk.actions.get() for _ in range(count)]
        return [" ".join(action[name] for name in fields if name in action) for action in got]


@contextlib.asynccontextmanager
async def rigs():
    """A function that makes rigs, each with its Asterisk; all are closed in the end.

    `connected` waits until Asterisk was asked for its queue.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def make(*, connected=True, answers=None, **changes):
            asterisk = await stack.enter_async_context(ReplayedAsterisk())
            asterisk.answers |= answers or {}
            ami = Ami(retry_s=0.01, ping_s=60)
            rig = BridgeRig(asterisk, ami, **changes)
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
