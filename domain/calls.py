"""Calls: what is known of one as a whole, and what happens to its channel.

`call_id` is Asterisk's Linkedid: one per caller, however many channels the call has.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from domain.cases import CaseSummary, Suggestion
from domain.contacts import How, Match
from domain.desks import WhenClosed, Why
from domain.dialogue import SpokenWord
from domain.event import MAIN_NODE, CallEvent, Event
from domain.offers import Offer
from domain.streams import ASTERISK, CALLS, DIALOGUE

ENDED_KNOWN_S = 120.0
"""A call that has ended is known so long: through wrap-up, and a reload in it."""

Stage = Literal["ivr", "queued", "offered", "ringing", "connected", "ended"]
Outcome = Literal["answered", "abandoned_ivr", "abandoned_queue", "let_go", "failed"]
Mark = Literal[
    "answered", "listening", "speech_end", "heard", "registered",
    "queued", "offered", "shown", "ringing", "connected", "ended",
]  # fmt: skip
"""The steps of a call's timeline, in the order in which they mostly come."""
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True, kw_only=True)
class AgentLeg:
    """An agent's channel in a call, as Asterisk lists it."""

    call_id: str
    agent: str
    state: Literal["offered", "ringing", "connected"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as a whole; `marks` has the time (ms since the epoch) of each step that was seen."""

    call_id: str
    node: str = MAIN_NODE
    stage: Stage = "ivr"
    sip_call_id: str = ""
    number: str = ""
    name: str = ""
    codec: str = ""
    # Whom the caller has dialled, the desk that is, and why the call went where it went.
    dialled: str = ""
    desk: str = ""
    why: Why = "open"
    match: Match = "none"
    how: How = "nothing"
    # Who is calling, as it was when they were identified: a contact that changes later changes no call.
    contact_id: int | None = None
    contact_name: str = ""
    language: str = ""
    transcript: str = ""
    confidence: float | None = None
    words: tuple[SpokenWord, ...] = ()
    statement_id: str = ""  # whose words these are
    case: CaseSummary | None = None
    open_cases: tuple[CaseSummary, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[CaseSummary, ...] = ()
    queue: str = ""
    position: int | None = None
    agent: str | None = None
    offers: tuple[Offer, ...] = ()
    marks: dict[Mark, int] = field(default_factory=dict)
    dialogue: str = ""
    outcome: Outcome | None = None


def without_person(call: Call) -> Call:
    """The call without anybody's words, names and numbers: what its facts make after theirs were erased."""
    return replace(
        call,
        number="",
        name="",
        contact_name="",
        transcript="",
        words=(),
        case=replace(call.case, title="", because={}) if call.case else None,
        open_cases=(),
        suggestions=(),
        similar=(),
    )


@dataclass(frozen=True, kw_only=True)
class CallAnswered(CallEvent):
    """The IVR has the caller; the first event of every call."""

    stream = DIALOGUE
    personal = ("number", "name")

    sip_call_id: str = ""
    number: str = ""
    name: str = ""
    codec: str = ""
    dialled: str = ""


@dataclass(frozen=True, kw_only=True)
class CallRouted(CallEvent):
    """Which desk receives the call, and why there and so."""

    stream = DIALOGUE

    desk: str
    queue: str
    why: Why
    then: WhenClosed = "queue"


@dataclass(frozen=True, kw_only=True)
class QueueJoined(CallEvent):
    """The caller waits in the queue; position counts from 1. Caller ID as Asterisk has it."""

    stream = ASTERISK
    personal = ("number", "name")

    queue: str
    position: int
    number: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class CallEnded(CallEvent):
    """The caller's channel is gone."""

    stream = ASTERISK

    cause: str


@dataclass(frozen=True, kw_only=True)
class Resynced(Event):
    """Asterisk's own list, of one node, after each login: its calls that are not in it have ended.

    `at_ms` is when it was asked for.
    """

    stream = ASTERISK

    node: str = MAIN_NODE
    living: tuple[str, ...]
    legs: tuple[AgentLeg, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    """The call as it is now, for every page."""

    stream = CALLS

    call: Call

    @property
    def subject(self) -> str:
        return self.call.call_id


@dataclass(frozen=True, kw_only=True)
class CallsSnapshot(Event):
    """Every call that is known, for whoever has asked; later events of the stream come after it."""

    stream = CALLS

    request_id: str
    calls: tuple[Call, ...]
