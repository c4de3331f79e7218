"""Vosk behind its port: what of it the server's process touches, and what it says of itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from ivr.speech.engines import engines_of
from ivr.speech.models.folder import read
from tests.checkout import ROOT

BUNDLED = ROOT / "ivr/speech/models/bundled/vosk-desk-en"


def test_the_server_knows_the_engines_and_loads_none_of_their_libraries() -> None:
    """A library that hangs, crashes or takes a hundred megabytes does so in a speech process."""
    look = "import svarklar.server, sys; print(sorted({'vosk', 'ctranslate2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_folder_is_a_model_where_its_sign_is_in_today_s_place_or_the_older_one(tmp_path: Path) -> None:
    engine = engines_of()["vosk"]
    assert engine.owns(BUNDLED)
    assert not engine.owns(tmp_path)
    (tmp_path / "final.mdl").touch()
    assert engine.owns(tmp_path)


def test_a_model_s_record_names_its_engine() -> None:
    model = read(BUNDLED, bundled=True)
    assert model is not None
    assert (model.engine, model.whole, model.languages) == ("vosk", False, ("en",))


def test_what_is_no_model_says_so_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Vosk cannot read the model"):
        engines_of()["vosk"].load(tmp_path)
