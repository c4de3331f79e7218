"""A speech model's folder: whose engine's it is, what it speaks and how far it is trusted.

Which folder is a model, its engine says (`ivr/speech/engines`), and mostly what it speaks. A `svarklar.toml`
beside its files may say so too, and holds its measured thresholds:

    language = "en"        # or: languages = ["en", "sv", "nb"]
    [thresholds]
    accept = 0.9
    confirm = 0.6
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ivr.speech import Thresholds
from ivr.speech.engine import Engine
from ivr.speech.engines import engines_of

UNMEASURED = Thresholds(accept=0.95, confirm=0.7)  # asks back more often than a measured model must

log = structlog.get_logger()


@dataclass(frozen=True)
class Model:
    """An installed model; `measured` tells whether its thresholds come from measured speech."""

    path: Path
    engine: str
    whole: bool  # whether its engine hears whole utterances
    languages: tuple[str, ...]
    thresholds: Thresholds
    measured: bool
    bundled: bool
    size_bytes: int

    @property
    def name(self) -> str:
        return self.path.name


def read(
    path: Path, engines: Iterable[Engine] = tuple(engines_of().values()), *, bundled: bool = False
) -> Model | None:
    """The model in a folder, or None where no engine has one there or its language cannot be told."""
    engine = next((engine for engine in engines if engine.owns(path)), None)
    if engine is None:
        return None
    try:
        described = _described(path)
        limits = described.get("thresholds")
        thresholds = Thresholds(**limits) if limits else UNMEASURED
        languages = _languages(described) or engine.languages(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        log.warning("speech_model_description_bad", folder=str(path), error=str(error))
        return None
    if not languages:
        log.warning("speech_model_without_language", folder=str(path), hint="name it in svarklar.toml")
        return None
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Model(path, engine.name, engine.whole, languages, thresholds, bool(limits), bundled, size)


def _languages(described: dict[str, Any]) -> tuple[str, ...]:
    listed = described.get("languages") or [described.get("language")]
    return tuple(str(language) for language in listed if language)


def _described(path: Path) -> dict[str, Any]:
    file = path / "svarklar.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
