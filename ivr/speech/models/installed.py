"""The speech models of an installation: which there are, and how another is added."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ivr.speech import NoModel
from ivr.speech.engine import Engine
from ivr.speech.engines import engines_of, vosk_official
from ivr.speech.models.fetching import ModelUnusable, Progress, install
from ivr.speech.models.folder import Model, read
from ivr.speech.settings import SpeechSettings

__all__ = ["Model", "ModelUnusable", "Progress", "add", "best", "fetch", "installed"]

_BUNDLED = Path(__file__).parent / "bundled"
_ENGINES = tuple(engines_of().values())


def installed(settings: SpeechSettings, engines: Sequence[Engine] = _ENGINES) -> tuple[Model, ...]:
    """Every model at this moment, weakest first: bundled before added, smaller before larger ones.

    So of two that speak a language the later one is used.
    """
    found = [model for path in _folders(_BUNDLED) if (model := read(path, engines, bundled=True))]
    found += [model for path in _folders(settings.models_folder) if (model := read(path, engines))]
    return tuple(sorted(found, key=lambda model: (not model.bundled, model.size_bytes, model.name)))


def best(models: Sequence[Model], language: str) -> Model:
    """The last of `models` that speaks the language; raises NoModel."""
    for model in reversed(models):
        if language in model.languages:
            return model
    raise NoModel(f"no speech model for {language!r}: svarklar model add {language}")


def add(settings: SpeechSettings, wanted: str, progress: Progress = lambda share: None) -> Model:
    """Add a model by language or by path, and wait for it; for the command line. Raises ModelUnusable."""
    if wanted and (path := Path(wanted).expanduser()).is_dir():
        return _copy(path, settings.models_folder)
    if not wanted.replace("-", "").isalpha():
        raise ModelUnusable(f"{wanted} is neither a folder nor a language such as en or sv")
    return asyncio.run(fetch(settings, wanted, progress))


async def fetch(settings: SpeechSettings, language: str, progress: Progress = lambda share: None) -> Model:
    """Fetch the small official model of a language, going on where an earlier try broke off.

    The one that is installed already is not fetched again. Raises ModelUnusable, with what to do.
    """
    entry = await vosk_official.find(settings.model_source, language)
    path = settings.models_folder / entry.name
    if not _is_model(path):
        await install(entry, path, progress)
    return _required(path)


def _copy(source: Path, models: Path) -> Model:
    """Copy a model beside the others; it appears there whole or not at all."""
    source = source.resolve()
    if not _is_model(source):
        signs = " or ".join(f"{engine.sign} ({engine.name})" for engine in _ENGINES)
        raise ModelUnusable(f"{source} is no speech model: {signs} is missing")
    if read(source) is None:
        raise ModelUnusable(f'{source} does not tell its language: add a svarklar.toml with language = "…"')
    models.mkdir(parents=True, exist_ok=True)
    if source.parent == models.resolve():
        return _required(source)
    if (models / source.name).exists():
        raise ModelUnusable(f"{models / source.name} is there already")
    # The supervisor looks every two seconds: it must never find half a model. (`_folders` skips the dot.)
    with tempfile.TemporaryDirectory(dir=models, prefix=".adding-") as unfinished:
        copied = shutil.copytree(source, Path(unfinished) / source.name)
        copied.rename(models / source.name)
    return _required(models / source.name)


def _is_model(path: Path) -> bool:
    return any(engine.owns(path) for engine in _ENGINES)


def _required(path: Path) -> Model:
    model = read(path)
    if model is None:
        raise ModelUnusable(f"{path} is no speech model of a known language")
    return model


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(entry for entry in parent.iterdir() if entry.is_dir() and not entry.name.startswith("."))
