"""The catalogues: what is said to callers and written for agents, one TOML file a language in `texts/`."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("texts")
_MOST_CHARACTERS = 150  # of one value: nobody listens to a title that is longer


@dataclass(frozen=True)
class Catalogue:
    """All texts of one language, by key; `words` and `digits` are what the caller may say for them."""

    language: str
    prompts: Mapping[str, str]
    services: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    digits: Mapping[str, tuple[str, ...]]
    desk: Mapping[str, str]

    def say(self, key: str, values: Mapping[str, str]) -> str:
        """What the caller hears; KeyError for an unknown key or a missing value."""
        return _Speaker(self).vformat(self.prompts[key], (), values)

    def write(self, key: str, values: Mapping[str, str]) -> str:
        """What the agent reads; KeyError for an unknown key or a missing value."""
        return _Speaker(self).vformat(self.desk[key], (), values)

    def fixed_prompts(self) -> Iterator[tuple[str, str]]:
        """(key, text) of every prompt that has no values: these can be made before the first call."""
        return ((key, text) for key, text in self.prompts.items() if not placeholders(text))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of en, sv or nb; FileNotFoundError for another language."""
    table = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Catalogue(
        language=language,
        prompts=table["prompts"],
        services=table["services"],
        words={name: tuple(words) for name, words in table["words"].items()},
        digits={digit: tuple(words) for digit, words in table["digits"].items()},
        desk=table["desk"],
    )


def placeholders(text: str) -> frozenset[tuple[str, str]]:
    """The (name, way of saying it) of every value in a text."""
    return frozenset((name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name)


class _Speaker(string.Formatter):
    """Puts values into a text; a value cannot bring placeholders, line breaks or control characters."""

    def __init__(self, texts: Catalogue) -> None:
        self._texts = texts

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "digits":
                return ", ".join(self._digit(digit) for digit in _significant(str(value)))
            case "services":
                # A desk may have services of its own, which no catalogue knows.
                return self._texts.services.get(str(value)) or _one_line(str(value).replace("_", " "))
            case _:
                return _one_line(str(value))

    def _digit(self, digit: str) -> str:
        return self._texts.digits[digit][0]


def _significant(number: str) -> str:
    """The digits of a number as people say it: those of C-000042 are 4 and 2, those of 0042 all four."""
    digits = "".join(character for character in number if character in string.digits)
    return digits.lstrip("0") if number.startswith("C-") else digits


def _one_line(text: str) -> str:
    # A caller's name from the telephone exchange may hold anything.
    printable = "".join(character if character.isprintable() else " " for character in text)
    words = " ".join(printable.split())
    return words if len(words) <= _MOST_CHARACTERS else words[: _MOST_CHARACTERS - 1] + "…"
