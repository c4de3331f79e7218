"""The demo's people."""

import pytest

from casestore import cases, contacts, users
from casestore.db import Store
from svarklar import demo_people

PASSWORDS = {"anna": "h1", "bo": "h2", "sofia": "h3", "admin": "h4"}


def test_a_second_seed_adds_nothing(store: Store):
    counts = []
    for now_ms in (1_000, 2_000):
        with store.uow() as tx:
            demo_people.seed(tx, passwords=PASSWORDS, now_ms=now_ms)
            counts.append((contacts.count(tx), len(users.all_users(tx)), len(cases.open_cases(tx))))
    assert counts == [(12, 4, 2), (12, 4, 2)]


def test_the_demo_has_every_kind_of_caller(store: Store):
    with store.uow() as tx:
        demo_people.seed(tx, passwords=PASSWORDS, now_ms=1_000)
        (maria,) = contacts.by_number(tx, "+46701740605")
        assert (maria.name, maria.language, maria.employee_number) == ("Maria Lind", "en", "4217")
        assert contacts.by_number(tx, "+46701740606")[0].language == "sv"
        assert contacts.by_number(tx, "+4781549300")[0].language == "nb"
        assert len(contacts.by_number(tx, "+46701740610")) == 2
        assert len(contacts.by_extension(tx, "4401")) == 1
        (troubled,) = contacts.by_number(tx, "+46701740612")
        assert len(cases.open_of_contact(tx, troubled.id)) == 1
        assert {user.username: user.role for user in users.all_users(tx)} == {
            "anna": "agent",
            "bo": "agent",
            "sofia": "supervisor",
            "admin": "admin",
        }


def test_no_demo_user_is_made_without_a_password(store: Store):
    with store.uow() as tx, pytest.raises(KeyError):
        demo_people.seed(tx, passwords={}, now_ms=1)
