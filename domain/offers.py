"""Offers: show the call to an agent, then let the phone ring."""

from dataclasses import dataclass
from typing import Literal

from domain.event import CallEvent
from domain.streams import ASTERISK, OFFERS

MissCause = Literal["no_browser", "hidden_tab", "slow", "browser_gone"]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One attempt to put the call through to an agent; None where it did not come so far."""

    offer_id: str
    agent: str
    offered_ms: int
    shown_ms: int | None = None
    missed: MissCause | None = None
    ringing_ms: int | None = None
    connected_ms: int | None = None
    ended_ms: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class OfferMade(CallEvent):
    """The queue has chosen an agent; the phone waits for the screen."""

    stream = OFFERS

    offer_id: str
    agent: str


@dataclass(frozen=True, kw_only=True)
class OfferAnswered(CallEvent):
    """What became of the offer in the browser; the gate decides what it means."""

    stream = OFFERS

    offer_id: str
    agent: str
    # What the browser did, and no judgement: only the gate knows whether it was in time.
    answer: Literal["delivered", "painted", "hidden", "gone"]


@dataclass(frozen=True, kw_only=True)
class OfferShown(CallEvent):
    """The screen-pop is painted: the phone may ring."""

    stream = OFFERS

    offer_id: str
    agent: str


@dataclass(frozen=True, kw_only=True)
class OfferMissed(CallEvent):
    """The phone rings although the screen-pop was not painted in time."""

    stream = OFFERS

    offer_id: str
    agent: str
    cause: MissCause


@dataclass(frozen=True, kw_only=True)
class RingStarted(CallEvent):
    """The INVITE to the agent's phone has left."""

    stream = ASTERISK

    agent: str


@dataclass(frozen=True, kw_only=True)
class RingEnded(CallEvent):
    """The agent's phone stopped ringing without an answer.

    The reason is Asterisk's DialStatus (`NOANSWER`: it rang too long), or `DECLINED`: at the phone itself.
    """

    stream = ASTERISK

    agent: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AgentConnected(CallEvent):
    """Caller and agent talk."""

    stream = ASTERISK

    agent: str
