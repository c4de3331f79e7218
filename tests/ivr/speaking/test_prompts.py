"""Prompts are made once, kept, and replaced by a recording."""

import wave
from pathlib import Path

import pytest

from ivr.speaking.prompts import Prompts, make_all
from ivr.speaking.voices import SpeechFailed, espeak, resample


class MuteVoice:
    """A voice whose engine is broken."""

    name = "mute"

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        raise SpeechFailed("no sound")


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return Prompts(tmp_path, (espeak(),))


@pytest.mark.parametrize(
    ("language", "text"), [("en", "Welcome."), ("sv", "Välkommen."), ("nb", "Velkommen.")]
)
def test_every_language_has_a_voice(prompts: Prompts, language: str, text: str) -> None:
    sound = prompts.make(language, "welcome", text, 8000)
    assert len(sound) > 8000
    assert max(sound) > 0


def test_a_prompt_lasts_equally_long_at_both_rates(prompts: Prompts) -> None:
    narrow, wide = (prompts.make("en", "welcome", "Welcome to the desk.", rate) for rate in (8000, 16000))
    assert abs(len(wide) / len(narrow) - 2) < 0.01


def test_a_made_prompt_is_kept_and_not_made_again(tmp_path: Path) -> None:
    made = Prompts(tmp_path, (espeak(),)).make("en", "welcome", "Welcome.", 8000)
    assert Prompts(tmp_path, (espeak(),)).make("en", "welcome", "Welcome.", 8000) == made
    assert len(list(tmp_path.glob("made/espeak/8000/*.pcm"))) == 1


def test_an_own_recording_replaces_the_prompt(tmp_path: Path, prompts: Prompts) -> None:
    (tmp_path / "own/en").mkdir(parents=True)
    with wave.open(str(tmp_path / "own/en/welcome.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\0" * 800)
    assert prompts.make("en", "welcome", "Welcome.", 8000) == b"\1\0" * 800


def test_a_broken_recording_is_passed_over(tmp_path: Path, prompts: Prompts) -> None:
    (tmp_path / "own/en").mkdir(parents=True)
    (tmp_path / "own/en/welcome.wav").write_bytes(b"not a wave file")
    assert len(prompts.make("en", "welcome", "Welcome.", 8000)) > 4000


def test_a_failing_voice_gives_way_to_the_next(tmp_path: Path) -> None:
    assert Prompts(tmp_path, (MuteVoice(), espeak())).make("en", "welcome", "Welcome.", 8000)


def test_a_hostile_name_does_not_become_an_hour_of_speech(prompts: Prompts) -> None:
    sound = prompts.make("en", "hello", "Hello " + "A. " * 5000 + '"\r\n\0<b>', 8000)
    assert len(sound) < 8000 * 2 * 300


def test_the_whole_catalogue_can_be_made_beforehand(prompts: Prompts) -> None:
    assert make_all(prompts, [("en", "yes", "Yes."), ("sv", "yes", "Ja.")]) == 2


def test_resampling_keeps_the_duration() -> None:
    assert len(resample(bytes(22050 * 2), 22050, 8000)) == 16000
