"""Cases that were there before they could be looked for are found after the upgrade."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

import casestore
from casestore import case_search
from casestore.case_words import asked
from casestore.db import Store

_CASES = 1_203  # more than are taken at once


def test_cases_of_the_version_before_are_found(database_url: str):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        _upgrade(connection, "0005")
        for number in range(1, _CASES + 1):
            _write(connection, f"C-{number:06d}", "erased" if number == 2 else f"Printer {number}")
    engine.dispose()
    store = Store(database_url)
    store.upgrade()
    with store.reading() as tx:
        assert case_search.newest(tx, asked("printer skrivaren"), 3) == (_CASES, _CASES - 1, _CASES - 2)
        assert case_search.newest(tx, asked("C-2"), 3) == (2,)
        assert len(case_search.newest(tx, (), 2 * _CASES)) == _CASES
    store.close()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(casestore.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _write(connection: Connection, number: str, title: str) -> None:
    connection.execute(
        text(
            "INSERT INTO cases (number, version, status, service, category, impact, urgency, priority,"
            " language, desk, agent, article, merged_into, call_id, opened_ms, changed_ms, set_by) VALUES"
            " (:number, 1, 'open', 'printing', '', 'one', 'works', 5, 'sv', '', '', '', '', '', 1, 1, '{}')"
        ),
        {"number": number},
    )
    if title == "erased":
        return
    connection.execute(
        text(
            "INSERT INTO case_texts (case_number, title, said, because, contact_name, caller_number,"
            " solution) VALUES (:number, :title, :said, '{}', 'Maria', '', '')"
        ),
        {"number": number, "title": title, "said": _SAID},
    )


_SAID = '[{"statement_id": "s", "text": "skrivaren är trasig", "at_ms": 1}]'
