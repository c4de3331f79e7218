"""What every live page shows, and the numbered changes that lead there.

A page gets the snapshot, then each change once, in order; the cursor is the number of the last change.
Within one epoch a page that was away gets what it missed, from a ring of the latest changes; outside it
(a restart, a bus that lagged) a new snapshot. Frames are built once, for all pages. No I/O, no clock.
"""

import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cti.bus.deduplicator import Deduplicator
from domain.events import CallChanged, Event, PresenceChanged
from domain.records import Call, PhoneKind, Presence
from screenpop.server.encode import to_json

ENDED_KEPT_MS = 120_000  # a call's pop stays through wrap-up and a reload in it


@dataclass(frozen=True, kw_only=True)
class AgentOnScreen:
    """Where an agent is, at which kind of phone, since when."""

    username: str
    presence: Presence = "away"
    reason: str = ""
    phone: PhoneKind = "browser"
    since_ms: int = 0


@dataclass(frozen=True)
class _Held:
    """A call's JSON; `ended_ms` is None while it lives."""

    sip_call_id: str
    json: str
    ended_ms: int | None


class LiveState:
    """Calls and agents as they are now, and the latest `kept` changes."""

    def __init__(self, kept: int = 256) -> None:
        self._calls: dict[str, _Held] = {}
        self._agents: dict[str, AgentOnScreen] = {}
        self._changes: deque[bytes] = deque(maxlen=kept)
        self._deduplicator = Deduplicator()
        self.epoch = ""
        self.cursor = 0
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Changes may be missing: whoever comes back with an older epoch gets a snapshot."""
        self.epoch = secrets.token_hex(8)
        self._changes.clear()

    def call_ids(self) -> tuple[str, ...]:
        """The calls that are known."""
        return tuple(self._calls)

    def restore(self, calls: Iterable[Mapping[str, Any]]) -> None:
        """Put what the store has of calls in place of what is known: changes were missed."""
        self._calls = {call["call_id"]: _stored(call) for call in calls}

    def apply(self, event: Event) -> bytes | None:
        """The frame for every page; None where the event changes nothing (not ours, or seen before)."""
        if not self._deduplicator.first_time(event):
            return None
        match event:
            case CallChanged(call=call):
                held = self._calls[call.call_id] = _held(call, event.at_ms)
                self._forget_ended(event.at_ms)
                body = f'"type":"call","cursor":{self.cursor + 1},"call":{held.json}'
            case PresenceChanged(error=""):
                agent = self._agents[event.agent] = _agent(event)
                body = f'"type":"presence","cursor":{self.cursor + 1},"agent":{to_json(agent)}'
            case _:
                return None
        self.cursor += 1
        frame = f"{{{body}}}".encode()
        self._changes.append(frame)
        return frame

    def call_json(self, sip_call_id: str) -> str | None:
        """The newest call with this Call-ID of the caller's phone, where it is on screen."""
        newest_first = reversed(self._calls.values())
        return next((held.json for held in newest_first if held.sip_call_id == sip_call_id), None)

    def agent(self, username: str) -> AgentOnScreen:
        """An agent as known; away until somebody says otherwise."""
        return self._agents.get(username) or AgentOnScreen(username=username)

    def missed(self, epoch: str, after: int) -> tuple[bytes, ...] | None:
        """The changes after that cursor; None where only a snapshot will do."""
        count = self.cursor - after
        if epoch != self.epoch or not 0 <= count <= len(self._changes):
            return None
        return tuple(self._changes)[len(self._changes) - count :]

    def snapshot(self, username: str, offers: Iterable[tuple[str, str]], now_ms: int) -> bytes:
        """Everything, as the page of this user sees it; offers are pairs of offer id and call id."""
        self._forget_ended(now_ms)
        head = to_json({"type": "snapshot", "epoch": self.epoch, "cursor": self.cursor})
        agents = ",".join(map(to_json, self._agents.values()))
        calls = ",".join(held.json for held in self._calls.values())
        rest = (
            f'"me":{to_json(self.agent(username))},"agents":[{agents}],"calls":[{calls}],'
            f'"offers":{to_json(_offers(offers))}'
        )
        return f"{head[:-1]},{rest}}}".encode()

    def resumed(self, after: int, offers: Iterable[tuple[str, str]]) -> bytes:
        """What precedes the missed changes; its cursor is where the page stands."""
        frame = {"type": "resumed", "epoch": self.epoch, "cursor": after, "offers": _offers(offers)}
        return to_json(frame).encode()

    def _forget_ended(self, now_ms: int) -> None:
        self._calls = {
            call_id: held
            for call_id, held in self._calls.items()
            if held.ended_ms is None or held.ended_ms > now_ms - ENDED_KEPT_MS
        }


def _held(call: Call, at_ms: int) -> _Held:
    ended_ms = call.marks.get("ended", at_ms) if call.stage == "ended" else None
    return _Held(call.sip_call_id, to_json(call), ended_ms)


def _stored(call: Mapping[str, Any]) -> _Held:
    ended_ms = call["marks"].get("ended", 0) if call["stage"] == "ended" else None
    return _Held(call.get("sip_call_id", ""), to_json(call), ended_ms)


def _agent(event: PresenceChanged) -> AgentOnScreen:
    return AgentOnScreen(
        username=event.agent,
        presence=event.presence,
        reason=event.reason,
        phone=event.phone,
        since_ms=event.since_ms,
    )


def _offers(offers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"offer_id": offer_id, "call_id": call_id} for offer_id, call_id in offers]
