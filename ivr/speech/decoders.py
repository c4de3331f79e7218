"""What an utterance hands its sound to: a streaming decoder, or what gathers it to have it heard whole.

Both are `ivr.speech.utterance.UtteranceDecoder`s.
"""

from collections.abc import Callable

from ivr.speech import Failed, Heard
from ivr.speech.engine import Spoken, StreamingDecoder, StreamingModel, WholeModel
from ivr.speech.transcriber import Transcriber, Transcription


class Streaming:
    """Passes sound and words through: everything is decoded by the time the pause is over."""

    def __init__(
        self, model: StreamingModel, rate_hz: int, language: str, grammar: tuple[str, ...] | None
    ) -> None:
        self._decoder: StreamingDecoder = model.open(rate_hz, language, grammar)
        self._words_within_s = model.words_within_s
        self.hear, self.partial, self.final = self._decoder.hear, self._decoder.partial, self._decoder.final

    def expect_end(self, offset_s: float) -> None:
        """Nothing to begin: it is decoded already."""

    def words_within_s(self, spoken_s: float) -> float:
        return self._words_within_s

    def close(self) -> None:
        """Nothing goes on beside the stream."""


class Gathering:
    """Keeps the sound of an utterance until its end, and has it transcribed from the first pause on."""

    def __init__(
        self,
        model: WholeModel,
        transcriber: Transcriber,
        tell: Callable[[Heard | Failed], None],
        like: Spoken,
    ) -> None:
        """`like` has everything of the utterance but its sound."""
        self._model, self._transcriber, self._tell, self._like = model, transcriber, tell, like
        self._sound = bytearray()
        self._work: Transcription | None = None

    def hear(self, sound: bytes) -> None:
        self.close()  # the caller goes on: what was begun at the pause lacks this
        self._sound += sound

    def partial(self) -> str:
        """Nothing: its words come at the end."""
        return ""

    def expect_end(self, offset_s: float) -> None:
        spoken = Spoken(
            bytes(self._sound), self._like.rate_hz, self._like.language, self._like.grammar, offset_s
        )
        self._work = Transcription(self._model, spoken, self._tell)
        self._transcriber.begin(self._work)

    def words_within_s(self, spoken_s: float) -> float:
        return self._transcriber.busy_s + self._model.longest_s(spoken_s)

    def final(self, offset_s: float) -> None:
        if self._work is None:
            self.expect_end(offset_s)
        if self._work:
            self._transcriber.need(self._work)

    def close(self) -> None:
        if self._work:
            self._transcriber.give_up(self._work)
            self._work = None
