"""What is ready before anything starts, and that one thing that is bad costs itself only."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from casestore import knowledge, users
from casestore.db import Store
from svarklar import preparation
from svarklar.settings import Settings

SHIPPED = {file.stem for file in (preparation.KNOWLEDGE / "en").glob("*.md")}


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped articles, in a folder where a test may spoil some."""
    folder = tmp_path / "knowledge"
    shutil.copytree(preparation.KNOWLEDGE, folder)
    monkeypatch.setattr(preparation, "KNOWLEDGE", folder)
    return folder


def keys(settings: Settings) -> set[str]:
    with Store(settings.database).reading() as tx:
        return {article.key for article in knowledge.articles(tx, "en")}


def test_an_empty_database_gets_articles_people_and_their_phones(settings: Settings) -> None:
    secrets, agents = preparation.prepare(settings)
    assert set(agents) == {"anna", "bo", "sofia", "admin"}
    assert {f"{agent}-phone" for agent in agents} < secrets.sip.keys()
    assert keys(settings) == SHIPPED


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"---\ntitle: [\n---\n", b"---\ntitle: x\n---\n"])
def test_an_article_that_cannot_be_read_costs_itself_only_and_is_said(
    content: bytes, articles: Path, settings: Settings
) -> None:
    (articles / "en/printer-paper-jam.md").write_bytes(content)
    with capture_logs() as logged:
        preparation.prepare(settings)
    assert keys(settings) == SHIPPED - {"printer-paper-jam"}
    (refused,) = (entry for entry in logged if entry["event"] == "article_refused")
    assert refused["reason"].startswith("en/printer-paper-jam.md: ")


@pytest.mark.parametrize("spoil", [lambda folder: (folder / "services.toml").write_text("["), shutil.rmtree])
def test_without_any_articles_the_start_goes_on(
    spoil: Callable[[Path], object], articles: Path, settings: Settings
) -> None:
    spoil(articles)
    with capture_logs() as logged:
        _, agents = preparation.prepare(settings)
    assert "anna" in agents
    assert keys(settings) == set()
    assert "article_refused" in [entry["event"] for entry in logged]


def test_a_row_that_cannot_be_read_is_said_and_the_start_goes_on(settings: Settings) -> None:
    preparation.prepare(settings)
    with Store(settings.database).uow() as tx:
        tx.execute(text("UPDATE articles SET keywords = '{' WHERE key = 'printer-paper-jam'"))
    with capture_logs() as logged:
        _, agents = preparation.prepare(settings)
    assert "anna" in agents
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["article_unreadable"]


def test_a_user_whose_name_can_be_no_phone_is_left_out_and_said(settings: Settings) -> None:
    preparation.prepare(settings)
    with Store(settings.database).uow() as tx:
        tx.execute(text("UPDATE users SET username = 'Bo L' WHERE username = 'bo'"))
    with capture_logs() as logged:
        secrets, agents = preparation.prepare(settings)
    assert set(agents) == {"anna", "sofia", "admin"}
    assert "Bo L-phone" not in secrets.sip
    assert [entry["username"] for entry in logged if entry["event"] == "user_gets_no_phone"] == ["Bo L"]


def test_a_database_with_people_of_its_own_gets_no_demo(settings: Settings) -> None:
    store = preparation.open_store(settings)
    with store.uow() as tx:
        users.add(tx, username="eva", name="Eva", role="agent", language="sv", password_hash="x")
    assert preparation.prepare(settings)[1] == ("eva",)
