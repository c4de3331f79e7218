"""Vosk, a streaming engine: the only import of its library, and what its models' folders look like."""

import json
import re
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from ivr.speech import Heard
from ivr.speech.engines.vosk_confidence import HYPOTHESES, UNKNOWN, heard

_WORDS_WITHIN_S = 1.0  # everything but the last moment is decoded by then: it takes milliseconds

_NAME = re.compile(r"vosk-model-(?:small-)?([a-z]{2,3})(?:-|$)")
_ACOUSTICS = ("am/final.mdl", "final.mdl")  # today's layout and the older one
_THEIR_CODES = {"cn": "zh", "vn": "vi", "ua": "uk", "kz": "kk", "tl": "fil"}


class Vosk:
    """`ivr.speech.engine.Engine`."""

    name = "vosk"
    whole = False
    sign = _ACOUSTICS[0]

    def owns(self, folder: Path) -> bool:
        return any((folder / file).is_file() for file in _ACOUSTICS)

    def languages(self, folder: Path) -> tuple[str, ...]:
        """Its language is in its name, as Vosk's makers name them (`vosk-model-small-sv-…`)."""
        language = language_of_name(folder.name)
        return (language,) if language else ()

    def load(self, folder: Path) -> "VoskModel":
        return VoskModel(folder)


ENGINE = Vosk()


def language_of_name(name: str) -> str:
    """The language in a model's name, empty where it has none: vosk-model-small-en-us-0.15 → en."""
    found = _NAME.match(name)
    return normal(found[1]) if found else ""


def normal(code: str) -> str:
    """A language code of Vosk's makers as the rest of the world writes it, without the country."""
    short = code.lower().replace("_", "-").split("-")[0]
    return _THEIR_CODES.get(short, short)


class VoskModel:
    """A Vosk model in memory."""

    words_within_s = _WORDS_WITHIN_S

    def __init__(self, folder: Path) -> None:
        """Reads the folder, a second or more for large models; raises ValueError where it is no model."""
        self._library = _library()
        try:
            self._model = self._library.Model(str(folder))
        except Exception as error:  # Vosk raises nothing more exact
            raise ValueError(f"Vosk cannot read the model in {folder}") from error

    def knows(self, phrase: str) -> bool:
        """Whether every word of the phrase is in its vocabulary."""
        return all(self._model.vosk_model_find_word(word) >= 0 for word in phrase.split())

    def cost(self, sound: bytes, rate_hz: int) -> float:
        """Processor seconds that a second of this speech takes."""
        # The thread's own time: what others do on this machine meanwhile is not the model's cost.
        began = time.thread_time()
        decoder = self.open(rate_hz, "", None)
        decoder.hear(sound)
        decoder.final(0.0)
        return (time.thread_time() - began) / (len(sound) / 2 / rate_hz)

    def open(self, rate_hz: int, language: str, grammar: tuple[str, ...] | None) -> "VoskDecoder":
        """A decoder that also lists what else it may have been; a model of Vosk's speaks one language."""
        # Without "[unk]" everything that is said is pressed into the grammar: a cough becomes a yes.
        words = () if grammar is None else (json.dumps([*grammar, UNKNOWN]),)
        recogniser = self._library.KaldiRecognizer(self._model, rate_hz, *words)
        recogniser.SetWords(True)
        recogniser.SetMaxAlternatives(HYPOTHESES)
        return VoskDecoder(recogniser, grammar=grammar is not None)


class VoskDecoder:
    """Decodes one utterance."""

    def __init__(self, recogniser: Any, *, grammar: bool) -> None:
        self._recogniser, self._grammar = recogniser, grammar

    def hear(self, sound: bytes) -> None:
        """Decode more sound; the engine's own end of speech is not asked, ours is quicker."""
        self._recogniser.AcceptWaveform(sound)

    def partial(self) -> str:
        words = json.loads(self._recogniser.PartialResult()).get("partial", "").split()
        return " ".join(word for word in words if word != UNKNOWN)

    def final(self, offset_s: float) -> Heard:
        hypotheses = json.loads(self._recogniser.FinalResult()).get("alternatives", [])
        return heard(hypotheses, offset_s, grammar=self._grammar)


def _library() -> ModuleType:
    # Here and not above: the server knows the folders, the speech processes alone load the library.
    import vosk  # noqa: PLC0415

    vosk.SetLogLevel(-1)
    library: ModuleType = vosk
    return library
