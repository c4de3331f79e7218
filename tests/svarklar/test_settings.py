"""The settings: documented, layered, and handed to child processes whole."""

from pathlib import Path

import pytest

from cti.asterisk.settings import Trunk
from svarklar.settings import Settings
from tests.checkout import ROOT

README = ROOT / "README.md"


def test_the_readme_lists_every_setting_with_its_default() -> None:
    text = README.read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"| `{name}` |" not in text]
    assert missing == []


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "svarklar.toml"
    file.write_text('region = "NO"\nqueue = "helpdesk"\n[[trunks]]\nname = "a"\nhost = "192.0.2.1"\n')
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    monkeypatch.setenv("SVARKLAR_REGION", "DK")
    settings = Settings()
    assert (settings.region, settings.queue) == ("DK", "helpdesk")
    assert settings.trunks == [Trunk(name="a", host="192.0.2.1")]


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "svarklar.toml"
    file.write_text('regoin = "NO"\n')
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    with pytest.raises(ValueError, match="regoin"):
        Settings()


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = Settings(var=tmp_path, web_port=1234, demo=False, trunks=[Trunk(name="a", host="192.0.2.1")])
    for name, value in mine.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == mine
