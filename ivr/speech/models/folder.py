"""A speech model's folder: what it speaks and how far it is trusted.

Its language is in its name, as Vosk's makers name them (`vosk-model-small-sv-…`), or in a `svarklar.toml`
beside its files, which may also hold its measured thresholds:

    language = "en"
    [thresholds]
    accept = 0.9
    confirm = 0.6
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ivr.speech import Thresholds

UNMEASURED = Thresholds(accept=0.95, confirm=0.7)  # asks back more often than a measured model must

_NAME = re.compile(r"vosk-model-(?:small-)?([a-z]{2,3})(?:-|$)")
_ACOUSTICS = ("am/final.mdl", "final.mdl")  # today's layout and the older one
_VOSK_LANGUAGES = {"cn": "zh", "vn": "vi", "ua": "uk", "kz": "kk", "tl": "fil"}  # their names for these

log = structlog.get_logger()


@dataclass(frozen=True)
class Model:
    """An installed model; `measured` tells whether its thresholds come from measured speech."""

    path: Path
    language: str
    thresholds: Thresholds
    measured: bool
    bundled: bool
    size_bytes: int

    @property
    def name(self) -> str:
        return self.path.name


def read(path: Path, *, bundled: bool = False) -> Model | None:
    """The model in a folder, or None where there is none or its language cannot be told."""
    if not is_model(path):
        return None
    try:
        described = _described(path)
        limits = described.get("thresholds")
        thresholds = Thresholds(**limits) if limits else UNMEASURED
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        log.warning("speech_model_description_bad", folder=str(path), error=str(error))
        return None
    language = str(described.get("language") or language_of_name(path.name))
    if not language:
        log.warning("speech_model_without_language", folder=str(path), hint="name it in svarklar.toml")
        return None
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Model(path, language, thresholds, bool(limits), bundled, size)


def is_model(path: Path) -> bool:
    """Whether the folder looks like a model at all."""
    return any((path / file).is_file() for file in _ACOUSTICS)


def language_of_name(name: str) -> str:
    """The language in a model's name, empty where it has none: vosk-model-small-en-us-0.15 → en."""
    found = _NAME.match(name)
    return normal(found[1]) if found else ""


def normal(code: str) -> str:
    """A language code of Vosk's makers as the rest of the world writes it, without the country."""
    short = code.lower().replace("_", "-").split("-")[0]
    return _VOSK_LANGUAGES.get(short, short)


def _described(path: Path) -> dict[str, Any]:
    file = path / "svarklar.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
