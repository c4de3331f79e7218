"""`svarklar contacts erase`, as somebody types it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from casestore import audit, calls, contacts, recordings
from casestore.db import Store
from casestore.outbox import Entry, OutboxFile
from domain.audit import COMMAND_LINE
from domain.calls import Call
from domain.clock import now_ms
from domain.contacts import Contact
from svarklar.cli.main import app
from svarklar.settings import Settings
from tests import case_work

Run = Callable[..., Result]
HERS = "+46701740601"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SVARKLAR_VAR", str(tmp_path / "var"))

    def erase(*arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(app, ["contacts", "erase", *arguments], input=answer)

    return erase


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    settings.var.mkdir()
    store = Store(settings.database)
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def astrid(store: Store) -> Contact:
    """Has called a while ago; the number is hers alone."""
    with store.uow() as tx:
        astrid = contacts.add(tx, name="Astrid Öhrn", employee_number="7311", numbers=(HERS,))
        calls.save(tx, [call_of(astrid)])
    return astrid


def call_of(contact: Contact, ended_ms: int = 9) -> Call:
    return Call(
        call_id="1.1", number=HERS, contact_id=contact.id, contact_name=contact.name, transcript="my words",
        stage="ended", outcome="answered", marks={"answered": 1, "ended": ended_ms},
    )  # fmt: skip


def words_of_call(store: Store) -> str:
    with store.reading() as tx:
        call = calls.get(tx, "1.1")
    assert call
    return call.transcript


def test_it_shows_who_it_is_and_what_will_go_and_asks(run: Run, store: Store, astrid: Contact):
    result = run("7311", answer="n\n")
    assert result.exit_code == 1
    for shown in ("Astrid Öhrn", f"(id {astrid.id})", HERS, "calls", "Nothing was changed."):
        assert shown in result.stdout
    assert words_of_call(store) == "my words"


@pytest.mark.parametrize(("arguments", "answer"), [(("7311",), "y\n"), ((HERS, "--yes"), "")])
def test_it_erases_once_somebody_agrees(
    run: Run, store: Store, astrid: Contact, arguments: tuple[str, ...], answer: str
):
    result = run(*arguments, answer=answer)
    assert result.exit_code == 0, result.output
    assert f"Nothing but the id {astrid.id} is left" in result.stdout
    assert words_of_call(store) == ""
    with store.reading() as tx:
        (entry,) = audit.recent(tx, 9)
    assert (entry.actor, entry.kind, entry.values) == (
        COMMAND_LINE,
        "contact_erased",
        {"contact": str(astrid.id)},
    )


def test_whoever_is_not_there_is_said_not_to_be(run: Run, store: Store, astrid: Contact):
    result = run("4711", "--yes")
    assert result.exit_code == 1
    assert "Nobody has the id, employee number or number 4711" in result.stderr


def test_where_it_could_be_several_people_nobody_is_erased(run: Run, store: Store, astrid: Contact):
    with store.uow() as tx:
        other = contacts.add(tx, name="[b]Bo[/]", employee_number=str(astrid.id), numbers=(HERS,))
    for who in (HERS, str(astrid.id)):
        result = run(who, "--yes")
        assert result.exit_code == 1
        assert f"{astrid.id}  Astrid Öhrn" in result.stderr
        assert f"{other.id}  [b]Bo[/]" in result.stderr
    assert words_of_call(store) == "my words"


def test_what_of_a_shared_number_goes_is_said(run: Run, store: Store, astrid: Contact):
    with store.uow() as tx:
        contacts.add(tx, name="Bo", numbers=(HERS,))
    result = run("7311", "--yes")
    assert result.exit_code == 0
    assert f"{HERS} is somebody else's too" in " ".join(result.stdout.split())


def test_somebody_on_the_line_is_not_erased(run: Run, store: Store, astrid: Contact):
    lives = replace(call_of(astrid), stage="connected", outcome=None)
    with store.uow() as tx:
        calls.save(tx, [lives])
    result = run("7311", "--yes")
    assert result.exit_code == 1
    assert "Nothing was changed: they are on the line (call 1.1)" in result.stderr
    assert words_of_call(store) == "my words"


def test_nor_somebody_whose_call_the_server_still_remembers(run: Run, store: Store, astrid: Contact):
    with store.uow() as tx:
        calls.save(tx, [call_of(astrid, ended_ms=now_ms())])
    result = run("7311", "--yes")
    assert result.exit_code == 1
    assert "has only just ended" in result.stderr
    assert words_of_call(store) == "my words"


def test_whoever_was_erased_before_can_be_erased_again(run: Run, store: Store, astrid: Contact):
    assert run("7311", "--yes").exit_code == 0
    again = run(str(astrid.id), "--yes")
    assert again.exit_code == 0
    assert "Was erased before" in again.stdout


def test_sound_and_spoken_prompts_go_and_lines_of_asterisks_log(
    run: Run, store: Store, settings: Settings, astrid: Contact
):
    with store.uow() as tx:
        case = case_work.registered(tx, contact_id=astrid.id)
    written = recordings.write(settings.recordings_folder, case.number, b"\0\0", 8000, now_ms=1)
    recordings.write(settings.recordings_folder, case.number, b"\0\0", 8000, now_ms=1)  # a crash left no row
    with store.uow() as tx:
        recordings.add(tx, written)
    spoken = settings.prompts_folder / "for_callers/espeak/8000/1.pcm"
    log, timeline = settings.asterisk_run_folder / "log/messages", settings.timeline_file
    for file in (spoken, log, timeline):
        file.parent.mkdir(parents=True)
        file.write_text(f"first\nWARNING <sip:{HERS[1:]}@192.0.2.1>\nWARNING Astrid Öhrn\n46701740601.5\n")
    with log.open("a") as asterisk:
        assert run("7311", "--yes").exit_code == 0
        asterisk.write("next\n")
    assert list(settings.recordings_folder.iterdir()) == []
    assert (spoken.exists(), timeline.exists()) == (False, False)
    assert log.read_text() == "first\n46701740601.5\nnext\n"


def test_a_file_that_cannot_be_changed_leaves_the_person_as_they_were(
    run: Run, store: Store, settings: Settings, astrid: Contact
):
    (settings.asterisk_run_folder / "log/messages").mkdir(parents=True)
    result = run("7311", "--yes")
    assert result.exit_code == 1
    assert words_of_call(store) == "my words"
    with store.reading() as tx:
        assert contacts.get(tx, astrid.id) == astrid


def test_what_the_outbox_has_refused_of_theirs_goes_and_what_waits_is_waited_for(
    run: Run, store: Store, settings: Settings, astrid: Contact
):
    outbox = OutboxFile(settings.outbox_file)
    for name, body, refused in (
        ("hers", f'{{"commands": [["Register", {{"caller_number": "{HERS}"}}]]}}', "no such case"),
        ("his", '{"commands": [["Register", {"caller_number": "+46701740609"}]]}', "no such case"),
        ("waits", '{"commands": [["Link", {"call_id": "1.1"}]]}', ""),
    ):
        outbox.add(Entry(change_id=name, at_ms=1, body=body, refused=refused))
    result = run("7311", "--yes")
    assert (result.exit_code, "still waits to be written" in result.stderr) == (1, True)
    assert (words_of_call(store), outbox.count()) == ("my words", (1, 2))
    waiting = outbox.waiting()
    assert waiting
    outbox.remove(waiting[0])
    assert run("7311", "--yes").exit_code == 0
    assert outbox.count() == (0, 1)
    outbox.close()
    for file in settings.var.glob("outbox*"):
        assert HERS.encode() not in file.read_bytes()


def test_without_a_database_there_is_nobody(run: Run, settings: Settings):
    result = run("7311", "--yes")
    assert result.exit_code == 1
    assert "Nobody has" in result.stderr
