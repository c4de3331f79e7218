"""Which Asterisk to use: the system's where it is new enough and whole, else the unpacked one."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cti.asterisk.settings import AsteriskSettings

TEMPLATES = Path(__file__).with_name("templates")
OLDEST = (22, 8)  # the first 22 whose media WebSocket speaks JSON


class AsteriskMissing(Exception):
    """No usable Asterisk on this machine; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class AsteriskBinary:
    """An Asterisk that can be started: `argv` without options, its modules and its data folder."""

    argv: tuple[str, ...]
    modules: Path
    data: Path
    version: str


def find_asterisk(settings: AsteriskSettings) -> AsteriskBinary:
    """The Asterisk in the folder of the settings, else the system's, else the one in the var folder.

    Runs `asterisk -V`, so this blocks for some milliseconds. Raises AsteriskMissing.
    """
    folder = settings.unpacked_asterisk
    found = (None if settings.asterisk_prefix else _system()) or _unpacked(folder)
    if found is None:
        oldest = ".".join(map(str, OLDEST))
        raise AsteriskMissing(
            f"no Asterisk {oldest} or newer on this system nor in {folder}: run `svarklar asterisk`"
        )
    return found


def _system() -> AsteriskBinary | None:
    # An ordinary user's PATH has no sbin.
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    roots = (
        Path("/usr/lib"),
        Path("/usr/lib64"),
        Path("/usr/local/lib"),
        *Path("/usr/lib").glob("*-linux-*"),
    )
    data = (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
    return _whole((program,), (root / "asterisk/modules" for root in roots), data)


def _unpacked(prefix: Path) -> AsteriskBinary | None:
    """Run through the prefix's own dynamic linker: the machine's C library may be older."""
    prefix = prefix.absolute()
    linker = next(prefix.glob("usr/lib*/ld-linux-*.so.*"), None)
    libraries = next(prefix.glob("usr/lib/*-linux-gnu"), None)
    if linker is None or libraries is None:
        return None
    argv = (str(linker), "--library-path", str(libraries), str(prefix / "usr/sbin/asterisk"))
    return _whole(argv, (libraries / "asterisk/modules",), (prefix / "usr/share/asterisk",))


def _whole(argv: tuple[str, ...], modules: Iterable[Path], data: Iterable[Path]) -> AsteriskBinary | None:
    """This Asterisk, if it is new enough and has every module that modules.conf loads."""
    answer = subprocess.run([*argv, "-V"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    number = re.match(r"Asterisk (?:certified[-/])?(\d+)\.(\d+)", answer)
    if number is None or (int(number[1]), int(number[2])) < OLDEST:
        return None
    wanted = re.findall(r"^load *= *(\S+)", (TEMPLATES / "etc/modules.conf").read_text(), re.MULTILINE)
    folder = next((path for path in modules if all((path / module).exists() for module in wanted)), None)
    home = next((path for path in data if (path / "documentation").is_dir()), None)
    if folder is None or home is None:
        return None
    return AsteriskBinary(argv=argv, modules=folder, data=home, version=answer.split()[1])
