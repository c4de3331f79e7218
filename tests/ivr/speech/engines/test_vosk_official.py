"""Fetching an official model, from a server of our own that can be told to misbehave."""

import asyncio
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.speech.models.installed import ModelUnusable, fetch, installed
from svarklar.settings import Settings

NAME = "vosk-model-small-sv-rhasspy-0.15"


def archive(*entries: str | zipfile.ZipInfo, folder: str = NAME) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(f"{folder}/am/final.mdl", bytes(200_000))
        for entry in entries:
            file.writestr(entry, "x")
    return made.getvalue()


class Source:
    """The makers' server."""

    def __init__(self) -> None:
        self.data = archive()
        self.listed: object = None
        self.md5 = ""
        self.break_after = 0
        self.arrived = asyncio.Event()  # what was sent before the break
        self.ranges: list[str] = []
        self.address = ""

    def entry(self, **changes: object) -> dict[str, object]:
        return {
            "lang": "sv",
            "name": NAME,
            "type": "small",
            "obsolete": "false",
            "url": f"{self.address}/{NAME}.zip",
            "size": len(self.data),
            "md5": self.md5 or hashlib.md5(self.data).hexdigest(),
            **changes,
        }

    async def list(self, _request: web.Request) -> web.Response:
        listed = [self.entry()] if self.listed is None else self.listed
        return web.Response(text=listed if isinstance(listed, str) else json.dumps(listed))

    async def file(self, request: web.Request) -> web.StreamResponse:
        self.ranges.append(request.headers.get("Range", ""))
        start = request.http_range.start or 0
        if start >= len(self.data):
            raise web.HTTPRequestRangeNotSatisfiable
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(self.data) - start
        await response.prepare(request)
        if self.break_after:
            await response.write(self.data[start : start + self.break_after])
            await self.arrived.wait()
            assert request.transport is not None
            request.transport.abort()
        else:
            await response.write(self.data[start:])
        return response


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    made, app = Source(), web.Application()
    app.router.add_get("/model-list.json", made.list)
    app.router.add_get("/{name}.zip", made.file)
    async with TestServer(app) as server:
        made.address = str(server.make_url("")).rstrip("/")
        yield made


@pytest.fixture
def settings(new_settings: Callable[..., Settings], source: Source, tmp_path: Path) -> Settings:
    return new_settings(models=tmp_path / "models", model_source=source.address)


def left(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.models.iterdir()) if settings.models else []


async def test_a_language_is_fetched_checked_and_unpacked(source: Source, settings: Settings) -> None:
    shares: list[float] = []
    added = await fetch(settings, "sv", shares.append)
    assert (added.name, added.languages, added in installed(settings)) == (NAME, ("sv",), True)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert left(settings) == [NAME]


async def test_what_is_there_is_not_fetched_again(source: Source, settings: Settings) -> None:
    await fetch(settings, "sv")
    await fetch(settings, "sv")
    assert source.ranges == [""]


async def test_a_broken_download_goes_on_where_it_broke_off(source: Source, settings: Settings) -> None:
    source.break_after = 120_000
    with pytest.raises(ModelUnusable, match="out of reach"):
        await fetch(settings, "sv", lambda share: source.arrived.set())
    assert installed(settings)[-1].bundled
    source.break_after = 0
    assert (await fetch(settings, "sv")).name == NAME
    first, second = source.ranges
    assert first == ""
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 120_000


async def test_a_wrong_checksum_is_refused_and_nothing_is_kept(source: Source, settings: Settings) -> None:
    source.md5 = "0" * 32
    with pytest.raises(ModelUnusable, match="checksum"):
        await fetch(settings, "sv")
    assert left(settings) == []


async def test_a_file_that_is_too_long_is_fetched_anew(source: Source, settings: Settings) -> None:
    assert settings.models
    settings.models.mkdir()
    (settings.models / f".{NAME}.zip").write_bytes(bytes(len(source.data) + 5))
    with pytest.raises(ModelUnusable, match="try again"):
        await fetch(settings, "sv")
    assert (await fetch(settings, "sv")).name == NAME


def files_under(path: Path) -> list[Path]:
    return list(path.rglob("*"))


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{NAME}/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "entry", ["../outside", "/outside", f"{NAME}/../../outside", "..\\outside", link()], ids=str
)
async def test_an_archive_that_leaves_its_folder_is_refused(
    source: Source, settings: Settings, tmp_path: Path, entry: str | zipfile.ZipInfo
) -> None:
    source.data = archive(entry)
    with pytest.raises(ModelUnusable, match="no usable model"):
        await fetch(settings, "sv")
    assert "outside" not in (path.name for path in files_under(tmp_path))
    assert left(settings) == []


@pytest.mark.parametrize("data", [b"no archive", archive(f"{NAME}2/x")], ids=["no zip", "two folders"])
async def test_an_archive_that_is_none_is_refused(source: Source, settings: Settings, data: bytes) -> None:
    source.data = data
    with pytest.raises(ModelUnusable, match="no usable model"):
        await fetch(settings, "sv")
    assert installed(settings)[-1].bundled


async def test_the_small_current_model_is_chosen(source: Source, settings: Settings) -> None:
    source.listed = [
        source.entry(name="vosk-model-sv-1", type="big"),
        source.entry(),
        source.entry(name="vosk-model-small-sv-0", obsolete="true"),
        source.entry(name="vosk-model-small-de-0.15", lang="de"),
    ]
    assert (await fetch(settings, "sv")).name == NAME


@pytest.mark.parametrize(("wanted", "country"), [("en", "us"), ("en-in", "in")])
async def test_english_is_american_unless_another_is_asked_for(
    source: Source, settings: Settings, wanted: str, country: str
) -> None:
    names = [f"vosk-model-small-en-{place}-0" for place in ("us", "in")]
    source.data = archive(folder=f"vosk-model-small-en-{country}-0")
    source.listed = [source.entry(name=name, lang=name[17:22]) for name in names]
    assert (await fetch(settings, wanted)).name == f"vosk-model-small-en-{country}-0"


@pytest.mark.parametrize("language", ["nb", "no", "nn"])
async def test_norwegian_has_no_official_model(source: Source, settings: Settings, language: str) -> None:
    with pytest.raises(ModelUnusable, match="no official Vosk model for Norwegian"):
        await fetch(settings, language)


async def test_an_unknown_language_lists_the_known_ones(source: Source, settings: Settings) -> None:
    with pytest.raises(ModelUnusable, match="there is one for: sv"):
        await fetch(settings, "tlh")


@pytest.mark.parametrize("listed", ["<html>", '{"a": 1}', "[1, null]"])
async def test_a_list_that_is_none_is_one_clear_line(source: Source, settings: Settings, listed: str) -> None:
    source.listed = listed
    with pytest.raises(ModelUnusable) as refused:
        await fetch(settings, "sv")
    assert "\n" not in str(refused.value)


async def test_without_the_internet_it_says_what_to_do(
    new_settings: Callable[..., Settings], free_port: Callable[[], int]
) -> None:
    settings = new_settings(model_source=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ModelUnusable, match="svarklar model add PATH") as refused:
        await fetch(settings, "sv")
    assert "\n" not in str(refused.value)
