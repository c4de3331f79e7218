"""Whole utterances, one after the other: who waits goes first, what nobody wants is given up."""

import threading
from collections.abc import Callable, Iterator

import pytest

from ivr.speech import Failed, Heard
from ivr.speech.decoders import Gathering
from ivr.speech.engine import Spoken
from ivr.speech.transcriber import Transcriber, Transcription

PATIENCE_S = 10


class HeldModel:
    """Hears when the test lets it; its words are the sound as text, `!` brings it down."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.order: list[str] = []

    def knows(self, phrase: str) -> bool:
        return True

    def cost(self, sound: bytes, rate_hz: int) -> float:
        return 0.1

    def longest_s(self, spoken_s: float) -> float:
        return 2.0

    def transcribe(self, spoken: Spoken, given_up: Callable[[], bool]) -> Heard:
        text = spoken.sound.decode()
        self.order.append(text)
        self.begun.release()
        assert self.go.acquire(timeout=PATIENCE_S)
        if text == "!":
            raise RuntimeError("out of memory")
        return Heard("" if given_up() else text, 1.0)

    def let(self, count: int = 1) -> None:
        self.go.release(count)

    def has_begun(self) -> None:
        assert self.begun.acquire(timeout=PATIENCE_S)


class Told:
    """What was told, in its order."""

    def __init__(self) -> None:
        self.words: list[Heard | Failed] = []
        self._news = threading.Semaphore(0)

    def __call__(self, words: Heard | Failed) -> None:
        self.words.append(words)
        self._news.release()

    def wait(self, count: int = 1) -> list[Heard | Failed]:
        for _ in range(count):
            assert self._news.acquire(timeout=PATIENCE_S)
        return self.words


@pytest.fixture
def model() -> Iterator[HeldModel]:
    model = HeldModel()
    yield model
    model.let(100)


@pytest.fixture
def told() -> Told:
    return Told()


def begun(transcriber: Transcriber, model: HeldModel, text: str, told: Told) -> Transcription:
    work = Transcription(model, Spoken(text.encode(), 8000, "en"), told)
    transcriber.begin(work)
    return work


def test_words_are_told_when_they_are_there_and_needed(model: HeldModel, told: Told) -> None:
    transcriber = Transcriber()
    early, late = begun(transcriber, model, "early", told), begun(transcriber, model, "late", told)
    transcriber.need(early)
    model.let(2)
    assert told.wait() == [Heard("early", 1.0)]
    model.has_begun()
    model.has_begun()
    transcriber.need(late)
    assert told.wait() == [Heard("early", 1.0), Heard("late", 1.0)]


def test_who_has_stopped_talking_goes_before_who_only_pauses(model: HeldModel, told: Told) -> None:
    transcriber = Transcriber()
    begun(transcriber, model, "first", told)
    model.has_begun()
    begun(transcriber, model, "pauses", told)
    stopped = begun(transcriber, model, "stopped", told)
    transcriber.need(stopped)
    model.let(3)
    told.wait()
    model.has_begun()
    model.has_begun()
    assert model.order == ["first", "stopped", "pauses"]


def test_what_is_given_up_is_not_begun_and_never_told(model: HeldModel, told: Told) -> None:
    transcriber = Transcriber()
    running, waiting = (begun(transcriber, model, text, told) for text in ("running", "waiting"))
    model.has_begun()
    for work in (running, waiting):
        transcriber.need(work)
        transcriber.give_up(work)
    last = begun(transcriber, model, "last", told)
    transcriber.need(last)
    model.let(2)
    assert told.wait() == [Heard("last", 1.0)]
    assert model.order == ["running", "last"]


def test_an_utterance_that_brings_the_engine_down_fails_alone(model: HeldModel, told: Told) -> None:
    transcriber = Transcriber()
    for text in ("!", "fine"):
        transcriber.need(begun(transcriber, model, text, told))
    model.let(2)
    failed, fine = told.wait(2)
    assert isinstance(failed, Failed)
    assert fine == Heard("fine", 1.0)


def test_the_time_that_is_stated_counts_everybody_who_goes_before(model: HeldModel, told: Told) -> None:
    transcriber = Transcriber()
    for text in ("running", "waiting"):
        transcriber.need(begun(transcriber, model, text, told))
    model.has_begun()
    begun(transcriber, model, "only pauses", told)
    gathering = Gathering(model, transcriber, told, Spoken(b"", 8000, "en"))
    assert gathering.words_within_s(1.0) == 2.0 + 2.0 + 2.0


def test_what_was_begun_at_a_pause_is_used_when_it_was_the_end(model: HeldModel, told: Told) -> None:
    gathering = Gathering(model, Transcriber(), told, Spoken(b"", 8000, "en"))
    gathering.hear(b"my ")
    gathering.hear(b"printer")
    gathering.expect_end(0.5)
    model.has_begun()
    gathering.final(0.5)
    model.let()
    assert told.wait() == [Heard("my printer", 1.0)]
    assert model.order == ["my printer"]


def test_what_was_begun_at_a_pause_is_thrown_away_when_the_caller_goes_on(
    model: HeldModel, told: Told
) -> None:
    gathering = Gathering(model, Transcriber(), told, Spoken(b"", 8000, "en"))
    gathering.hear(b"my printer")
    gathering.expect_end(0.5)
    model.has_begun()
    gathering.hear(b" is")
    gathering.final(0.5)
    model.let(2)
    assert told.wait() == [Heard("my printer is", 1.0)]
    assert model.order == ["my printer", "my printer is"]
