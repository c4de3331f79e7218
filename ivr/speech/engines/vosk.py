"""The engine: the only import of vosk. Runs in the worker processes alone, never beside an event loop."""

import json
import time
from collections.abc import Sequence

import vosk

from ivr.speech import Heard
from ivr.speech.confidence import HYPOTHESES, UNKNOWN, heard

vosk.SetLogLevel(-1)


class VoskModel:
    """A Vosk model in memory."""

    def __init__(self, folder: str) -> None:
        """Reads the folder, a second or more for large models; raises ValueError where it is no model."""
        try:
            self._model = vosk.Model(folder)
        except Exception as error:  # Vosk raises nothing more exact
            raise ValueError(f"Vosk cannot read the model in {folder}") from error

    def knows(self, phrase: str) -> bool:
        """Whether every word of the phrase can be recognised at all."""
        return all(self._model.vosk_model_find_word(word) >= 0 for word in phrase.split())

    def cost(self, sound: bytes, rate_hz: int) -> float:
        """Processor seconds that a second of this speech takes."""
        # The thread's own time: what others do on this machine meanwhile is not the model's cost.
        began = time.thread_time()
        decoder = UtteranceDecoder(self, rate_hz, None)
        decoder.hear(sound)
        decoder.final(0.0)
        return (time.thread_time() - began) / (len(sound) / 2 / rate_hz)

    def recogniser(self, rate_hz: int, grammar: Sequence[str] | None) -> "vosk.KaldiRecognizer":
        """A decoder that also lists what else it may have been."""
        # Without "[unk]" everything that is said is pressed into the grammar: a cough becomes a yes.
        words = () if grammar is None else (json.dumps([*grammar, UNKNOWN]),)
        recogniser = vosk.KaldiRecognizer(self._model, rate_hz, *words)
        recogniser.SetWords(True)
        recogniser.SetMaxAlternatives(HYPOTHESES)
        return recogniser


class UtteranceDecoder:
    """Decodes one utterance."""

    def __init__(self, model: VoskModel, rate_hz: int, grammar: Sequence[str] | None) -> None:
        self._recogniser = model.recogniser(rate_hz, grammar)
        self._grammar = grammar is not None

    def hear(self, sound: bytes) -> None:
        """Decode more sound; the engine's own end of speech is not asked, ours is quicker."""
        self._recogniser.AcceptWaveform(sound)

    def partial(self) -> str:
        words = json.loads(self._recogniser.PartialResult()).get("partial", "").split()
        return " ".join(word for word in words if word != UNKNOWN)

    def final(self, offset_s: float) -> Heard:
        """The words, once; `offset_s` is where the decoded sound begins in the stream."""
        hypotheses = json.loads(self._recogniser.FinalResult()).get("alternatives", [])
        return heard(hypotheses, offset_s, grammar=self._grammar)
