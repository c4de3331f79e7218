"""How keys and words are understood as the answer to a question. Pure.

A short answer counts only where the weakest of its words is certain enough: nobody's yes is guessed.
"""

from domain.dialogue import SpokenWord
from ivr.moves import (
    Answer,
    Ask,
    AskNumber,
    Chosen,
    Listen,
    Number,
    Pressed,
    Question,
    Skipped,
    Statement,
    Trust,
    Unclear,
)
from ivr.speech import Heard, Thresholds
from ivr.spoken import choice, choice_grammar, digits, number_grammar
from ivr.texts import Catalogue
from ivr.turn import Reader


class ChoiceReader:
    """Reads the answer to `Ask`."""

    free = False

    def __init__(self, question: Ask, texts: Catalogue, thresholds: Thresholds) -> None:
        self._options, self._texts, self._thresholds = question.options, texts, thresholds

    def keys(self, typed: str, *, more: bool) -> Answer | None:
        """One key is an answer."""
        names = {option.key: option.name for option in self._options}
        return Chosen(names[typed]) if typed in names else Unclear()

    def words(self, heard: Heard) -> Answer:
        """Chosen where the words name one option for certain."""
        name = choice(heard.text, self._options, self._texts)
        return Chosen(name, spoken=True) if name and _weakest(heard) >= self._thresholds.accept else Unclear()


class NumberReader:
    """Reads the answer to `AskNumber`."""

    free = False

    def __init__(self, question: AskNumber, texts: Catalogue, thresholds: Thresholds) -> None:
        self._length, self._texts, self._thresholds = question.length, texts, thresholds

    def keys(self, typed: str, *, more: bool) -> Answer | None:
        """A number is whole at its length or with a hash; a star skips the question."""
        if "*" in typed:
            return Skipped()
        if len(typed) < self._length and not typed.endswith("#") and more:
            return None
        number = typed.rstrip("#")
        return Number(number) if number.isdecimal() else Unclear()

    def words(self, heard: Heard) -> Answer:
        """Digits in the right number; how certain they are decides little, for they get confirmed."""
        number = digits(heard.text, self._texts)
        # `confirm`, not `accept`: a wrong number leads to a name that the caller denies.
        if number is None or len(number) != self._length or _weakest(heard) < self._thresholds.confirm:
            return Unclear()
        return Number(number, spoken=True)


class StatementReader:
    """Reads the answer to `Listen`."""

    free = True

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    def keys(self, typed: str, *, more: bool) -> Answer | None:
        return Pressed(typed)

    def words(self, heard: Heard) -> Answer:
        """The words with how far they may be trusted; sound without words is Unclear."""
        if not heard.text.strip():
            return Unclear()
        words = spoken_words(heard)
        return Statement(heard.text, heard.confidence, self._trust(heard), words, heard.alternatives)

    def _trust(self, heard: Heard) -> Trust:
        if heard.confidence >= self._thresholds.accept:
            return "certain"
        return "doubtful" if heard.confidence >= self._thresholds.confirm else "unclear"


def spoken_words(heard: Heard, start_s: float = 0.0) -> tuple[SpokenWord, ...]:
    """The words with their places in a recording that begins at `start_s` of the stream."""
    return tuple(
        SpokenWord(
            text=word.text,
            start_s=max(0.0, word.start_s - start_s),
            end_s=max(0.0, word.end_s - start_s),
            confidence=word.confidence,
        )
        for word in heard.words
    )


def by_speech(question: Question) -> bool:
    """Whether words can answer it."""
    return isinstance(question, Listen) or (isinstance(question, Ask | AskNumber) and not question.by_keys)


def heard_in(question: Question, language: str) -> str:
    """The language to listen in."""
    if isinstance(question, Ask) and question.heard_in:
        return question.heard_in
    return language


def grammar_for(question: Question, texts: Catalogue) -> tuple[str, ...] | None:
    """What to listen for; None: anything."""
    match question:
        case Ask():
            return choice_grammar(question.options, texts)
        case AskNumber():
            return number_grammar(texts)
        case _:
            return None


def reader_for(question: Ask | AskNumber | Listen, texts: Catalogue, thresholds: Thresholds) -> Reader:
    """What understands the answer."""
    match question:
        case Ask():
            return ChoiceReader(question, texts, thresholds)
        case AskNumber():
            return NumberReader(question, texts, thresholds)
        case Listen():
            return StatementReader(thresholds)


def _weakest(heard: Heard) -> float:
    """The whole may be less certain than every word: other sound around them lowers it."""
    return min((heard.confidence, *(word.confidence for word in heard.words)))
