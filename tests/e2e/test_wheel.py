"""The wheel: it holds everything the program needs, and runs without the checkout, in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from installation import wait_until_it_answers

from cti.processes import with_our_death
from tests.checkout import ROOT
from tests.free_ports import free_port

pytestmark = pytest.mark.server

PACKED_FROM = {  # folder in the wheel: the folder whose files it must hold, each of them
    "casework/triage/rules": ROOT / "casework/triage/rules",
    "cti/asterisk/install/templates": ROOT / "asterisk-config",
    "ivr/speech/models/bundled": ROOT / "ivr/speech/models/bundled",
    "ivr/texts": ROOT / "ivr/texts",
    "screenpop/static": ROOT / "screenpop/static",
    "svarklar/knowledge": ROOT / "knowledge",
}
SAY_WHAT_WAS_IMPORTED = """
import atexit, os, sys
from pathlib import Path

def say():
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    Path(os.environ["IMPORTED"], str(os.getpid())).write_text("\\n".join(sorted(files)))

if "IMPORTED" in os.environ:
    atexit.register(say)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built beside the checkout: what lies there from an earlier build is not packed."""
    folder = tmp_path_factory.mktemp("build")
    options = folder / "setup.cfg"
    options.write_text(f"[build]\nbuild_base = {folder}/build\n[egg_info]\negg_base = {folder}\n")
    pip(
        "wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT), DIST_EXTRA_CONFIG=str(options)
    )
    (made,) = folder.glob("*.whl")
    return made


@dataclass
class Installed:
    """The wheel in an environment of its own; `folder` is where it is used, and was empty."""

    programs: Path
    folder: Path
    web_port: int

    def environment(self) -> dict[str, str]:
        ports = ("agi_port", "media_port", "ami_port", "asterisk_http_port", "sip_port")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SVARKLAR_")}
        own = {f"SVARKLAR_{name.upper()}": str(free_port()) for name in ports}
        own |= {"SVARKLAR_WEB_PORT": str(self.web_port), "SVARKLAR_FETCH_MODEL": "false"}
        seen = {"IMPORTED": str(self.programs.parent / "imported"), "COLUMNS": "200", "NO_COLOR": "1"}
        return {name: value for name, value in clean.items() if name != "PYTHONPATH"} | own | seen

    def svarklar(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: PLW1510  # tests look at the exit code
            [self.programs / "svarklar", *words],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def imported(self) -> set[Path]:
        """The file of every module that any of its processes has imported so far."""
        reports = (self.programs.parent / "imported").iterdir()
        return {Path(line) for report in reports for line in report.read_text().splitlines()}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Without a network: what the wheel needs is borrowed from the checkout's environment."""
    home, used = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False)
    (packages,) = home.glob("lib/python*/site-packages")
    # A folder named by a .pth is searched; its own .pth files, the checkout's among them, are not read.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    (packages / "sitecustomize.py").write_text(SAY_WHAT_WAS_IMPORTED)
    (home / "imported").mkdir()
    pip("--python", str(home / "bin/python"), "install", "--no-index", "--ignore-installed", str(wheel))
    return Installed(home / "bin", used, free_port())


def pip(*words: str, **more: str) -> None:
    without_help = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, "--no-deps"]
    done = subprocess.run(without_help, env=os.environ | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving(installed: Installed) -> Iterator[str]:
    log = installed.programs.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*with_our_death(), installed.programs / "svarklar", "serve"],
            cwd=installed.folder, env=installed.environment(), stdout=output, stderr=output,
        )  # fmt: skip
    web = f"http://127.0.0.1:{installed.web_port}"
    try:
        wait_until_it_answers(f"{web}/login", process, log)
        yield web
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("packed", PACKED_FROM)
def test_all_data_is_packed_as_it_lies_in_the_checkout(packed: str, wheel: Path) -> None:
    source = PACKED_FROM[packed]
    wanted = {
        str(file.relative_to(source)): file.read_bytes() for file in source.rglob("*") if file.is_file()
    }
    assert wanted
    with zipfile.ZipFile(wheel) as archive:
        held = [name for name in archive.namelist() if name.startswith(f"{packed}/")]
        assert {name.removeprefix(f"{packed}/"): archive.read(name) for name in held} == wanted


def test_neither_tests_nor_the_sources_of_the_pages_are_packed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [name for name in names if name.startswith(("tests/", "screenpop/web/", "build/"))] == []
    assert [name for name in names if "node_modules" in name or "__pycache__" in name] == []


def test_it_says_what_it_needs(wheel: Path) -> None:
    wanted = [
        line for line in (ROOT / "requirements/runtime.in").read_text().split("\n") if line[:1].isalpha()
    ]
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        said = archive.read(metadata).decode()
    assert [name for name in wanted if f"Requires-Dist: {name}\n" not in said] == []


def test_it_fills_a_database_in_an_empty_folder(installed: Installed) -> None:
    upgraded = installed.svarklar("db", "upgrade")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    assert (installed.folder / "var/svarklar.db").is_file()
    imported = installed.svarklar("kb", "import")
    assert imported.returncode == 0
    assert "articles: 0 added, 0 changed, 0 refused." in imported.stdout


def test_it_serves_the_desk(installed: Installed) -> None:
    with serving(installed) as web, urllib.request.urlopen(f"{web}/login", timeout=5) as page:
        assert b"/assets/login-" in page.read()
        done = installed.svarklar("doctor")
        assert "93 articles" in done.stdout
        assert "asterisk: " in done.stdout  # the server answers, and says that it has no Asterisk


def test_nothing_of_it_comes_from_the_checkout(installed: Installed) -> None:
    with serving(installed):
        pass
    borrowed = Path(sysconfig.get_path("purelib"))
    ours = {file for file in installed.imported() if borrowed not in file.parents}
    assert [file for file in ours if ROOT in file.parents] == []
    assert any(file.match("site-packages/svarklar/server.py") for file in ours)
