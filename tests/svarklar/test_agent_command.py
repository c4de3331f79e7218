"""`svarklar agent`, as somebody types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from casestore import audit, users
from casestore.db import Store
from domain.audit import AuditEntry
from domain.users import User
from screenpop.server.passwords import _matches as matches
from svarklar.cli.main import app
from svarklar.secrets import load_secrets
from svarklar.settings import Settings

PASSWORD = "a password of some length"
Run = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SVARKLAR_VAR", str(tmp_path / "var"))
    return Settings()


@pytest.fixture
def run(settings: Settings) -> Run:
    def invoke(*arguments: str, given: str = f"{PASSWORD}\n") -> Result:
        return CliRunner().invoke(app, ["agent", *arguments], input=given)

    return invoke


def everybody(settings: Settings) -> dict[str, User]:
    store = Store(settings.database)
    with store.reading() as tx:
        found = users.all_users(tx)
    store.close()
    return {user.username: user for user in found}


def hash_of(settings: Settings, username: str) -> str | None:
    store = Store(settings.database)
    with store.reading() as tx:
        found = users.password_hash(tx, username)
    store.close()
    return found


def noted(settings: Settings) -> list[AuditEntry]:
    store = Store(settings.database)
    with store.reading() as tx:
        found = audit.recent(tx, 99)
    store.close()
    return list(reversed(found))


def test_somebody_is_added_with_a_password_from_stdin_and_telephones_of_their_own(
    run: Run, settings: Settings
) -> None:
    result = run("add", "cia", "--name", "Cia Ros", "--role", "supervisor", "--language", "sv")
    assert result.exit_code == 0, result.output
    cia = everybody(settings)["cia"]
    assert (cia.name, cia.role, cia.language) == ("Cia Ros", "supervisor", "sv")
    assert matches(hash_of(settings, "cia"), PASSWORD)
    assert {"cia-browser", "cia-phone"} <= load_secrets(settings, ()).sip.keys()
    assert PASSWORD not in result.output


def test_a_password_may_be_made_and_is_printed_once(run: Run, settings: Settings) -> None:
    result = run("add", "cia", "--generate", given="")
    password = result.stdout.split("Password: ")[1].strip()
    assert matches(hash_of(settings, "cia"), password)
    result = run("password", "cia", "--generate", given="")
    assert matches(hash_of(settings, "cia"), result.stdout.split("Password: ")[1].strip())
    assert not matches(hash_of(settings, "cia"), password)


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("add", "Cia"), f"{PASSWORD}\n", "username"),
        (("add", "cia", "--role", "king"), f"{PASSWORD}\n", "role must be one of"),
        (("add", "cia", "--language", "xx"), f"{PASSWORD}\n", "language must be one of"),
        (("add", "cia"), "short\n", "10"),
        (("add", "cia"), "", "10"),
        (("password", "nobody"), f"{PASSWORD}\n", "no user"),
        (("role", "nobody", "agent"), "", "no user"),
        (("remove", "nobody"), "", "no user"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    run: Run, settings: Settings, arguments: tuple[str, ...], given: str, says: str
) -> None:
    result = run(*arguments, given=given)
    assert result.exit_code == 1
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert everybody(settings) == {}
    assert noted(settings) == []


def test_a_second_one_of_the_same_name_is_refused(run: Run) -> None:
    run("add", "cia")
    result = run("add", "cia")
    assert (result.exit_code, "already" in result.stderr) == (1, True)


def test_the_last_admin_stays(run: Run, settings: Settings) -> None:
    run("add", "ingrid", "--role", "admin")
    for words in (("remove", "ingrid"), ("role", "ingrid", "agent")):
        result = run(*words)
        assert (result.exit_code, "last admin" in result.stderr) == (1, True)
    assert everybody(settings)["ingrid"].role == "admin"
    run("add", "olof", "--role", "admin")
    assert run("remove", "ingrid").exit_code == 0
    assert list(everybody(settings)) == ["olof"]


def test_whoever_gets_the_name_later_does_not_get_the_telephones(run: Run, settings: Settings) -> None:
    run("add", "cia")
    before = load_secrets(settings, ()).sip["cia-phone"]
    run("remove", "cia")
    assert "cia-phone" not in load_secrets(settings, ()).sip
    run("add", "cia")
    assert load_secrets(settings, ()).sip["cia-phone"] != before


def test_everybody_is_listed(run: Run) -> None:
    run("add", "cia", "--name", "Cia Ros")
    run("add", "olof", "--role", "admin")
    shown = run("list").stdout
    assert "Cia Ros" in shown
    assert "admin" in shown


def test_each_change_is_audited(run: Run, settings: Settings) -> None:
    run("add", "cia")
    run("role", "cia", "supervisor")
    run("password", "cia")
    run("remove", "cia")
    entries = noted(settings)
    assert {entry.actor for entry in entries} == {"command line"}
    assert [(entry.kind, dict(entry.values)) for entry in entries] == [
        ("agent_added", {"agent": "cia", "role": "agent"}),
        ("role_changed", {"agent": "cia", "role": "supervisor"}),
        ("password_changed", {"agent": "cia"}),
        ("agent_removed", {"agent": "cia"}),
    ]
    assert PASSWORD not in repr(entries)
