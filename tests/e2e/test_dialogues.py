"""What callers and Svarklar say to each other, spoken and keyed, over real telephone sound.

It doubts nearly everything it hears (its model's thresholds are set high), so that statements are asked
back. A few callers talk at a time; each test looks at what became of one of them.
"""

import asyncio
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from callers import brief_prompts, on_the_line
from desk_view import CallJson, DeskView
from installation import PRINTER, Installation, running_installation
from people import cases_of, history_of, new_contact, open_case_of

from ivr.speech.models.installed import best, installed
from phone.caller import Keys, Speech, converse
from svarklar.settings import Settings

pytestmark = pytest.mark.server

AT_ONCE = 8
DOUBTED = "vosk-model-en-doubted"
LAPTOP = "my laptop does not start and the screen is black"
STRANGERS = iter(f"+467017406{number}" for number in range(90, 100))
Talk = Callable[[Installation, DeskView], Awaitable[CallJson]]
TALKS: dict[str, Talk] = {}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    doubted = _doubted_model(folder / "models")
    with running_installation(folder, own_prompts=brief_prompts(folder / "beeps"), models=doubted) as system:
        while DOUBTED not in system.logged():
            time.sleep(0.1)  # until then the bundled model hears
        yield system


def _doubted_model(folder: Path) -> Path:
    """The bundled model once more, to be asked back unless a word is as good as certain."""
    bundled = best(installed(Settings(var=folder)), "en")
    copy = shutil.copytree(bundled.path, folder / DOUBTED)
    description = (copy / "svarklar.toml").read_text()
    for name, value in (("accept", 0.98), ("confirm", 0.3)):
        description = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", description)
    (copy / "svarklar.toml").write_text(description)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(system: Installation) -> dict[str, CallJson]:
    """Every call of this file, after its end."""
    room = asyncio.Semaphore(AT_ONCE)

    async def held(talk: Talk) -> CallJson:
        async with room:
            return await talk(system, desk)

    async with DeskView(system) as desk:
        made = await asyncio.gather(*map(held, TALKS.values()))
    return dict(zip(TALKS, made, strict=True))


def talk(behave: Talk) -> Talk:
    """One of the calls, by its name."""
    TALKS[behave.__name__] = behave
    return behave


async def _to_the_queue(
    system: Installation, desk: DeskView, number: str, *turns: str, hurried: bool = True
) -> CallJson:
    """The call after its end; who is hurried does not listen to the goodbye."""
    async with on_the_line(system, *turns, number=number) as caller:
        if hurried:
            await desk.until(caller.call.call_id, lambda call: call["case"] and call["case"]["service"])
            caller.call.rtp.press("1")
        await desk.reaches(caller.call.call_id, "queued")
    return await desk.reaches(caller.call.call_id, "ended")


# --- what is wrong --------------------------------------------------------------------------------


@talk
async def confirmed_by_voice(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, new_contact(system), PRINTER, "yes")


@talk
async def confirmed_by_key(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, new_contact(system), PRINTER, "1")


@talk
async def denied_and_said_again(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, new_contact(system), PRINTER, "no", LAPTOP, "1")


@pytest.mark.parametrize("name", ["confirmed_by_voice", "confirmed_by_key"])
def test_doubtful_words_count_when_the_caller_confirms_them(
    name: str, system: Installation, calls: dict[str, CallJson]
) -> None:
    (case,) = cases_of(system, calls[name]["call_id"])
    assert "printer" in case.statement
    assert (case.service, case.priority) == ("printing", 2)
    assert "nobody" in case.because["impact"]
    assert "confirmed" in [line.trust for line in history_of(system, case.number)]


def test_denied_words_decide_nothing_but_stay_visible(
    system: Installation, calls: dict[str, CallJson]
) -> None:
    call = calls["denied_and_said_again"]
    (case,) = cases_of(system, call["call_id"])
    assert "laptop" in case.statement
    assert case.service == "computer"
    assert "printer" in case.description
    assert "denied" in [line.trust for line in history_of(system, case.number)]


# --- who is calling -------------------------------------------------------------------------------


@talk
async def unknown_by_keys(system: Installation, desk: DeskView) -> CallJson:
    new_contact(system, "Vera Keys", employee_number="7310")
    return await _to_the_queue(system, desk, next(STRANGERS), "1", "7310", "4", "4")


@talk
async def unknown_by_voice(system: Installation, desk: DeskView) -> CallJson:
    new_contact(system, "Sam Speaker", employee_number="7421")
    said = ("english", "seven four two one", "yes", "4", "4")
    return await _to_the_queue(system, desk, next(STRANGERS), *said)


@talk
async def unknown_for_good(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, next(STRANGERS), "1", "9999", "*", "4", "4")


@talk
async def withheld(system: Installation, desk: DeskView) -> CallJson:
    new_contact(system, "Will Hidden", employee_number="7532")
    return await _to_the_queue(system, desk, "", "1", "7532", "4", "4")


@talk
async def shared_by_key(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, _shared_number(system), "2", "4", "4")


@talk
async def shared_by_voice(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, _shared_number(system), "one", "yes", "4", "4")


def _shared_number(system: Installation) -> str:
    number = new_contact(system, "Ada First")
    new_contact(system, "Ben Second", numbers=(number,))
    return number


@pytest.mark.parametrize(
    ("name", "match", "how", "contact"),
    [
        ("unknown_by_keys", "none", "employee_number", "Vera Keys"),
        ("unknown_by_voice", "none", "employee_number", "Sam Speaker"),
        ("unknown_for_good", "none", "nothing", ""),
        ("withheld", "withheld", "employee_number", "Will Hidden"),
        ("shared_by_key", "several", "choice", "Ben Second"),
        ("shared_by_voice", "several", "choice", "Ada First"),
    ],
)
def test_a_caller_is_who_they_say_they_are_or_nobody(
    name: str, match: str, how: str, contact: str, system: Installation, calls: dict[str, CallJson]
) -> None:
    call = calls[name]
    assert (call["match"], call["how"], call["contact_name"]) == (match, how, contact)
    (case,) = cases_of(system, call["call_id"])
    assert (case.contact_name, case.service) == (contact, "printing")


# --- is it about the open case? -------------------------------------------------------------------


@talk
async def same_case(system: Installation, desk: DeskView) -> CallJson:
    number = new_contact(system, "Olle Again")
    open_case_of(system, number, "The label printer is broken")
    return await _to_the_queue(system, desk, number, "yes", "it is still not printing", hurried=False)


@talk
async def another_case(system: Installation, desk: DeskView) -> CallJson:
    number = new_contact(system, "Nora Other")
    open_case_of(system, number, "The label printer is broken")
    call = await _to_the_queue(system, desk, number, "2", LAPTOP, "1")
    return {**call, "open_cases": (await desk.caller(call["call_id"]))["open_cases"]}


def test_an_open_case_is_gone_on_with(system: Installation, calls: dict[str, CallJson]) -> None:
    call = calls["same_case"]
    assert call["case"]["title"] == "The label printer is broken"
    assert cases_of(system, call["call_id"]) == []
    lines = history_of(system, call["case"]["number"])
    assert "linked" in [line.kind for line in lines]
    assert any("still not printing" in line.said for line in lines)


def test_a_new_case_stands_beside_the_open_one(system: Installation, calls: dict[str, CallJson]) -> None:
    call = calls["another_case"]
    (case,) = cases_of(system, call["call_id"])
    assert "laptop" in case.statement
    others = [other for other in call["open_cases"] if other["number"] != case.number]
    assert [other["title"] for other in others] == ["The label printer is broken"]


# --- in which language? ---------------------------------------------------------------------------


@talk
async def swedish(system: Installation, desk: DeskView) -> CallJson:
    number = new_contact(system, "Anna Svensk", language="sv")
    return await _to_the_queue(system, desk, number, "4", "skrivaren skriver inte ut", hurried=False)


@talk
async def norwegian_by_choice(system: Installation, desk: DeskView) -> CallJson:
    return await _to_the_queue(system, desk, next(STRANGERS), "3", "*", "5", "the pc is dead", hurried=False)


def test_where_no_model_hears_the_language_it_goes_by_keys_and_is_recorded(
    system: Installation, calls: dict[str, CallJson]
) -> None:
    call = calls["swedish"]
    assert call["language"] == "sv"
    assert call["transcript"] == ""
    assert (call["case"]["service"], call["case"]["has_statement"]) == ("printing", True)
    assert "reason=NoModel" in system.logged()


def test_an_unknown_caller_chooses_the_language_once(
    system: Installation, calls: dict[str, CallJson]
) -> None:
    assert calls["norwegian_by_choice"]["language"] == "nb"
    assert calls["norwegian_by_choice"]["case"]["has_statement"]
    assert calls["unknown_by_keys"]["language"] == "en"
    assert calls["unknown_by_voice"]["language"] == "en"
    assert cases_of(system, calls["norwegian_by_choice"]["call_id"])[0].language == "nb"


# --- talking over the prompt ----------------------------------------------------------------------


@talk
async def interrupting_by_voice(system: Installation, desk: DeskView) -> CallJson:
    return await _interrupt(system, desk, system.says("yes")[0])


@talk
async def interrupting_by_key(system: Installation, desk: DeskView) -> CallJson:
    return await _interrupt(system, desk, Keys("1"))


async def _interrupt(system: Installation, desk: DeskView, over_it: Speech | Keys) -> CallJson:
    """Answer "I heard … Is that right?", which is long, as soon as it begins."""
    now_s = asyncio.get_running_loop().time
    async with on_the_line(system, PRINTER, number=new_contact(system)) as caller:
        await desk.reaches(caller.call.call_id, "registered")
        asked_s = now_s()
        await converse(caller.call, [over_it], barge_in=True)
        await desk.until(caller.call.call_id, lambda call: call["case"]["service"])
        assert now_s() - asked_s < 4.0  # the whole question takes more than six seconds
        await desk.reaches(caller.call.call_id, "queued")
    return await desk.reaches(caller.call.call_id, "ended")


@pytest.mark.parametrize("name", ["interrupting_by_voice", "interrupting_by_key"])
def test_a_caller_may_talk_over_the_prompt(name: str, calls: dict[str, CallJson]) -> None:
    assert calls[name]["case"]["service"] == "printing"
    assert calls[name]["dialogue"] == "done"


def test_nothing_has_crashed(system: Installation, calls: dict[str, CallJson]) -> None:
    assert {call["outcome"] for call in calls.values()} == {"abandoned_queue"}
    assert "Traceback" not in system.logged()
