"""One utterance: what reaches the engine, and when. The decoder only notes what it is given."""

from ivr.speech import Heard, Partial, Result, SpeechBegan, SpeechStopped
from ivr.speech.utterance import LONGEST_S, PAUSE_MS, Utterance
from tests.speech_samples import Sound, frames, join, say, silence, trimmed

SENTENCE = "i can not connect to the network from home"


class NotingEar:
    """Keeps the sound; its words are how many seconds it has got."""

    def __init__(self) -> None:
        self.sound = b""
        self.offset_s = -1.0
        self.expected_at_s: list[float] = []
        self.closed = False

    @property
    def seconds(self) -> float:
        return len(self.sound) / 16000

    def hear(self, sound: bytes) -> None:
        self.sound += sound

    def partial(self) -> str:
        return f"{self.seconds:.1f}"

    def expect_end(self, offset_s: float) -> None:
        self.expected_at_s.append(self.seconds)

    def words_within_s(self, spoken_s: float) -> float:
        return 1.0

    def close(self) -> None:
        self.closed = True

    def final(self, offset_s: float) -> Heard:
        self.offset_s = offset_s
        return Heard(self.partial(), 1.0)


class Course:
    """Feeds an utterance and keeps what came of it."""

    def __init__(self) -> None:
        self.ears: list[NotingEar] = []
        self.results: list[Result] = []
        self.utterance = Utterance(8000, self._questions)

    def _questions(self) -> NotingEar:
        self.ears.append(NotingEar())
        return self.ears[-1]

    def hear(self, sound: Sound) -> None:
        for frame in frames(sound):
            self.results += self.utterance.hear(frame)


def test_silence_never_makes_an_ear() -> None:
    course = Course()
    course.hear(silence(30.0))
    assert (course.ears, course.results) == ([], [])


def test_the_engine_hears_speech_with_a_little_around_it() -> None:
    course, spoken = Course(), say(SENTENCE)
    course.hear(join(silence(10.0), spoken, silence(2.0)))
    (decoder,) = course.ears
    spoken_s = len(spoken) / 8000
    assert spoken_s <= decoder.seconds < spoken_s + 0.9
    assert 9.5 <= decoder.offset_s <= 10.0


def test_it_ends_after_the_pause_at_once() -> None:
    course, spoken = Course(), say(SENTENCE)
    course.hear(join(silence(1.0), spoken, silence(2.0)))
    kinds = [type(result) for result in course.results]
    assert kinds[0] is SpeechBegan
    assert set(kinds[1:-2]) == {Partial}
    assert kinds[-2:] == [SpeechStopped, Heard]
    stopped = course.results[-2]
    assert isinstance(stopped, SpeechStopped)
    assert stopped.at_s <= 1.0 + len(spoken) / 8000 + PAUSE_MS / 1000 + 0.1


def test_the_sound_of_a_short_pause_is_heard_when_the_caller_goes_on() -> None:
    course = Course()
    parts = join(trimmed(say("my printer")), silence(0.3), trimmed(say("is broken")))
    course.hear(join(silence(1.0), parts, silence(1.0)))
    (decoder,) = course.ears
    assert decoder.seconds >= len(parts) / 8000


def test_a_pause_may_be_the_end_and_whoever_hears_whole_may_begin_then() -> None:
    """Well before the end is certain; and once more where the caller has gone on."""
    course = Course()
    first, second = trimmed(say("my printer")), trimmed(say("is broken"))
    course.hear(join(silence(1.0), first, silence(0.4), second, silence(1.0)))
    (decoder,) = course.ears
    assert len(decoder.expected_at_s) == 2
    assert len(first) / 8000 <= decoder.expected_at_s[0] < len(first) / 8000 + 0.9
    assert decoder.expected_at_s[1] == decoder.seconds


def test_what_nobody_wants_any_more_is_given_up() -> None:
    course = Course()
    course.utterance.close()
    course.hear(join(silence(0.5), say(SENTENCE)))
    course.utterance.close()
    assert course.ears[0].closed


def test_partials_are_not_repeated() -> None:
    course = Course()
    course.hear(join(silence(0.5), say(SENTENCE), silence(1.0)))
    partials = [result.text for result in course.results if isinstance(result, Partial)]
    assert len(partials) == len(set(partials)) > 3


def test_endless_talk_becomes_final() -> None:
    course, sentence = Course(), join(trimmed(say(SENTENCE)), silence(0.1))
    while not course.utterance.ended and len(course.results) < 1000:
        course.hear(sentence)
    stopped = course.results[-2]
    assert isinstance(stopped, SpeechStopped)
    assert LONGEST_S <= stopped.at_s < LONGEST_S + 2


def test_finishing_hears_the_last_sound() -> None:
    course, spoken = Course(), say(SENTENCE)
    course.hear(join(silence(0.3), spoken))
    course.results += course.utterance.finish()
    assert isinstance(course.results[-1], Heard)
    assert course.ears[0].seconds >= len(spoken) / 8000


def test_sound_in_odd_pieces_is_the_same_sound() -> None:
    whole, pieces = Course(), Course()
    sound = join(silence(0.5), say(SENTENCE), silence(1.0))
    whole.hear(sound)
    data = b"".join(frames(sound))
    for at in range(0, len(data), 333):
        pieces.results += pieces.utterance.hear(data[at : at + 333])
    assert pieces.results == whole.results
    assert pieces.ears[0].sound == whole.ears[0].sound


def test_after_the_end_nothing_comes() -> None:
    course = Course()
    course.hear(join(silence(0.3), say(SENTENCE), silence(1.0)))
    ended = list(course.results)
    course.hear(say(SENTENCE))
    course.results += course.utterance.finish()
    assert course.results == ended
