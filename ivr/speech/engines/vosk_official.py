"""The official Vosk models: what is there, by the list that their makers publish.

The list (`model-list.json`) is an array of `{"name", "lang", "type": "small" | "big" …, "obsolete": "true" |
"false", "url", "size", "md5"}`, as their own programs read it.
"""

from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import ClientSession

from ivr.speech.engines.vosk import normal
from ivr.speech.models.fetching import TIMEOUT, Entry, ModelUnusable, unreachable

_PREFERRED = {"en": "en-us"}  # where a language has several small models
_NORWEGIAN = ("nb", "nn", "no")


async def find(source: str, language: str) -> Entry:
    """The small model of a language. Raises ModelUnusable."""
    models = await _list(source)
    wanted = normal(language)
    if entry := _choose(models, wanted, language.lower()):
        return entry
    if wanted in _NORWEGIAN:
        raise ModelUnusable(
            "there is no official Vosk model for Norwegian: its callers go by keys and are recorded;"
            " a model of your own works: svarklar model add PATH"
        )
    known = ", ".join(sorted({normal(str(model.get("lang", ""))) for model in models if _usable(model)}))
    raise ModelUnusable(f"there is no small official model for {language!r}; there is one for: {known}")


async def _list(source: str) -> list[dict[str, Any]]:
    url = f"{source.rstrip('/')}/model-list.json"
    try:
        async with ClientSession(timeout=TIMEOUT) as session, session.get(url) as response:
            response.raise_for_status()
            # Whatever type the server says it is: static file hosts differ.
            models = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable(url, error) from error
    except ValueError as error:
        raise ModelUnusable(f"{url} is no list of models") from error
    if not isinstance(models, list):
        raise ModelUnusable(f"{url} is no list of models")
    return [model for model in models if isinstance(model, dict)]


def _choose(models: list[dict[str, Any]], wanted: str, exact: str) -> Entry | None:
    """The one asked for with its country, else the preferred country's, else the last listed."""
    speaking = [model for model in models if _usable(model) and normal(str(model["lang"])) == wanted]
    codes = (exact, _PREFERRED.get(wanted, wanted))
    speaking.sort(key=lambda model: tuple(model["lang"] == code for code in codes))
    if not speaking:
        return None
    chosen = speaking[-1]
    return Entry(
        # The last part only: it becomes the name of a folder of ours.
        name=Path(chosen["name"]).name,
        url=str(chosen["url"]),
        md5=str(chosen.get("md5", "")),
        size=int(chosen.get("size") or 0),
    )


def _usable(model: dict[str, Any]) -> bool:
    current = str(model.get("obsolete", "false")).lower() != "true"
    return current and model.get("type") == "small" and all(model.get(key) for key in ("name", "lang", "url"))
