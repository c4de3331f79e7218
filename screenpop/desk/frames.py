"""What a page gets over the live connection: each frame is one JSON object.

The pages' own types are made from these classes (`screenpop.page_types`). A frame with a cursor is kept for
pages that come back; one without is for who is there now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeVar, get_args

from domain.agents import AgentState
from domain.calls import Call
from domain.offers import OfferMade
from domain.users import Person
from screenpop.server.encode import to_json

Record = TypeVar("Record")


class Encoded(str, Generic[Record]):
    """A record that is JSON already: it is encoded once, for all pages."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class PendingOffer:
    """This page is asked to show this call before the phone rings."""

    offer_id: str
    call_id: str


@dataclass(frozen=True, kw_only=True)
class SnapshotFrame:
    """Everything, as this user's page sees it."""

    type: Literal["snapshot"] = "snapshot"
    epoch: str
    cursor: int
    me: AgentState
    # Everybody who may log in; `agents` are those of them of whom Asterisk or a page has said anything.
    people: tuple[Person, ...]
    agents: tuple[AgentState, ...]
    calls: tuple[Encoded[Call], ...]
    offers: tuple[PendingOffer, ...]


@dataclass(frozen=True, kw_only=True)
class ResumedFrame:
    """What was missed follows; `cursor` is where the page stands."""

    type: Literal["resumed"] = "resumed"
    epoch: str
    cursor: int
    offers: tuple[PendingOffer, ...]


@dataclass(frozen=True, kw_only=True)
class CallFrame:
    """A call as it is now."""

    type: Literal["call"] = "call"
    cursor: int
    call: Encoded[Call]


@dataclass(frozen=True, kw_only=True)
class PresenceFrame:
    """An agent as they are now."""

    type: Literal["presence"] = "presence"
    cursor: int
    agent: AgentState


@dataclass(frozen=True, kw_only=True)
class PeopleFrame:
    """Everybody who may log in, after somebody was added, removed or changed."""

    type: Literal["people"] = "people"
    cursor: int
    people: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class PartialFrame:
    """The words so far of a caller who still talks."""

    type: Literal["partial"] = "partial"
    call_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OfferFrame(PendingOffer):
    """Paint this call now, then answer."""

    type: Literal["offer"] = "offer"


@dataclass(frozen=True, kw_only=True)
class ErrorFrame:
    """What went wrong; `message` is in the user's language."""

    type: Literal["error"] = "error"
    code: str
    message: str


Frame = (
    SnapshotFrame
    | ResumedFrame
    | CallFrame
    | PresenceFrame
    | PeopleFrame
    | PartialFrame
    | OfferFrame
    | ErrorFrame
)
FRAMES: tuple[type[Frame], ...] = get_args(Frame)


def encode(frame: Frame) -> bytes:
    """The frame as it travels."""
    parts = (f'"{field.name}":{_json(getattr(frame, field.name))}' for field in fields(frame))
    return f"{{{','.join(parts)}}}".encode()


def pending(offers: Iterable[OfferMade]) -> tuple[PendingOffer, ...]:
    """The offers as a page that has just come is told of them."""
    return tuple(PendingOffer(offer_id=offer.offer_id, call_id=offer.call_id) for offer in offers)


def _json(value: Any) -> str:
    # Already JSON: a call with its words is encoded once, however many pages it goes to.
    if isinstance(value, Encoded):
        return value
    if isinstance(value, tuple):
        return f"[{','.join(map(_json, value))}]"
    return to_json(value)
