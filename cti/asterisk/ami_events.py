"""Asterisk's manager messages → our events. Pure.

| Asterisk says                                           | we understand                           |
|---------------------------------------------------------|-----------------------------------------|
| QueueCallerJoin; QueueEntry (in an answer)              | QueueJoined                             |
| DialBegin of an agent's channel: the INVITE has left    | RingStarted                             |
| AgentRingNoAnswer; DialEnd without ANSWER; Hangup, each | RingEnded (a call takes the first one)  |
| of an agent's channel                                   |                                         |
| AgentConnect                                            | AgentConnected                          |
| Hangup of the caller's channel: Uniqueid is Linkedid    | CallEnded                               |
| the list of CoreShowChannels                            | Resynced                                |
| DeviceStateChange of an agent's phone, also in a list   | `phone_state`                           |

QueueCallerLeave and QueueCallerAbandon say nothing that AgentConnect or Hangup does not. The time of
an event is that of its arrival: Asterisk's RingTime and HoldTime are whole seconds. A Hangup's
cause may be that of an earlier leg (a refused media connection leaves its own): it is for the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from domain.agents import AgentState, PhoneKind, PhoneState, Presence
from domain.calls import AgentLeg, CallEnded, QueueJoined, Resynced
from domain.endpoints import phone_of
from domain.event import MAIN_NODE, CallEvent
from domain.offers import AgentConnected, RingEnded, RingStarted

# Reasons for a pause that is no break, as `cti.queue_actions` gives them to the queue.
TALKING, WRAPUP, UNREACHABLE = "talking", "wrapup", "unreachable"
# The phone itself ended the ringing: what an offer's reason is then.
DECLINED = "DECLINED"

_PHONE_STATES: dict[str, PhoneState] = {
    "UNAVAILABLE": "unavailable",
    "INVALID": "unavailable",
    "NOT_INUSE": "idle",
    "RINGING": "ringing",
    "RINGINUSE": "ringing",
    "INUSE": "in_use",
    "BUSY": "in_use",
    "ONHOLD": "in_use",
}

_UNKNOWN = ("<unknown>", "unknown")  # the latter in the list of a queue's callers


@dataclass(frozen=True)
class AmiMessage:
    """One event of a node's Manager: its fields as on the wire, and when it arrived (our clock)."""

    fields: Mapping[str, str]
    at_ms: int
    node: str = MAIN_NODE

    @property
    def event(self) -> str:
        return self.fields["Event"]

    def get(self, field: str) -> str:
        """The field's value; empty where the message has none, or Asterisk does not know it."""
        value = self.fields.get(field, "")
        return "" if value in _UNKNOWN else value


def translate(message: AmiMessage) -> CallEvent | None:
    """The event that the message tells of; None for most."""
    event = _event_of(message)
    return event and replace(event, node=message.node)


def member_state(member: AmiMessage) -> AgentState | None:
    """The agent that a QueueMember message tells of; None for a member that is no agent's phone."""
    phone = phone_of(member.get("Location"))
    if phone is None:
        return None
    paused, reason = member.get("Paused") == "1", member.get("PausedReason")
    presence: Presence = "ready"
    # Paused for the time of a call, or until the phone is there: they want calls.
    if paused and reason not in (TALKING, UNREACHABLE):
        presence = "wrapup" if reason == WRAPUP else "break"
    return AgentState(
        username=phone[0], presence=presence, reason=reason if presence == "break" else "", phone=phone[1]
    )


def phone_state(device: AmiMessage) -> tuple[str, PhoneKind, PhoneState] | None:
    """Agent, telephone and its state, of a DeviceStateChange; None for a device that is no agent's phone."""
    phone = phone_of(device.get("Device"))
    return phone and (*phone, _PHONE_STATES.get(device.get("State"), "unknown"))


def resynced(channels: Iterable[AmiMessage], asked_ms: int, node: str) -> Resynced:
    """What the CoreShowChannel messages of one list say together; `asked_ms`: when it was asked for."""
    # A set that keeps Asterisk's order.
    living: dict[str, None] = {}
    legs: list[AgentLeg] = []
    for channel in channels:
        call_id, phone = channel.get("Linkedid"), phone_of(channel.get("Channel"))
        if _is_caller(channel):
            living[call_id] = None
        elif phone is not None:
            legs.append(AgentLeg(call_id=call_id, agent=phone[0], state=_leg_state(channel)))
    return Resynced(at_ms=asked_ms, node=node, living=tuple(living), legs=tuple(legs))


def _event_of(message: AmiMessage) -> CallEvent | None:
    call_id = message.get("Linkedid")
    if message.event in ("QueueCallerJoin", "QueueEntry"):
        return _joined(message)
    if message.event == "Hangup" and call_id and _is_caller(message):
        return CallEnded(call_id=call_id, at_ms=message.at_ms, cause=message.get("Cause-txt"))
    # A Hangup is about the channel itself; everything else names the agent's as the one that is dialled.
    phone = phone_of(message.get("Channel" if message.event == "Hangup" else "DestChannel"))
    return _of_agent(message, call_id, phone[0]) if call_id and phone else None


def _is_caller(message: AmiMessage) -> bool:
    return message.get("Uniqueid") == message.get("Linkedid")


def _joined(message: AmiMessage) -> QueueJoined | None:
    """An entry of the queue's list has no Linkedid: it is the caller's own channel."""
    call_id = message.get("Linkedid") or message.get("Uniqueid")
    position = message.get("Position")
    if not call_id or not position.isdecimal():
        return None
    return QueueJoined(
        call_id=call_id,
        at_ms=message.at_ms,
        queue=message.get("Queue"),
        position=int(position),
        number=message.get("CallerIDNum"),
        name=message.get("CallerIDName"),
    )


def _of_agent(message: AmiMessage, call_id: str, agent: str) -> CallEvent | None:
    at_ms = message.at_ms
    match message.event:
        case "DialBegin":
            return RingStarted(call_id=call_id, at_ms=at_ms, agent=agent)
        case "AgentConnect":
            return AgentConnected(call_id=call_id, at_ms=at_ms, agent=agent)
        case "AgentRingNoAnswer":
            return RingEnded(call_id=call_id, at_ms=at_ms, agent=agent, reason="NOANSWER")
        case "DialEnd" if (status := message.get("DialStatus")) != "ANSWER":
            # Where it rang too long AgentRingNoAnswer comes first, where the caller went it is CANCEL.
            reason = DECLINED if status in ("NOANSWER", "BUSY") else status
            return RingEnded(call_id=call_id, at_ms=at_ms, agent=agent, reason=reason)
        case "Hangup":
            return RingEnded(call_id=call_id, at_ms=at_ms, agent=agent, reason=message.get("Cause-txt"))
    return None


def _leg_state(channel: AmiMessage) -> Literal["offered", "ringing", "connected"]:
    if channel.get("BridgeId"):
        return "connected"
    # Down: the channel exists and its INVITE has not left, for the offer gate holds it.
    return "offered" if channel.get("ChannelStateDesc") == "Down" else "ringing"
