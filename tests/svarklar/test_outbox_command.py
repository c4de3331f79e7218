"""`svarklar outbox`: what waits and what was refused is seen and tried again; nobody's words are shown."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from casestore.outbox import OutboxFile
from casework.outbox import entry_of
from casework.port import CaseUnit
from domain.case_commands import Hear, Register
from domain.cases import NewCase, Said
from svarklar.cli.main import app

SAID = Said(statement_id="s1", text="skrivaren brinner", at_ms=1)


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutboxFile:
    monkeypatch.setenv("SVARKLAR_VAR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return OutboxFile(tmp_path / "outbox.db")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["outbox", *arguments])


def fill(outbox: OutboxFile) -> None:
    register = Register(actor="ivr", at_ms=1, call_id="main-1.1", new=NewCase(title="skrivaren brinner"))
    outbox.add(entry_of(CaseUnit(commands=(register,)), 1))
    outbox.add(entry_of(CaseUnit(commands=(Hear(actor="ivr", at_ms=2, said=SAID),)), 2))
    outbox.refuse(2, "there is no case 'C-000009'")


def test_nothing_waits(outbox: OutboxFile) -> None:
    result = run("list")
    assert (result.exit_code, "Nothing waits" in result.output) == (0, True)
    assert run("retry", "1").exit_code == 1


def test_what_waits_and_what_was_refused_is_shown_without_anybodys_words(outbox: OutboxFile) -> None:
    fill(outbox)
    output = run("list").output
    assert all(part in output for part in ("Register", "main-1.1", "waits", "Hear", "C-000009"))
    assert "skrivaren" not in output


def test_what_was_refused_is_tried_again_when_asked(outbox: OutboxFile) -> None:
    fill(outbox)
    assert outbox.count() == (1, 1)
    assert run("retry", "1").exit_code == 1  # it waits anyway
    assert run("retry", "2").exit_code == 0
    assert outbox.count() == (2, 0)
