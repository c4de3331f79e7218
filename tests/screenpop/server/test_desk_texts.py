"""The server's texts, in every language."""

import tomllib
from pathlib import Path

import pytest

from screenpop.server import texts

FOLDER = Path(texts.__file__).parent


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_catalogue_has_a_text_for_every_key(language: str) -> None:
    english = tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))
    own = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    assert own.keys() == english.keys()
    assert all(own.values())


@pytest.mark.parametrize(
    ("header", "language"),
    [("sv-SE,sv;q=0.9,en;q=0.8", "sv"), ("no", "nb"), ("de, nb-NO", "nb"), ("", "en"), ("*;q=x,,", "en")],
)
def test_the_first_language_we_speak_is_taken(header: str, language: str) -> None:
    assert texts.spoken_by(header) == language


def test_an_unknown_language_gets_english() -> None:
    assert texts.say("fi", "not_found") == texts.say("en", "not_found")
