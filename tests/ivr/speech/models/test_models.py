"""What is installed, in which order, and models added by path."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.speech import NoModel, Thresholds
from ivr.speech.engines.vosk import language_of_name
from ivr.speech.models.folder import UNMEASURED, read
from ivr.speech.models.installed import ModelUnusable, add, best, installed
from svarklar.settings import Settings


@pytest.fixture
def settings(new_settings: Callable[..., Settings], tmp_path: Path) -> Settings:
    return new_settings(models=tmp_path / "models")


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, *, size: int = 100, toml: str = "", under: str = "elsewhere") -> Path:
        path = tmp_path / under / name
        (path / "am").mkdir(parents=True)
        (path / "am/final.mdl").write_bytes(bytes(size))
        if toml:
            (path / "svarklar.toml").write_text(toml)
        return path

    return make


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("vosk-model-small-sv-rhasspy-0.15", "sv"),
        ("vosk-model-small-en-us-0.15", "en"),
        ("vosk-model-en-us-0.22-lgraph", "en"),
        ("vosk-model-de-0.21", "de"),
        ("vosk-model-small-cn-0.22", "zh"),
        ("vosk-model-small-nb", "nb"),
        ("vosk-model-spk-0.4", "spk"),
        ("my-model", ""),
        ("vosk-model-", ""),
    ],
)
def test_a_models_language_is_in_its_name(name: str, language: str) -> None:
    assert language_of_name(name) == language


def test_english_is_there_from_the_start(settings: Settings) -> None:
    (only,) = installed(settings)
    assert (only.languages, only.bundled, only.measured) == (("en",), True, True)
    assert (only.engine, only.whole) == ("vosk", False)


def test_an_added_model_wins_and_a_larger_one_more(settings: Settings, model: Callable[..., Path]) -> None:
    model("vosk-model-small-en-us-0.15", under="models")
    large = model("vosk-model-en-us-0.22", size=1000, under="models")
    found = installed(settings)
    assert [one.bundled for one in found] == [True, False, False]
    assert best(found, "en").path == large


def test_what_is_no_model_is_not_listed(
    settings: Settings, tmp_path: Path, model: Callable[..., Path]
) -> None:
    (tmp_path / "models/vosk-model-small-sv").mkdir(parents=True)
    (tmp_path / "models/.vosk-model-small-de-0.15.zip").touch()
    model(".adding-x", under="models", toml='language = "sv"')
    model("nameless", under="models")
    model("vosk-model-small-fr", under="models", toml="not = [toml")
    assert [one.bundled for one in installed(settings)] == [True]


def test_a_models_own_file_tells_language_and_thresholds(model: Callable[..., Path]) -> None:
    described = read(model("ours", toml='language = "nb"\n[thresholds]\naccept = 0.8\nconfirm = 0.5\n'))
    assert described is not None
    assert (described.languages, described.thresholds, described.measured) == (
        ("nb",),
        Thresholds(0.8, 0.5),
        True,
    )


def test_a_model_may_speak_several_languages_and_wins_in_each(
    settings: Settings, model: Callable[..., Path]
) -> None:
    model("many", under="models", toml='languages = ["en", "sv", "nb"]\n')
    found = installed(settings)
    assert {best(found, language).name for language in ("en", "sv", "nb")} == {"many"}
    with pytest.raises(NoModel):
        best(found, "de")


def test_a_model_that_nobody_measured_is_trusted_less(model: Callable[..., Path]) -> None:
    unknown = read(model("vosk-model-small-sv-rhasspy-0.15"))
    assert unknown is not None
    assert unknown.thresholds == UNMEASURED
    assert not unknown.measured


def test_a_missing_language_says_how_to_add_one(settings: Settings) -> None:
    with pytest.raises(NoModel, match="svarklar model add sv"):
        best(installed(settings), "sv")


def test_a_model_is_added_by_its_folder(settings: Settings, model: Callable[..., Path]) -> None:
    source = model("vosk-model-small-sv-rhasspy-0.15")
    added = add(settings, str(source))
    shutil.rmtree(source)
    assert added.languages == ("sv",)
    assert added in installed(settings)
    assert sorted(path.name for path in added.path.parent.iterdir()) == [added.name]


def test_a_model_that_is_in_its_place_already_is_fine(settings: Settings, model: Callable[..., Path]) -> None:
    path = model("vosk-model-small-sv-rhasspy-0.15", under="models")
    assert add(settings, str(path)).path == path


def test_another_model_is_never_overwritten(settings: Settings, model: Callable[..., Path]) -> None:
    model("vosk-model-small-sv-rhasspy-0.15", under="models", size=5)
    source = model("vosk-model-small-sv-rhasspy-0.15")
    with pytest.raises(ModelUnusable, match="is there already"):
        add(settings, str(source))


def test_a_folder_that_is_no_model_says_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"am/final\.mdl"):
        add(settings, str(tmp_path))


def test_a_model_without_a_language_says_where_to_write_it(
    settings: Settings, model: Callable[..., Path]
) -> None:
    with pytest.raises(ModelUnusable, match=r"svarklar\.toml"):
        add(settings, str(model("ours")))


@pytest.mark.parametrize("wanted", ["/no/such/folder", "../no", "sv;rm", ""])
def test_what_is_neither_folder_nor_language_says_so(settings: Settings, wanted: str) -> None:
    with pytest.raises(ModelUnusable, match="neither a folder nor a language"):
        add(settings, wanted)
