"""An engine that hears whole utterances, slowly: it decodes for real (with the bundled model) and then waits.

One of its models is a folder with a `whole.toml`: `latency_s`, `cost` (made up), and `hangs = true` for one
that is never done. What it is asked to hear it notes in the folder's `heard.txt`, a line each: its length
in seconds and how it ended.
"""

import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr.speech import Heard
from ivr.speech.engine import Spoken
from ivr.speech.engines.vosk import Vosk
from tests.checkout import ROOT

SIGN = "whole.toml"
BESIDE_VOSK = ("ivr.speech.engines.vosk", "tests.fakes.whole_engine")
ALONE = ("tests.fakes.whole_engine",)

_BUNDLED = ROOT / "ivr/speech/models/bundled/vosk-desk-en"


class WholeEngine:
    """`ivr.speech.engine.Engine`."""

    name = "whole"
    whole = True
    sign = SIGN

    def owns(self, folder: Path) -> bool:
        return (folder / SIGN).is_file()

    def languages(self, folder: Path) -> tuple[str, ...]:
        return ("en",)

    def load(self, folder: Path) -> "SlowModel":
        return SlowModel(folder)


ENGINE = WholeEngine()


class SlowModel:
    """`ivr.speech.engine.WholeModel`."""

    def __init__(self, folder: Path) -> None:
        described: dict[str, Any] = tomllib.loads((folder / SIGN).read_text())
        self._latency_s: float = described["latency_s"]
        self._hangs: bool = described.get("hangs", False)
        self._cost: float = described.get("cost", 0.0)
        self._note = folder / "heard.txt"
        self._vosk = Vosk().load(_BUNDLED)

    def knows(self, phrase: str) -> bool:
        return self._vosk.knows(phrase)

    def cost(self, sound: bytes, rate_hz: int) -> float:
        return self._cost or self._vosk.cost(sound, rate_hz)

    def longest_s(self, spoken_s: float) -> float:
        return self._latency_s * 2 + 1.0 + spoken_s / 10

    def transcribe(self, spoken: Spoken, given_up: Callable[[], bool]) -> Heard:
        until_s = time.monotonic() + self._latency_s
        decoder = self._vosk.open(spoken.rate_hz, spoken.language, spoken.grammar)
        decoder.hear(spoken.sound)
        words = decoder.final(spoken.offset_s)
        while (time.monotonic() < until_s or self._hangs) and not given_up():
            time.sleep(0.01)
        with self._note.open("a") as note:
            note.write(f"{spoken.length_s:.2f} {'given up' if given_up() else words.text}\n")
        return words


def make_model(models: Path, *, latency_s: float = 2.0, hangs: bool = False, cost: float = 0.0) -> Path:
    """A model of this engine in a folder of models."""
    folder = models / "whole-en"
    folder.mkdir(parents=True)
    (folder / SIGN).write_text(f"latency_s = {latency_s}\ncost = {cost}\nhangs = {str(hangs).lower()}\n")
    (folder / "svarklar.toml").write_text('language = "en"\n[thresholds]\naccept = 0.93\nconfirm = 0.7\n')
    return folder
