"""What a case's fields may hold: texts are made to fit, never refused; how lists are read again.  Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from casestore.text import cut, storable
from domain.cases import Because, Judged, Said, Setting
from domain.dialogue import SpokenWord

LONGEST: Mapping[str, int] = {
    "title": 200,
    "service": 80,
    "category": 80,
    "language": 16,
    "desk": 80,
    "agent": 80,
    "actor": 80,
    "contact_name": 120,
    "caller_number": 80,
    "call_id": 150,
    "statement_id": 150,
    "note_id": 150,
    "article": 150,
    "solution": 20_000,
    "text": 20_000,
    "into": 16,
}
"""Of each text, how many characters are kept."""
_MOST_WORDS = 5_000  # of a statement: half an hour of fast talk
_MOST_REASONS = 100
_JUDGED: tuple[Judged, ...] = get_args(Judged)
_SAID, _SETTING = TypeAdapter(Said), TypeAdapter(Setting)


def fitted(name: str, value: Any) -> Any:
    """The value of this field as it can be kept: texts cut to their limits."""
    match value:
        case str():
            return cut(value, LONGEST[name]) if name in LONGEST else storable(value)
        case Said():
            return _fitted_said(value)
        case tuple() if name == "said":
            return tuple(map(_fitted_said, value))
        case dict() if name == "because":
            return _fitted_reasons(value)
    return value


def because_of(stored: object) -> Because:
    """The reasons of a case as they were kept; anything that is not a reason is left out."""
    found = stored if isinstance(stored, dict) else {}
    return {
        judged: tuple(map(str, found[judged])) for judged in _JUDGED if isinstance(found.get(judged), list)
    }


def said_of(stored: object) -> tuple[Said, ...]:
    """The statements of a case as they were kept; anything that is no statement is left out."""
    found = stored if isinstance(stored, list) else []
    return tuple(said for each in found if (said := _read(_SAID, each)))


def set_by_of(stored: object) -> dict[str, Setting]:
    """How fields came by their values, as it was kept."""
    found = stored if isinstance(stored, dict) else {}
    return {name: setting for name, each in found.items() if (setting := _read(_SETTING, each))}


def _fitted_said(said: Said) -> Said:
    return replace(
        said,
        statement_id=fitted("statement_id", said.statement_id),
        text=fitted("text", said.text),
        call_id=fitted("call_id", said.call_id),
        words=tuple(map(_fitted_word, said.words[:_MOST_WORDS])),
    )


def _fitted_word(word: SpokenWord) -> SpokenWord:
    return replace(word, text=storable(word.text))


def _fitted_reasons(because: Because) -> Because:
    """Reasons of what words do not decide are none."""
    return {
        judged: tuple(cut(word, LONGEST["title"]) for word in because[judged][:_MOST_REASONS])
        for judged in _JUDGED
        if judged in because
    }


def _read(adapter: TypeAdapter[Any], stored: object) -> Any:
    try:
        return adapter.validate_python(stored)
    except ValidationError:
        return None
