"""Fetching a model: goes on where it broke off, is checked, and is there whole or not at all.

MD5 guards against a broken download, not against an enemy: the connection's TLS does that.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import ClientSession, ClientTimeout

from ivr.speech.models.unpack import BadArchive, unpack

Progress = Callable[[float], None]  # told the share that is there, 0–1

# a model may take an hour on a slow line: only silence ends it
TIMEOUT = ClientTimeout(total=None, connect=10, sock_connect=10, sock_read=30)
_CHUNK = 1 << 16


class ModelUnusable(Exception):
    """A model cannot be had or used; the text says why and what to do, in one line."""


@dataclass(frozen=True)
class Entry:
    """An archive of a model at its source; empty `md5` or 0 `size`: the source does not tell."""

    name: str
    url: str
    md5: str
    size: int


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
        raise unreachable(entry.url, error) from error
    except OSError as error:
        raise ModelUnusable(f"{path.parent} cannot be written: {error}") from error
    await asyncio.to_thread(archive.unlink)


async def _download(entry: Entry, archive: Path, progress: Progress) -> None:
    """Fetch into `archive`, going on behind what is there already."""
    there = await asyncio.to_thread(_size, archive)
    # Fetched before and not unpacked: a full disk, or we were ended in between.
    if entry.size and there == entry.size:
        return
    headers = {"Range": f"bytes={there}-"} if there else {}
    async with (
        ClientSession(timeout=TIMEOUT) as session,
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


def unreachable(url: str, error: BaseException) -> ModelUnusable:
    """What to say of a source that does not answer."""
    reason = str(error) or type(error).__name__
    return ModelUnusable(
        f"{url} is out of reach ({reason}): fetch the model elsewhere, unpack it, svarklar model add PATH"
    )
