"""Changing who works at the desk, from the machine itself; each change is audited in its own transaction."""

import secrets

from casestore import audit, users
from casestore.db import Transaction
from domain.audit import COMMAND_LINE, AuditKind
from domain.clock import now_ms
from domain.users import ROLES, Role, User
from screenpop.server.passwords import LEAST_CHARACTERS, hash_password
from svarklar.preparation import open_store
from svarklar.secrets import forget_secrets, load_secrets
from svarklar.settings import Settings

_MOST_CHARACTERS = 1024


def generated_password() -> str:
    """Random, 96 bits."""
    return secrets.token_urlsafe(12)


class StaffChanges:
    """Each change raises ValueError or LookupError with one line for people, and has then changed nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = open_store(settings)

    def close(self) -> None:
        self._store.close()

    def everybody(self) -> tuple[User, ...]:
        with self._store.reading() as tx:
            return users.all_users(tx)

    def add(self, username: str, name: str, role: str, language: str, password: str) -> None:
        made = _hashed(password)
        with self._store.uow() as tx:
            users.add(tx, username=username, name=name, role=role, language=language, password_hash=made)
            self._note(tx, "agent_added", agent=username, role=role)
            # Before anybody sees the user: a running server looks for their telephones' passwords at once.
            load_secrets(self._settings, (username,))

    def change_password(self, username: str, password: str) -> None:
        made = _hashed(password)
        with self._store.uow() as tx:
            users.set_password_hash(tx, username, made)
            self._note(tx, "password_changed", agent=username)

    def change_role(self, username: str, role: str) -> None:
        wanted = _role(role)
        with self._store.uow() as tx:
            users.set_role(tx, username, wanted)
            self._note(tx, "role_changed", agent=username, role=wanted)

    def remove(self, username: str) -> None:
        with self._store.uow() as tx:
            users.remove(tx, username)
            self._note(tx, "agent_removed", agent=username)
        forget_secrets(self._settings, username)

    def _note(self, tx: Transaction, kind: AuditKind, **values: str) -> None:
        audit.note(tx, COMMAND_LINE, kind, values, now_ms())


def _role(role: str) -> Role:
    for known in ROLES:
        if known == role:
            return known
    raise ValueError(f"role must be one of {', '.join(ROLES)}, not {role[:40]!r}")


def _hashed(password: str) -> str:
    if not LEAST_CHARACTERS <= len(password) <= _MOST_CHARACTERS:
        raise ValueError(f"a password has {LEAST_CHARACTERS} to {_MOST_CHARACTERS} characters")
    return hash_password(password)
