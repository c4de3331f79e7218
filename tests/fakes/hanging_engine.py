"""A streaming engine that never comes back from decoding, once it is to hear nothing but "yes"."""

import time
from pathlib import Path

from ivr.speech.engines.vosk import Vosk, VoskDecoder, VoskModel


class HangingEngine(Vosk):
    """`ivr.speech.engine.Engine`, for Vosk's models."""

    name = "hanging"

    def load(self, folder: Path) -> "HangingModel":
        return HangingModel(folder)


ENGINE = HangingEngine()


class HangingModel(VoskModel):
    def open(self, rate_hz: int, language: str, grammar: tuple[str, ...] | None) -> VoskDecoder:
        if grammar == ("yes",):
            time.sleep(60)
        return super().open(rate_hz, language, grammar)
