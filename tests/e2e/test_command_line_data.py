"""The commands that need no server: contacts, articles, models, settings; every mistake is one clear line."""

from pathlib import Path

import pytest
from command_line import svarklar

from casestore import contacts, knowledge
from casestore.db import Store
from svarklar.settings import Settings

NOWHERE = "http://127.0.0.1:1/models"  # nobody listens there
ARTICLE = """---
title: Coffee machine
service: other
category: request
keywords: [coffee]
examples: [there is no coffee]
---
## Steps
1. Fill in beans.
"""
SERVICES = '[service.other]\nen = "Other"\n[category.request]\nen = "Request"\n'


def test_contacts_are_imported_and_bad_rows_are_named(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "name,employee_number,numbers,language\n"
        "Ebba Ny,8101,070-174 06 55;+46701740656,sv\n"
        "No Number,8102,not a number,en\n"
        '"Unclosed,8103,0701740657,en\n'
        "Åke Ny,8104,0701740658,nb\n",
        encoding="utf-8",
    )
    done = svarklar(settings, "contacts", "import", str(file))
    assert done.returncode == 1
    assert "2 added, 0 changed, 2 refused" in done.stdout
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["line 3", "line 4"]
    with Store(settings.database).reading() as tx:
        assert contacts.by_number(tx, "+46701740655")[0].name == "Ebba Ny"
        assert contacts.by_employee_number(tx, "8104")[0].language == "nb"

    file.write_text("name,employee_number\nEbba Newer,8101\n", encoding="utf-8")
    again = svarklar(settings, "contacts", "import", str(file))
    assert (again.returncode, "0 added, 1 changed, 0 refused" in again.stdout) == (0, True)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"first,second\n1,2\n"])
def test_a_file_that_is_no_list_of_contacts_is_refused(
    content: bytes, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    done = svarklar(settings, "contacts", "import", str(file))
    assert done.returncode == 1
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_articles_are_imported_and_bad_files_are_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "kb/en").mkdir(parents=True)
    (tmp_path / "kb/services.toml").write_text(SERVICES)
    (tmp_path / "kb/en/coffee.md").write_text(ARTICLE)
    (tmp_path / "kb/en/broken.md").write_text("---\ntitle: [\n---\n")
    done = svarklar(settings, "kb", "import", str(tmp_path / "kb"))
    assert done.returncode == 1
    assert "1 added, 0 changed, 1 refused" in done.stdout
    assert done.stderr.startswith("en/broken.md: ")
    with Store(settings.database).reading() as tx:
        assert [article.key for article in knowledge.articles(tx)] == ["coffee"]


def test_the_models_are_listed(settings: Settings) -> None:
    done = svarklar(settings, "model", "list")
    assert done.returncode == 0
    assert "vosk-desk-en" in done.stdout


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [("sv", "out of reach"), ("klingon!", "neither a folder nor a language"), (".", "no speech model")],
)
def test_a_model_that_cannot_be_had_is_one_clear_line(wanted: str, reason: str, settings: Settings) -> None:
    done = svarklar(settings, "model", "add", wanted, SVARKLAR_MODEL_SOURCE=NOWHERE)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("setting", "value"), [("WEB_PORT", "many"), ("PRIORITIES", "{}"), ("TRUNKS", "[{}]"), ("TRUNKS", "[")]
)
def test_a_wrong_setting_is_named(setting: str, value: str, settings: Settings) -> None:
    done = svarklar(settings, "model", "list", **{f"SVARKLAR_{setting}": value})
    assert done.returncode == 2
    assert setting.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_without_a_server_a_call_says_so_at_once(settings: Settings) -> None:
    done = svarklar(settings, "call", "--from", "+46701740605", "--keys", "1")
    assert done.returncode == 1
    assert done.stderr == f"CallFailed: 503 nobody listens at 127.0.0.1:{settings.sip_port}\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--codec", "opus"), "unknown codec 'opus'"),
        (("--keys", "1x"), "not keys of a telephone: '1x'"),
        (("--wav", "/nowhere.wav"), "/nowhere.wav"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_before_it_begins(
    words: tuple[str, str], reason: str, settings: Settings
) -> None:
    done = svarklar(settings, "call", "--from", "+46701740605", *words)
    assert done.returncode == 1
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_doctor_names_what_is_missing_and_what_to_do(settings: Settings) -> None:
    done = svarklar(settings, "doctor")
    assert done.returncode == 1
    assert "svarklar db upgrade" in done.stdout
    assert "make run, or svarklar up" in done.stdout
    assert "vosk-desk-en" in done.stdout


@pytest.mark.parametrize(
    "command",
    [("db", "upgrade"), ("contacts", "import", "people.csv"), ("kb", "import", "articles"), ("serve",)],
)
def test_a_database_that_is_none_is_one_clear_line(
    command: tuple[str, ...], settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text("name\nEbba Ny\n", encoding="utf-8")
    (tmp_path / "articles").mkdir()
    settings.var.mkdir(parents=True)
    (settings.var / "svarklar.db").write_text("Dear diary, " * 500)
    files = {"people.csv", "articles"}
    done = svarklar(settings, *(str(tmp_path / word) if word in files else word for word in command))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == "StoreDamaged: the file is no database, or it is damaged"


def test_a_database_server_that_is_not_there_is_one_clear_line(settings: Settings) -> None:
    url = "postgresql://svarklar@127.0.0.1:1/svarklar"  # nobody listens there
    done = svarklar(settings.model_copy(update={"database_url": url}), "db", "upgrade")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("StoreUnreachable: the database server does not answer")
