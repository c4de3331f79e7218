"""After each login Asterisk is asked for its telephones and queues, then for its channels. Pure.

| phase      | event                        | what follows                                      | phase      |
|------------|------------------------------|---------------------------------------------------|------------|
| any        | FullyBooted                  | Ask DeviceStateList and QueueStatus               | `queue`    |
| any        | DeviceStateChange            | PhoneSeen, where it is an agent's phone           |            |
| any        | DeviceStateListComplete, of  | Phones: these and no others                       |            |
|            | a list that has come whole   |                                                   |            |
| any        | QueueMember                  | Seen, where it is an agent's phone                |            |
| `queue`    | QueueStatusComplete          | QueueListed; Ask CoreShowChannels                 | `channels` |
| `channels` | CoreShowChannel              | it is remembered                                  |            |
| `channels` | CoreShowChannelsComplete     | Listed: what lives on this node                   | `done`     |
| `channels` | the same, of a list that has | nothing: half a list would end calls that live;   |            |
|            | not come whole               | the deadline asks again                           |            |
| `queue`, `channels` | DeadlinePassed      | from the beginning: an answer was lost            | `queue`    |

Nothing waits for the list of telephones: an Asterisk without the module for it says what changes alone.
The list judges what is older than the question for it, so `asked_ms` travels along. Each question has a
number; a deadline of an earlier one is nothing.
"""

from dataclasses import dataclass, replace
from typing import Literal

from cti.agent_events import PhoneChanged, PhonesListed
from cti.asterisk.ami_events import AmiMessage, member_state, phone_state, resynced
from domain.agents import AgentState
from domain.calls import Resynced
from domain.event import MAIN_NODE

Phase = Literal["waiting", "queue", "channels", "done"]


@dataclass(frozen=True)
class DeadlinePassed:
    """The question of this number was not answered to its end in time."""

    question: int
    node: str = MAIN_NODE


@dataclass(frozen=True)
class Ask:
    """Send this to Asterisk, and come back with DeadlinePassed for this question."""

    action: tuple[tuple[str, str], ...]
    question: int


@dataclass(frozen=True)
class Seen:
    """An agent's phone is a member of the queue."""

    member: AgentState


@dataclass(frozen=True)
class QueueListed:
    """Every member has been seen."""


@dataclass(frozen=True)
class Listed:
    """What lives on this node."""

    event: Resynced


@dataclass(frozen=True, kw_only=True)
class Resync:
    """Where the comparison with one node stands."""

    node: str
    phase: Phase = "waiting"
    question: int = 0
    asked_ms: int = 0
    channels: tuple[AmiMessage, ...] = ()
    # What came of the list of telephones: (device, state) of all, ours or not.
    devices: tuple[AmiMessage, ...] = ()


ResyncEffect = Ask | Seen | QueueListed | Listed | PhoneChanged | PhonesListed


def step(  # noqa: PLR0911 - a line of the table each
    resync: Resync, event: AmiMessage | DeadlinePassed, now_ms: int
) -> tuple[Resync, tuple[ResyncEffect, ...]]:
    """The comparison after what Asterisk says, and what follows from it."""
    if isinstance(event, DeadlinePassed):
        late = event.question == resync.question and resync.phase in ("queue", "channels")
        return _ask_for_queue(resync, now_ms) if late else (resync, ())
    match event.event, resync.phase:
        case "FullyBooted", _:
            return _ask_for_queue(resync, now_ms)
        case "DeviceStateChange", _:
            phone = phone_state(event)
            # What changes by itself meanwhile carries no ActionID and is no part of the list.
            listed = (*resync.devices, event) if event.get("ActionID") else resync.devices
            return replace(resync, devices=listed), ((PhoneChanged(*phone),) if phone else ())
        case "DeviceStateListComplete", _ if _is_whole(resync.devices, event):
            return replace(resync, devices=()), (_phones(resync.devices),)
        case "QueueMember", _:
            member = member_state(event)
            return resync, ((Seen(member),) if member else ())
        case "QueueStatusComplete", "queue":
            asked = replace(_next_question(resync, now_ms), phase="channels", channels=())
            return asked, (QueueListed(), _ask(asked, Action="CoreShowChannels"))
        case "CoreShowChannel", "channels":
            return replace(resync, channels=(*resync.channels, event)), ()
        case "CoreShowChannelsComplete", "channels" if _is_whole(resync.channels, event):
            living = resynced(resync.channels, resync.asked_ms, resync.node)
            return replace(resync, phase="done", channels=()), (Listed(living),)
    return resync, ()


def _is_whole(items: tuple[AmiMessage, ...], end: AmiMessage) -> bool:
    """Whether as many came as Asterisk says it has listed."""
    listed = end.get("ListItems")
    # An Asterisk that does not count its list is believed.
    return not listed.isdecimal() or int(listed) == len(items)


def _phones(devices: tuple[AmiMessage, ...]) -> PhonesListed:
    found = (phone_state(device) for device in devices)
    return PhonesListed(frozenset((phone[0], phone[1]) for phone in found if phone))


def _ask_for_queue(resync: Resync, now_ms: int) -> tuple[Resync, tuple[ResyncEffect, ...]]:
    asked = replace(_next_question(resync, now_ms), phase="queue", channels=(), devices=())
    # Telephones first: whoever wants calls at one that is not there must not be told ready.
    phones = _ask(asked, Action="DeviceStateList")
    return asked, (phones, _ask(asked, Action="QueueStatus"))


def _next_question(resync: Resync, now_ms: int) -> Resync:
    return replace(resync, question=resync.question + 1, asked_ms=now_ms)


def _ask(resync: Resync, **action: str) -> Ask:
    return Ask(tuple(action.items()), resync.question)
