"""The official Vosk models: their list, and fetching one of them.

The list (`model-list.json`) is an array of `{"name", "lang", "type": "small" | "big" …, "obsolete": "true" |
"false", "url", "size", "md5"}`, as their own programs read it. MD5 guards against a broken download, not
against an enemy: the connection's TLS does that.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import ClientSession, ClientTimeout

from ivr.speech.models.folder import normal
from ivr.speech.models.unpack import BadArchive, unpack

Progress = Callable[[float], None]  # told the share that is there, 0–1

_PREFERRED = {"en": "en-us"}  # where a language has several small models
_NORWEGIAN = ("nb", "nn", "no")
_CHUNK = 1 << 16
# a model may take an hour on a slow line: only silence ends it
_TIMEOUT = ClientTimeout(total=None, connect=10, sock_connect=10, sock_read=30)


class ModelUnusable(Exception):
    """A model cannot be had or used; the text says why and what to do, in one line."""


@dataclass(frozen=True)
class Entry:
    """A model in the official list."""

    name: str
    url: str
    md5: str
    size: int


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


async def install(entry: Entry, path: Path, progress: Progress) -> None:
    """Fetch and unpack a model to `path`, which appears whole or not at all. Raises ModelUnusable."""
    archive = path.parent / f".{path.name}.zip"
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    try:
        await _download(entry, archive, progress)
        await asyncio.to_thread(_check, entry, archive)
        await asyncio.to_thread(unpack, archive, path)
    except BadArchive as error:
        await asyncio.to_thread(archive.unlink)
        raise ModelUnusable(f"{entry.url} is no usable model: {error}") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _unreachable(entry.url, error) from error
    except OSError as error:
        raise ModelUnusable(f"{path.parent} cannot be written: {error}") from error
    await asyncio.to_thread(archive.unlink)


async def _list(source: str) -> list[dict[str, Any]]:
    url = f"{source.rstrip('/')}/model-list.json"
    try:
        async with ClientSession(timeout=_TIMEOUT) as session, session.get(url) as response:
            response.raise_for_status()
            # Whatever type the server says it is: static file hosts differ.
            models = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _unreachable(url, error) from error
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


async def _download(entry: Entry, archive: Path, progress: Progress) -> None:
    """Fetch into `archive`, going on behind what is there already."""
    there = await asyncio.to_thread(_size, archive)
    # Fetched before and not unpacked: a full disk, or we were ended in between.
    if entry.size and there == entry.size:
        return
    headers = {"Range": f"bytes={there}-"} if there else {}
    async with (
        ClientSession(timeout=_TIMEOUT) as session,
        session.get(entry.url, headers=headers) as response,
    ):
        if response.status == 416:  # more is there than the server has
            await asyncio.to_thread(archive.unlink)
            raise ModelUnusable(f"{entry.url} has changed meanwhile: try again")
        response.raise_for_status()
        # A server that knows no ranges sends everything from the beginning.
        there = there if response.status == 206 else 0
        whole = there + (response.content_length or 0)
        with await asyncio.to_thread(archive.open, "ab" if there else "wb") as file:
            async for part in response.content.iter_chunked(_CHUNK):
                await asyncio.to_thread(file.write, part)
                there += len(part)
                progress(there / whole if whole else 0.0)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _check(entry: Entry, archive: Path) -> None:
    if not entry.md5:
        return
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != entry.md5.lower():
        archive.unlink()
        raise ModelUnusable(f"{entry.url} arrived broken (checksum {found}): try again")


def _unreachable(url: str, error: BaseException) -> ModelUnusable:
    reason = str(error) or type(error).__name__
    return ModelUnusable(
        f"{url} is out of reach ({reason}): fetch the model elsewhere, unpack it, svarklar model add PATH"
    )
