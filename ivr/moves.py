"""What a dialogue may do and what it hears back: the words that flows are written in. Pure.

A flow is a generator: it yields a step and is sent that step's answer (`answer = yield Ask(…)`). It knows no
transport, no clock and no database. When the caller hangs up, the flow is closed at its next question; the
steps that change something are carried out even then.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from domain.cases import Case
from domain.contacts import Callers, Contact, How
from domain.dialogue import SpokenWord

Trust = Literal["certain", "confirmed", "doubtful", "denied", "unclear"]
"""How far words may be used: certain or confirmed words decide; the others are only kept and shown."""

# --- what is said -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Prompt:
    """A text of the catalogue and its values; language "" is the one the dialogue is held in."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True)
class Say:
    """Say this; the flow goes on at once, the next question is heard after it. Answer: None."""

    prompt: Prompt


# --- what is asked ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """Something to choose: by its key, or by the catalogue's words for it, else the key's number spoken."""

    name: str
    key: str


@dataclass(frozen=True)
class Ask:
    """Which option? Answer: Chosen, Silence, Unclear or Deaf.

    `by_keys` does not listen to speech; `heard_in` listens in another language than the dialogue's.
    """

    name: str
    prompts: tuple[Prompt, ...]
    options: tuple[Option, ...]
    by_keys: bool = False
    heard_in: str = ""


@dataclass(frozen=True)
class AskNumber:
    """Which number of so many digits? Answer: Number, Skipped, Silence, Unclear or Deaf."""

    name: str
    prompts: tuple[Prompt, ...]
    length: int
    by_keys: bool = False


@dataclass(frozen=True)
class Listen:
    """Let the caller talk freely. Answer: Statement, Pressed, Silence, Unclear or Deaf."""

    prompts: tuple[Prompt, ...]
    name: str = "statement"


@dataclass(frozen=True)
class Record:
    """Keep what the caller says as sound alone, after a tone. Answer: Recorded or Silence."""

    prompts: tuple[Prompt, ...]
    name: str = "statement"


Question = Ask | AskNumber | Listen | Record

# --- what is answered -------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """The option of this name, by key or for certain by voice."""

    name: str
    spoken: bool = False


@dataclass(frozen=True)
class Number:
    """These digits; spoken ones are never used before the caller has confirmed what they lead to."""

    digits: str
    spoken: bool = False


@dataclass(frozen=True)
class Statement:
    """The caller's own words; times count from the start of the kept sound, confidence 0–1."""

    text: str
    confidence: float
    trust: Trust
    words: tuple[SpokenWord, ...] = ()
    alternatives: tuple[str, ...] = ()
    statement_id: str = ""  # by which its words may come again; made when it is stated


@dataclass(frozen=True)
class Pressed:
    """A key instead of words, with what had been said before it."""

    digit: str
    statement: Statement | None = None


@dataclass(frozen=True)
class Skipped:
    """The caller cannot answer and says so with the star key."""


@dataclass(frozen=True)
class Recorded:
    """There is sound, without words."""


@dataclass(frozen=True)
class Silence:
    """Nothing came."""


@dataclass(frozen=True)
class Unclear:
    """Something came that is no answer, or not for certain."""


@dataclass(frozen=True)
class Deaf:
    """Nobody can hear words now: go on by keys. What had been understood or recorded is told."""

    statement: Statement | None = None
    recorded: bool = False


Answer = Chosen | Number | Statement | Pressed | Skipped | Recorded | Silence | Unclear | Deaf


def statement_of(answer: Answer) -> Statement | None:
    """The caller's own words in an answer of any kind."""
    match answer:
        case Statement():
            return answer
        case Pressed(_, statement) | Deaf(statement):
            return statement
    return None


def with_statement(answer: Answer, statement: Statement) -> Answer:
    """The answer with these words instead of its own."""
    if isinstance(answer, Pressed | Deaf):
        return replace(answer, statement=statement)
    return statement


# --- what is asked of the house -----------------------------------------------------------------


@dataclass(frozen=True)
class FindCallers:
    """Who has the caller's number? Answer: Callers."""


@dataclass(frozen=True)
class FindEmployee:
    """Who has this employee number? Answer: tuple of Contact."""

    number: str


@dataclass(frozen=True)
class FindOpenCases:
    """Which cases of this contact are open? Answer: tuple of Case."""

    contact: Contact


@dataclass(frozen=True)
class UseLanguage:
    """Go on in this language. Answer: None."""

    language: str


@dataclass(frozen=True)
class Identify:
    """The caller is this contact; `how` is ani, extension, choice or employee_number. Answer: None."""

    contact: Contact
    how: How


@dataclass(frozen=True)
class ContinueCase:
    """The call is about this open case: what follows is kept with it. Answer: Case."""

    case: Case


@dataclass(frozen=True)
class SaveCase:
    """Register the case, or amend it when it is registered, with what is new. Answer: Case."""

    statement: Statement | None = None
    trust: Trust = "unclear"
    service: str = ""


Step = (
    Say
    | Question
    | FindCallers
    | FindEmployee
    | FindOpenCases
    | UseLanguage
    | Identify
    | ContinueCase
    | SaveCase
)

Reply = Answer | Callers | tuple[Contact, ...] | tuple[Case, ...] | Case | None
"""What steps are answered with; each one's docstring says which, for a generator's type has one only."""
Result = TypeVar("Result")
Flow = Generator[Step, Any, Result]
