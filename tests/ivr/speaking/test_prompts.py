"""Prompts are made once, kept, and replaced by a recording."""

import asyncio
import os
import sys
import threading
import wave
from pathlib import Path

import pytest

from ivr.speaking.prompts import Prompts, forget_spoken, make_all
from ivr.speaking.voices import Flite, SpeechFailed, espeak, find_flite, resample
from ivr.texts import catalogue

UNPACKED = Path("var/asterisk")


class MuteVoice:
    """A voice whose engine is broken."""

    name = "mute"

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        raise SpeechFailed("no sound")


class HangingVoice:
    """A voice whose engine does not return before it is let go; it can say one text at once."""

    name = "hanging"

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.busy = threading.Semaphore(0)

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    def say(self, text: str, language: str) -> tuple[int, bytes]:
        if text != "Welcome.":
            self.busy.release()
            self.let_go.wait(60)
        return 8000, b"\1\0" * 800


FLITE = """#!{python}
import pathlib, sys, wave
here = pathlib.Path(__file__).parent
(here / "arguments").write_bytes(pathlib.Path("/proc/self/cmdline").read_bytes())
(here / "text").write_bytes(sys.stdin.buffer.read())
with wave.open(sys.argv[sys.argv.index("-o") + 1], "wb") as sound:
    sound.setparams((1, 2, 8000, 0, "NONE", ""))
    sound.writeframes(bytes(1600))
"""


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
    assert len(list(tmp_path.glob("*/espeak/8000/*.pcm"))) == 1


def spoken_in(folder: Path) -> dict[str, int]:
    return {kind.name: len(list(kind.rglob("*.pcm"))) for kind in folder.iterdir()}


def test_what_was_spoken_for_single_callers_goes_and_the_rest_stays(tmp_path: Path, prompts: Prompts) -> None:
    for key, text in dict(catalogue("sv").fixed_prompts()).items():
        prompts.make("sv", key, text, 8000)
    prompts.make("sv", "greeting", "Välkommen till personal.", 8000)
    prompts.make("sv", "menu_choice", "För skrivare, tryck ett.", 8000)
    for name in ("Åsa", "Bo"):
        prompts.make("sv", "hello", f"Hej {name}.", 8000)
    fixed = spoken_in(tmp_path)["fixed"]
    assert spoken_in(tmp_path) == {"fixed": fixed, "for_callers": 2}
    assert forget_spoken(tmp_path) == 2
    assert spoken_in(tmp_path) == {"fixed": fixed, "for_callers": 0}


def test_what_the_version_before_has_spoken_goes_whole(tmp_path: Path) -> None:
    (tmp_path / "made/espeak/8000").mkdir(parents=True)
    (tmp_path / "made/espeak/8000/ab.pcm").write_bytes(b"Hello, Maria")
    assert forget_spoken(tmp_path) == 0
    assert not (tmp_path / "made").exists()


def test_only_what_is_old_goes_by_its_age(tmp_path: Path, prompts: Prompts) -> None:
    for name in ("Åsa", "Bo"):
        prompts.make("sv", "hello", f"Hej {name}.", 8000)
    first = min(tmp_path.rglob("*.pcm"))
    os.utime(first, (1000, 1000))
    assert forget_spoken(tmp_path, 2000) == 1
    assert not first.exists()
    assert spoken_in(tmp_path) == {"for_callers": 1}


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


async def test_voices_that_hang_hold_up_neither_the_server_nor_what_is_there_already(tmp_path: Path) -> None:
    voice = HangingVoice()
    prompts = Prompts(tmp_path, (voice,))
    welcome = await prompts.sound("en", "welcome", "Welcome.", 8000)
    hanging = [asyncio.create_task(prompts.sound("en", "hello", f"Hello {n}", 8000)) for n in range(50)]
    try:
        for _ in range(2):
            assert await asyncio.to_thread(voice.busy.acquire, timeout=20)
        async with asyncio.timeout(20):
            assert await prompts.sound("en", "welcome", "Welcome.", 8000) == welcome
            assert await asyncio.gather(*(asyncio.to_thread(int, n) for n in range(50))) == list(range(50))
    finally:
        voice.let_go.set()
    assert all(await asyncio.gather(*hanging))
    await prompts.close()


async def test_closing_drops_what_waits_for_a_voice(tmp_path: Path) -> None:
    voice = HangingVoice()
    prompts = Prompts(tmp_path, (voice,))
    hanging = [asyncio.create_task(prompts.sound("en", "hello", f"Hello {n}", 8000)) for n in range(50)]
    assert await asyncio.to_thread(voice.busy.acquire, timeout=20)
    closing = asyncio.create_task(prompts.close())
    done, _ = await asyncio.wait(hanging, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert all(task.cancelled() for task in done)
    voice.let_go.set()
    await asyncio.wait_for(closing, 20)
    await asyncio.gather(*hanging, return_exceptions=True)


def test_what_flite_says_cannot_be_read_among_the_processes(tmp_path: Path) -> None:
    program = tmp_path / "flite"
    program.write_text(FLITE.format(python=sys.executable))
    program.chmod(0o700)
    rate_hz, sound = Flite((str(program),)).say("-t Hello, Åsa.", "en")
    assert (rate_hz, len(sound)) == (8000, 1600)
    assert (tmp_path / "text").read_text() == "-t Hello, Åsa."
    assert b"Hello" not in (tmp_path / "arguments").read_bytes()


@pytest.mark.skipif(find_flite(UNPACKED) is None, reason="flite is not installed")
@pytest.mark.parametrize("text", ["Hello.", "-t Hello.", "Hello. Your case is C, 42! Is it the printer?"])
def test_flite_says_what_it_is_given(text: str) -> None:
    command = find_flite(UNPACKED)
    assert command is not None
    rate_hz, sound = Flite(command).say(text, "en")
    assert len(sound) > rate_hz * len(text) / 15  # some 30 characters a second


def test_resampling_keeps_the_duration() -> None:
    assert len(resample(bytes(22050 * 2), 22050, 8000)) == 16000
