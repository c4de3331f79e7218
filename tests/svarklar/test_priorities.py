"""The table that makes a priority of impact and urgency, as an installation may change it."""

from pathlib import Path

import pytest

from domain.cases import ITIL
from svarklar.settings import Settings
from tests.checkout import ROOT

README = ROOT / "README.md"
OWN = """[priorities]
one      = { works = 5, hindered = 5, stopped = 4 }
several  = { works = 4, hindered = 3, stopped = 2 }
everyone = { works = 1, hindered = 1, stopped = 1 }
"""
NO_PRIORITY = r"priorities.one.stopped\n +Input should be 1, 2, 3, 4 or 5"


def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> Settings:
    file = tmp_path / "svarklar.toml"
    file.write_text(content)
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    return Settings()


def test_an_installation_has_the_table_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(tmp_path, monkeypatch, OWN).priorities["everyone"]["works"] == 1
    assert settings(tmp_path, monkeypatch, "").priorities == ITIL


def test_the_readme_shows_the_table_that_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = README.read_text(encoding="utf-8").partition("[priorities]")[2].partition("```")[0]
    assert settings(tmp_path, monkeypatch, "[priorities]" + shown).priorities == ITIL


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (OWN.replace("works = 5, ", ""), "priorities needs one, several, everyone"),
        (OWN.partition("several")[0], "priorities needs one, several, everyone"),
        (OWN.replace("stopped = 4", "stopped = 6"), NO_PRIORITY),
        (OWN.replace("stopped = 4", "stopped = 0"), NO_PRIORITY),
        (OWN.replace("several", "many"), "priorities.many"),
    ],
)
def test_a_table_with_holes_or_other_numbers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        settings(tmp_path, monkeypatch, content)
