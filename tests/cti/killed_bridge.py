"""A bridge that works as fast as it can until it is killed: `killed_bridge.py FOLDER SEED`.

Says a line on its standard output for every few events that it was given.
"""

import asyncio
import itertools
import random
import sys
from pathlib import Path

from casestore.db import Store
from casework.changes import Changes
from cti.asterisk.ami import AmiDown
from cti.asterisk.ami_events import AmiMessage
from cti.bridge import FOLLOWED, Bridge
from cti.bus.memory import MemoryBus
from cti.call_store import CallStore
from domain.calls import CallAnswered
from domain.case_commands import Link, Register
from domain.cases import NewCase
from domain.dialogue import DialogueEnded, LanguageChosen, StatementHeard
from domain.offers import OfferMade, OfferMissed, OfferShown


class Asterisk:
    """Says what it is told to."""

    def __init__(self):
        self.says = asyncio.Queue()

    async def messages(self):
        while True:
            yield await self.says.get()

    async def send(self, action):
        raise AmiDown


def dialogue_event(chance, call_id, at_ms):
    agent, offer_id = chance.choice(["anna", "bo"]), chance.choice(["1", "2", "3"])
    return chance.choice(
        [
            lambda: CallAnswered(call_id=call_id, at_ms=at_ms, number="+46701740605"),
            lambda: LanguageChosen(call_id=call_id, at_ms=at_ms, language=chance.choice(["en", "sv"])),
            lambda: StatementHeard(call_id=call_id, at_ms=at_ms, text=str(at_ms), confidence=0.5),
            lambda: DialogueEnded(call_id=call_id, at_ms=at_ms, reason="done"),
            lambda: OfferMade(call_id=call_id, at_ms=at_ms, offer_id=offer_id, agent=agent),
            lambda: OfferShown(call_id=call_id, at_ms=at_ms, offer_id=offer_id, agent=agent),
            lambda: OfferMissed(call_id=call_id, at_ms=at_ms, offer_id=offer_id, agent=agent, cause="slow"),
        ]
    )()


def case_events(chance, store, call_id, at_ms):
    """What the owner of cases has written down by itself; the kill may come before it is told to anybody."""
    with store.uow() as tx:
        changes = Changes(tx, at_ms)
        number = case.number if (case := changes.of_call(call_id)) else ""
        head = {"actor": "ivr", "at_ms": at_ms, "call_id": call_id, "yields": True}
        if not number or chance.random() < 0.3:
            command = Register(**head, new=NewCase(title=str(at_ms)))
        else:
            number, command = f"C-{chance.randrange(1, int(number[2:]) + 1):06d}", Link(**head)
        return changes.finish(changes.carry_out_all(number, [command])).events


def messages(chance, call_id, at_ms):
    """What Asterisk says at once: mostly one thing, now and then its whole list."""
    phone = f"PJSIP/{chance.choice(['anna', 'bo'])}-phone-0000001a"
    of_agent = {"Linkedid": call_id, "DestChannel": phone, "Channel": phone}
    caller = {"Linkedid": call_id, "Uniqueid": call_id}
    one = chance.choice(
        [
            {"Event": "QueueCallerJoin", "Queue": "support", "Position": "1", **caller},
            {"Event": "DialBegin", **of_agent},
            {"Event": "AgentRingNoAnswer", **of_agent},
            {"Event": "AgentConnect", **of_agent},
            {"Event": "Hangup", **caller},
            None,
        ]
    )
    if one:
        return [AmiMessage(one, at_ms)]
    whole = [
        {"Event": "FullyBooted"},
        {"Event": "QueueStatusComplete"},
        {"Event": "CoreShowChannel", **caller},
    ]
    return [AmiMessage(fields, at_ms) for fields in (*whole, {"Event": "CoreShowChannelsComplete"})]


async def main(folder, seed):
    chance, bus, asterisk = random.Random(seed), MemoryBus(1_000_000), Asterisk()
    store = Store(f"sqlite:///{folder / 'cases.db'}")
    store.upgrade()
    kept = CallStore(store, lambda: 1)
    recovered = kept.recover(FOLLOWED)
    bridge = Bridge(
        bus=bus,
        ami=asterisk,
        store=kept,
        queue="support",
        wrapup_s=1,
        recovered=recovered,
        clock=lambda: at_ms,
        timer=lambda s, then: asyncio.get_running_loop().call_later(s / 1000, then),
        patience_s=30,
    )
    at_ms = began_ms = seed * 1_000_000
    talking = set()
    await bridge.start()
    for at_ms in itertools.count(began_ms):
        call_id = f"{seed}.{at_ms // 200}{chance.randrange(4)}"
        if chance.random() < 0.02 and talking:
            of_call = chance.choice(sorted(talking))
            for event in await asyncio.to_thread(case_events, chance, store, of_call, at_ms):
                await bus.publish(event.stream, event)
        elif chance.random() < 0.6:
            event = dialogue_event(chance, call_id, at_ms)
            await bus.publish(event.stream, event)
            if isinstance(event, CallAnswered):
                talking.add(call_id)
        else:
            for message in messages(chance, call_id, at_ms):
                asterisk.says.put_nowait(message)
                if message.fields["Event"] == "FullyBooted":
                    talking.clear()
                if message.fields["Event"] == "Hangup":
                    talking.discard(call_id)
        if at_ms % 10 == 0:
            print(at_ms, flush=True)
            await asyncio.sleep(0.002)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
