"""The vocabulary of Svarklar: what can happen in a call, and what everyone knows of it.

Every class is a frozen dataclass, so a fact cannot be changed after it was stated. All times are
`*_ms`, milliseconds since the epoch by our own clock (Asterisk's whole seconds are too coarse).
`call_id` is Asterisk's Linkedid: one per caller, however many channels the call has.

Streams of the bus: CALLS carries facts about calls, DESK what pages show, REQUESTS what pages want.
"""

import time
import uuid
from dataclasses import dataclass, field
from typing import Literal

from domain.records import (
    AgentLeg,
    Call,
    CaseSummary,
    Match,
    MissCause,
    PhoneKind,
    Presence,
    SpokenWord,
    Suggestion,
)

CALLS, DESK, REQUESTS = "calls", "desk", "requests"


def now_ms() -> int:
    """Our own clock: milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class Event:
    """Anything that travels on the bus; handling the same `event_id` twice changes nothing."""

    at_ms: int
    event_id: str = field(default_factory=_new_id)


@dataclass(frozen=True, kw_only=True)
class CallEvent(Event):
    """Something that happened in one call."""

    call_id: str


# --- what the voice response knows -----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CallAnswered(CallEvent):
    """The IVR has the caller; the first event of every call."""

    sip_call_id: str = ""
    number: str = ""
    name: str = ""
    codec: str = ""


@dataclass(frozen=True, kw_only=True)
class CallerIdentified(CallEvent):
    """Who is calling; `how` tells what decided it: ani, extension, choice, employee_number, nothing."""

    match: Match
    number: str
    contact_id: int | None = None
    contact_name: str = ""
    how: str = "nothing"


@dataclass(frozen=True, kw_only=True)
class LanguageChosen(CallEvent):
    """The dialogue goes on in this language: en, sv or nb."""

    language: str


@dataclass(frozen=True, kw_only=True)
class ListeningStarted(CallEvent):
    """The caller may speak now; purpose is `statement` or the name of the question."""

    purpose: str


@dataclass(frozen=True, kw_only=True)
class PartialHeard(CallEvent):
    """The words so far, while the caller still talks."""

    text: str


@dataclass(frozen=True, kw_only=True)
class SpeechEnded(CallEvent):
    """The caller has stopped talking; the words are not final yet."""

    purpose: str


@dataclass(frozen=True, kw_only=True)
class StatementHeard(CallEvent):
    """The caller's own words about what is wrong; confidence 0–1."""

    text: str
    confidence: float
    words: tuple[SpokenWord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseRegistered(CallEvent):
    """The case is in the database; also stated again whenever it changes during the call."""

    case: CaseSummary
    open_cases: tuple[CaseSummary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SuggestionsFound(CallEvent):
    """The ranked solutions, best first, and similar open cases."""

    suggestions: tuple[Suggestion, ...]
    similar: tuple[CaseSummary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DialogueEnded(CallEvent):
    """The IVR has let go of the caller; reason: done, hangup, failed, unheard."""

    reason: str


# --- what Asterisk reports -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class QueueJoined(CallEvent):
    """The caller waits in the queue; position counts from 1. Caller ID as Asterisk has it."""

    queue: str
    position: int
    number: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class RingStarted(CallEvent):
    """The INVITE to the agent's phone has left."""

    agent: str


@dataclass(frozen=True, kw_only=True)
class RingEnded(CallEvent):
    """The agent's phone stopped ringing without an answer; reason as Asterisk's DialStatus."""

    agent: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AgentConnected(CallEvent):
    """Caller and agent talk."""

    agent: str


@dataclass(frozen=True, kw_only=True)
class CallEnded(CallEvent):
    """The caller's channel is gone."""

    cause: str


@dataclass(frozen=True, kw_only=True)
class Resynced(Event):
    """Asterisk's own list, after each login; a call not in it has ended. `at_ms`: when it was asked for."""

    living: tuple[str, ...]
    legs: tuple[AgentLeg, ...] = ()


# --- the offer: show, then ring ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OfferMade(CallEvent):
    """The queue has chosen an agent; the phone waits for the screen."""

    offer_id: str
    agent: str


@dataclass(frozen=True, kw_only=True)
class OfferAnswered(CallEvent):
    """What became of the offer in the browser; the gate decides what it means."""

    offer_id: str
    agent: str
    answer: Literal["delivered", "painted", "hidden", "gone"]


@dataclass(frozen=True, kw_only=True)
class OfferShown(CallEvent):
    """The screen-pop is painted: the phone may ring."""

    offer_id: str
    agent: str


@dataclass(frozen=True, kw_only=True)
class OfferMissed(CallEvent):
    """The phone rings although the screen-pop was not painted in time."""

    offer_id: str
    agent: str
    cause: MissCause


# --- what pages want, and get -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PresenceRequested(Event):
    """An agent wants to be ready, on a break, in wrap-up or away, at this kind of phone."""

    agent: str
    presence: Presence
    reason: str = ""
    phone: PhoneKind = "browser"


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """Asterisk's queue agrees; `since_ms` tells from when. `error` is set where it refused."""

    agent: str
    presence: Presence
    reason: str = ""
    phone: PhoneKind = "browser"
    since_ms: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    """The call as it is now, for every page."""

    call: Call
