"""`svarklar call`, `doctor`, `demo` and `up` as a person uses them."""

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from callers import write_wav
from command_line import COMMAND, environment, svarklar
from installation import PRINTER, Installation
from people import new_contact
from processes import asterisk_of, family, hearers_of, lives, may_go_first, serve_of
from speech_samples import say

from phone.agent import AgentPhone
from phone.timeline import STEPS
from svarklar.settings import Settings

pytestmark = pytest.mark.server

SHAPE = {
    "call": str,
    "caller": {"number": str, "contact": (str, type(None)), "match": str},
    "language": str,
    "transcript": str,
    "confidence": (float, type(None)),
    "case": {
        "number": str, "title": str, "service": str, "category": str,
        "impact": str, "urgency": str, "priority": int,
    },
    "suggestions": [{"article": str, "title": str, "score": float, "because": [str]}],
    "ms": {step: (int, type(None)) for step in STEPS},
    "pop_lead_ms": (int, type(None)),
    "outcome": (str, type(None)),
}  # fmt: skip


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


async def _call(system: Installation, number: str, *words: str) -> dict[str, Any]:
    done = await asyncio.to_thread(svarklar, system.settings, "call", "--json", "--from", number, *words)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(system: Installation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The reports of callers who call at once and find no agent."""
    wav = write_wav(tmp_path_factory.mktemp("sound") / "said.wav", say(PRINTER, "rms", 16_000))
    maria, johan = new_contact(system), new_contact(system)
    plans = {
        "recorded": (maria, "--wav", str(wav), "--keys", "1", "--codec", "pcmu", "--hangup-after", "17"),
        "keyed": (johan, "--keys", "0", "--keys", "4", "--codec", "pcma", "--hangup-after", "12"),
        "withheld": ("withheld", "--keys", "1", "--keys", "*", "--say", PRINTER, "--keys", "1",
                     "--hangup-after", "22"),
        "impatient": (new_contact(system), "--barge-in", "--hangup-after", "1.5"),
    }  # fmt: skip
    made = await asyncio.gather(*(_call(system, *words) for words in plans.values()))
    return dict(zip(plans, made, strict=True))


async def test_a_call_that_is_answered_reports_every_step(system: Installation, agent: AgentPhone) -> None:
    number = new_contact(system, "Rita Report")
    report = await _call(system, number, "--say", PRINTER, "--say", "yes")
    _has_shape(report, SHAPE)
    assert report["caller"] == {"number": number, "contact": "Rita Report", "match": "one"}
    assert [step for step in STEPS if report["ms"][step] is None] == []
    assert report["pop_lead_ms"] == report["ms"]["ringing"] - report["ms"]["shown"]
    assert report["outcome"] == "answered"
    assert report["suggestions"][0]["because"]


@pytest.mark.parametrize("name", ["recorded", "keyed", "withheld", "impatient"])
def test_a_step_that_did_not_happen_is_null(name: str, alone: dict[str, dict[str, Any]]) -> None:
    report = alone[name]
    _has_shape(report, SHAPE | ({} if report["case"] else {"case": type(None)}))
    assert [report["ms"][step] for step in ("offered", "shown", "ringing", "connected")] == [None] * 4
    assert report["pop_lead_ms"] is None
    assert report["ms"]["answered"] >= 0
    assert report["ms"]["ended"] is not None


def test_a_recording_is_said_and_a_key_pressed(alone: dict[str, dict[str, Any]]) -> None:
    assert "printer" in alone["recorded"]["transcript"]
    assert alone["recorded"]["case"]["service"] == "printing"


def test_keys_do_without_words(alone: dict[str, dict[str, Any]]) -> None:
    report = alone["keyed"]
    assert (report["transcript"], report["confidence"]) == ("", None)
    assert report["ms"]["heard"] is None
    assert report["case"]["service"] == "printing"
    assert report["outcome"] == "abandoned_queue"


def test_options_take_their_turns_in_the_order_given(alone: dict[str, dict[str, Any]]) -> None:
    report = alone["withheld"]
    assert report["caller"]["match"] == "withheld"
    assert report["caller"]["contact"] is None
    assert report["language"] == "en"
    assert "printer" in report["transcript"]


def test_a_caller_who_hangs_up_at_once_has_no_case(alone: dict[str, dict[str, Any]]) -> None:
    report = alone["impatient"]
    assert report["case"] is None
    assert report["outcome"] == "abandoned_ivr"
    assert report["ms"]["ended"] < 6_000


def test_doctor_finds_a_running_house_well(system: Installation) -> None:
    done = svarklar(system.settings, "doctor")
    assert done.returncode == 0, done.stdout
    assert f"answers at {system.web}" in done.stdout
    assert "svarklar model add sv" in done.stdout
    assert "broken" not in done.stdout


def test_telephone_sound_goes_before_other_programs_and_before_decoding(system: Installation) -> None:
    first = {os.sched_getscheduler(pid) for pid in (serve_of(system), asterisk_of(system))}
    assert first == {os.SCHED_RR if may_go_first() else os.SCHED_OTHER}
    assert {os.sched_getscheduler(pid) for pid in hearers_of(system)} == {os.SCHED_OTHER}


def test_a_second_house_at_the_same_ports_is_refused_with_one_line(system: Installation) -> None:
    done = svarklar(
        system.settings,
        "up",
        "--no-demo",
        SVARKLAR_VAR=str(system.settings.var.parent / "second"),
    )
    assert done.returncode == 1
    assert "is in use: end what uses it, or set" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    with urllib.request.urlopen(f"{system.web}/healthz", timeout=5) as healthy:
        assert healthy.status == 200


def test_the_demo_shows_the_main_job_and_ends(settings: Settings) -> None:
    done = svarklar(settings, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((settings.var / "demo/timeline.json").read_text(encoding="utf-8"))
    _has_shape(report, SHAPE)
    assert report["pop_lead_ms"] > 0
    assert "connected" in done.stdout


def test_ctrl_c_ends_every_child_and_a_second_start_is_quick(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for start in ("first", "second"):
        began_s = time.monotonic()
        with _up(settings, tmp_path / start) as process:
            started_s = time.monotonic() - began_s
            children = family(process.pid)
            assert len(children) >= 3  # Asterisk, serve and what hears
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            assert process.wait(30) == 0
        assert [pid for pid in children if lives(pid)] == []
        with capsys.disabled():
            print(f"\nsvarklar up: the {start} start took {started_s:.1f} s")


@contextmanager
def _up(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`svarklar up` once it answers; killed where a test has not ended it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", "--no-demo"], env=environment(settings), stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        while b"Ctrl-C ends everything." not in log.read_bytes():
            assert process.poll() is None, log.read_text(errors="replace")
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _has_shape(value: Any, shape: Any, where: str = "report") -> None:
    """Exactly these keys, in this order, with values of these types."""
    match shape:
        case dict():
            assert list(value) == list(shape), where
            for key in shape:
                _has_shape(value[key], shape[key], f"{where}.{key}")
        case list():
            assert isinstance(value, list), where
            for entry in value:
                _has_shape(entry, shape[0], f"{where}[]")
        case _:
            assert isinstance(value, shape), (where, value)
