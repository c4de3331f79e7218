"""What the voice response learns from a caller."""

from dataclasses import dataclass
from typing import Literal

from domain.contacts import How, Match
from domain.event import CallEvent
from domain.streams import DIALOGUE, PARTIALS

EndReason = Literal["done", "hangup", "failed", "unheard", "let_go"]


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """A word with its place in the recording, seconds from its start, and its confidence 0–1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, kw_only=True)
class CallerIdentified(CallEvent):
    """Who is calling; `how` tells what decided it."""

    stream = DIALOGUE
    personal = ("number", "contact_name")

    match: Match
    number: str = ""
    contact_id: int | None = None
    contact_name: str = ""
    how: How = "nothing"


@dataclass(frozen=True, kw_only=True)
class LanguageChosen(CallEvent):
    """The dialogue goes on in this language: en, sv or nb."""

    stream = DIALOGUE

    language: str


@dataclass(frozen=True, kw_only=True)
class ListeningStarted(CallEvent):
    """The caller may speak now; purpose is `statement` or the name of the question."""

    stream = DIALOGUE

    purpose: str


@dataclass(frozen=True, kw_only=True)
class PartialHeard(CallEvent):
    """The words so far, while the caller still talks."""

    # Apart from the dialogue: five a second, worth nothing a second later, and no fact.
    stream = PARTIALS

    text: str


@dataclass(frozen=True, kw_only=True)
class SpeechEnded(CallEvent):
    """The caller has stopped talking; the words are not final yet."""

    stream = DIALOGUE

    purpose: str


@dataclass(frozen=True, kw_only=True)
class StatementHeard(CallEvent):
    """The caller's own words about what is wrong; confidence 0–1.

    The same statement may be stated again, with better words of another engine: it has the same
    `statement_id` then. Ids of a call sort in the order of its statements; "" is from before there were any.
    `source` is the engine that heard the words.
    """

    stream = DIALOGUE
    personal = ("text", "words")

    text: str = ""
    confidence: float
    words: tuple[SpokenWord, ...] = ()
    statement_id: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class DialogueEnded(CallEvent):
    """The voice response has let go of the caller."""

    stream = DIALOGUE

    reason: EndReason


@dataclass(frozen=True, kw_only=True)
class DialogueResult:
    """What a dialogue leaves to the queue; `queue_priority` is higher for callers who should wait less.

    `let_go` as a reason: the caller was told that nobody answers now, and why; there is nothing to wait for.
    """

    case_number: str
    queue_priority: int
    reason: EndReason
