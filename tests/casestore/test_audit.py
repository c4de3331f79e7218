"""What people of the desk did, as the database keeps it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from casestore import audit
from casestore.db import Store
from domain.clock import now_ms

DAY_MS = 86_400_000


def test_the_newest_comes_first_a_page_at_a_time(store: Store):
    with store.uow() as tx:
        for number in range(5):
            audit.note(tx, "anna", "statement_heard", {"case": f"C-00000{number}"}, 1000 + number)
        audit.note(tx, "admin", "role_changed", {"agent": "bo", "role": "supervisor"}, 2000)
    with store.reading() as tx:
        first = audit.recent(tx, 2)
        rest = audit.recent(tx, 10, before_id=first[-1].id)
        own = audit.recent(tx, 10, actor="admin")
    assert [(entry.actor, entry.kind, dict(entry.values)) for entry in first] == [
        ("admin", "role_changed", {"agent": "bo", "role": "supervisor"}),
        ("anna", "statement_heard", {"case": "C-000004"}),
    ]
    assert [entry.at_ms for entry in rest] == [1003, 1002, 1001, 1000]
    assert [entry.kind for entry in own] == ["role_changed"]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_what_is_young(store: Store, statement: str):
    with store.uow() as tx:
        audit.note(tx, "anna", "logged_in", {}, now_ms())
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text(statement))
    with store.reading() as tx:
        assert [entry.actor for entry in audit.recent(tx, 9)] == ["anna"]


def test_what_is_old_may_go_and_is_changed_no_more_than_the_rest(store: Store):
    now = now_ms()
    with store.uow() as tx:
        audit.note(tx, "anna", "logged_in", {}, now - 31 * DAY_MS)
        audit.note(tx, "anna", "password_changed", {}, now)
    with pytest.raises(DatabaseError, match="append-only"), store.uow() as tx:
        tx.execute(text("UPDATE audit SET actor = 'eve'"))
    with store.uow() as tx:
        assert audit.expire(tx, now - 30 * DAY_MS) == 1
    with store.reading() as tx:
        assert [entry.kind for entry in audit.recent(tx, 9)] == ["password_changed"]


def test_what_was_typed_cannot_fill_the_database(store: Store):
    with store.uow() as tx:
        audit.note(tx, "x", "login_refused", {"address": "a\x00" + "y" * 5000}, 1)
    with store.reading() as tx:
        [entry] = audit.recent(tx, 1)
    assert len(entry.values["address"]) == 200
