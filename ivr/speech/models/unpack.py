"""Unpacks a fetched model; what the archive says is not trusted."""

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

_MOST_BYTES = 20 << 30  # unpacked; the largest official model is 4 GB


class BadArchive(Exception):
    """The archive is broken, or writes where it must not."""


def unpack(archive: Path, path: Path) -> None:
    """Unpack the archive's one folder to `path`, which appears whole or not at all. Raises BadArchive."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".adding-") as unfinished:
        try:
            with zipfile.ZipFile(archive) as files:
                _refuse_escapes(files)
                files.extractall(unfinished)  # every name has been looked at
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise BadArchive(str(error)) from error
        inner = [entry for entry in Path(unfinished).iterdir() if entry.is_dir()]
        if len(inner) != 1:
            raise BadArchive("it does not hold exactly one folder")
        if path.exists():
            shutil.rmtree(path)
        inner[0].rename(path)


def _refuse_escapes(files: zipfile.ZipFile) -> None:
    if sum(entry.file_size for entry in files.infolist()) > _MOST_BYTES:
        raise BadArchive("it is too large")
    for entry in files.infolist():
        # Archives made on Windows may separate by backslashes, which are no part of a name there.
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts:
            raise BadArchive(f"it would write outside of its folder: {entry.filename!r}")
        # The upper half holds the Unix mode. A link could lead the next entry out of the folder.
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadArchive(f"it holds a link: {entry.filename!r}")
