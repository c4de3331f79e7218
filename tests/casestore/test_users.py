"""Users and logins."""

import pytest

from casestore import users
from casestore.db import Store, Transaction
from domain.users import Role, User


def add(tx: Transaction, username: str, role: Role = "agent") -> User:
    return users.add(tx, username=username, name="X", role=role, password_hash="h")


@pytest.fixture
def anna(store: Store) -> User:
    with store.uow() as tx:
        return users.add(tx, username="anna", name="Anna Dahl", role="agent", password_hash="hash")


def test_a_user_is_found_by_name_and_the_hash_is_given_only_when_asked_for(store: Store, anna: User):
    with store.uow() as tx:
        assert users.by_username(tx, "anna") == anna
        assert users.password_hash(tx, "anna") == "hash"
        assert users.password_hash(tx, "bo") is None
        assert users.all_users(tx) == (anna,)
    assert not hasattr(anna, "password_hash")


@pytest.mark.parametrize("username", ["", "Anna", "1a", "a b", "a\n", "anna-phone", "å", "\ud800", "a" * 33])
def test_a_username_is_also_the_name_of_a_telephone_and_so_is_plain(store: Store, username: str):
    with store.uow() as tx, pytest.raises(ValueError, match="username"):
        users.add(tx, username=username, name="X", role="agent", password_hash="h")


@pytest.mark.parametrize(
    "wrong",
    [{"role": "root"}, {"language": "xx"}, {"name": "a\x00"}, {"username": "anna"}, {"username": "ivr"}],
)
def test_a_bad_or_second_user_is_refused(store: Store, anna: User, wrong: dict[str, str]):
    fields = {"username": "bo", "name": "Bo", "role": "agent", "password_hash": "h", **wrong}
    with store.uow() as tx, pytest.raises(ValueError, match=r"role|language|name|already|program"):
        users.add(tx, **fields)


@pytest.mark.parametrize("username", ["\x00", "\ud800", "' OR ''='", "a" * 10_000])
def test_a_hostile_login_name_is_nobody(store: Store, anna: User, username: str):
    with store.uow() as tx:
        assert users.by_username(tx, username) is None
        assert users.password_hash(tx, username) is None


def test_a_login_lasts_until_it_expires_or_is_ended(store: Store, anna: User):
    with store.uow() as tx:
        users.add_session(tx, token_hash="t1", user_id=anna.id, csrf="c1", expires_ms=1_000)
        users.add_session(tx, token_hash="t2", user_id=anna.id, csrf="c2", expires_ms=2_000)
        found = users.session(tx, "t1", 999)
        assert found is not None
        assert (found.user, found.csrf) == (anna, "c1")
        assert users.session(tx, "t1", 1_000) is None
        users.end_expired_sessions(tx, 1_000)
        assert users.session(tx, "t1", 0) is None
        users.end_session(tx, "t2")
        assert users.session(tx, "t2", 0) is None
        assert users.session(tx, "\ud800", 0) is None


def test_a_new_password_ends_every_login_of_that_user(store: Store, anna: User):
    with store.uow() as tx:
        users.add_session(tx, token_hash="t", user_id=anna.id, csrf="c", expires_ms=9)
        users.set_password_hash(tx, "anna", "new")
        assert users.password_hash(tx, "anna") == "new"
        assert users.session(tx, "t", 0) is None
        with pytest.raises(LookupError):
            users.set_password_hash(tx, "nobody", "new")


def test_the_last_admin_is_neither_removed_nor_made_another(store: Store):
    with store.uow() as tx:
        add(tx, "ingrid", role="admin")
        with pytest.raises(ValueError, match="last admin"):
            users.remove(tx, "ingrid")
        with pytest.raises(ValueError, match="last admin"):
            users.set_role(tx, "ingrid", "agent")
        add(tx, "olof", role="admin")
        users.remove(tx, "ingrid")
        assert [user.username for user in users.all_users(tx)] == ["olof"]


def test_another_role_ends_the_sessions_it_was_not_given_to(store: Store):
    with store.uow() as tx:
        anna = add(tx, "anna")
        users.add_session(tx, token_hash="t", user_id=anna.id, csrf="c", expires_ms=100)
        users.set_role(tx, "anna", "supervisor")
        assert users.session(tx, "t", 1) is None
        found = users.by_username(tx, "anna")
    assert found is not None
    assert found.role == "supervisor"


def test_ones_own_session_may_be_kept_with_a_new_password(store: Store):
    with store.uow() as tx:
        anna = add(tx, "anna")
        for token in ("own", "other"):
            users.add_session(tx, token_hash=token, user_id=anna.id, csrf="c", expires_ms=100)
        users.set_password_hash(tx, "anna", "new", keep="own")
        assert users.session(tx, "own", 1) is not None
        assert users.session(tx, "other", 1) is None


def test_nobody_is_removed_who_is_not_there(store: Store):
    with store.uow() as tx, pytest.raises(LookupError, match="eve"):
        users.remove(tx, "eve")
