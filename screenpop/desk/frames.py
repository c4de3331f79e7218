"""What a page gets over the live connection: each frame is one JSON object.

The pages' own types are made from these classes (`screenpop.page_types`). A frame with a cursor is kept for
pages that come back; one without is for who is there now.
"""

from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, TypeVar, get_args

from domain.agents import AgentState
from domain.calls import Call
from domain.cases import CaseSummary
from domain.users import Person
from screenpop.desk.answers import CallerCard
from screenpop.server.encode import to_json

Record = TypeVar("Record")


class Encoded(str, Generic[Record]):
    """A record that is JSON already: it is encoded once, for all pages."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class PendingOffer:
    """This page is asked to show this call before the phone rings.

    All there is to show: `caller` is None where it could not be read yet, `cases` are the call's and those
    that are similar.
    """

    offer_id: str
    call_id: str
    caller: Encoded[CallerCard] | None = None
    cases: tuple[Encoded[CaseSummary], ...] = ()


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
    # Those of these calls; one that is missing comes as soon as it was read.
    cases: tuple[Encoded[CaseSummary], ...]
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
class CaseFrame:
    """The case of a living call, as it is now; to every page."""

    type: Literal["case"] = "case"
    cursor: int
    case: Encoded[CaseSummary]


@dataclass(frozen=True, kw_only=True)
class CasesFrame:
    """Cases that this page watches, as they are now: at first, and whenever one changes."""

    type: Literal["cases"] = "cases"
    cases: tuple[Encoded[CaseSummary], ...]


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
    | CaseFrame
    | CasesFrame
    | PresenceFrame
    | PeopleFrame
    | PartialFrame
    | OfferFrame
    | ErrorFrame
)
FRAMES: tuple[type[Frame], ...] = get_args(Frame)


def encode(frame: Frame) -> bytes:
    """The frame as it travels."""
    return _object(frame).encode()


def _object(record: Frame | PendingOffer) -> str:
    parts = (f'"{field.name}":{_json(getattr(record, field.name))}' for field in fields(record))
    return f"{{{','.join(parts)}}}"


def _json(value: Any) -> str:
    # Already JSON: a call with its words is encoded once, however many pages it goes to.
    if isinstance(value, Encoded):
        return value
    if isinstance(value, PendingOffer):
        return _object(value)
    if isinstance(value, tuple):
        return f"[{','.join(map(_json, value))}]"
    return to_json(value)
