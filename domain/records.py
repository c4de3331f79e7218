"""What is known of a call, case and caller: frozen records that events carry and pages show.

Times are `*_ms`, milliseconds since the epoch; `*_s` are seconds from the start of a recording.
"""

from dataclasses import dataclass, field
from typing import Literal

Match = Literal["one", "several", "none", "withheld"]
Stage = Literal["ivr", "queued", "offered", "ringing", "connected", "ended"]
Presence = Literal["ready", "break", "wrapup", "away"]
PhoneKind = Literal["browser", "phone"]
MissCause = Literal["no_browser", "hidden_tab", "slow", "browser_gone"]
Outcome = Literal["answered", "abandoned_ivr", "abandoned_queue", "failed"]
Impact = Literal["one", "several", "everyone"]
Urgency = Literal["works", "hindered", "stopped"]
Priorities = dict[Impact, dict[Urgency, int]]  # 1 is the most pressing, 5 the least

ITIL: Priorities = {
    "one": {"works": 5, "hindered": 4, "stopped": 3},
    "several": {"works": 4, "hindered": 3, "stopped": 2},
    "everyone": {"works": 3, "hindered": 2, "stopped": 1},
}


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """A word with its place in the recording, seconds from its start, and its confidence 0–1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """A case as a screen-pop shows it; `because` has the deciding words for each judged field."""

    number: str
    title: str
    service: str
    category: str
    impact: str
    urgency: str
    priority: int
    because: dict[str, tuple[str, ...]] = field(default_factory=dict)
    has_statement: bool = False
    opened_ms: int = 0
    status: str = "open"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A knowledge-base article for this case; score 0–1; the caller's words that matched it."""

    article: str
    title: str
    score: float
    because: tuple[str, ...] = ()


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
class AgentLeg:
    """An agent's channel in a call, as Asterisk lists it."""

    call_id: str
    agent: str
    state: Literal["offered", "ringing", "connected"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as a whole; `marks` maps each step of the timeline to its time (ms since the epoch)."""

    call_id: str
    stage: Stage = "ivr"
    sip_call_id: str = ""
    number: str = ""
    name: str = ""
    codec: str = ""
    match: Match = "none"
    how: str = "nothing"
    contact_id: int | None = None
    contact_name: str = ""
    language: str = ""
    partial: str = ""
    transcript: str = ""
    confidence: float | None = None
    words: tuple[SpokenWord, ...] = ()
    case: CaseSummary | None = None
    open_cases: tuple[CaseSummary, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    similar: tuple[CaseSummary, ...] = ()
    queue: str = ""
    position: int | None = None
    agent: str | None = None
    offers: tuple[Offer, ...] = ()
    marks: dict[str, int] = field(default_factory=dict)
    dialogue: str = ""
    outcome: Outcome | None = None
