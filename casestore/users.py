"""Users and their logins. Passwords and tokens come here as hashes only."""

from sqlalchemy import delete, select

from casestore.db import Transaction
from casestore.tables import SessionRow, UserRow
from casestore.text import one_line
from domain.cases import MACHINES
from domain.endpoints import is_username
from domain.languages import FALLBACK, LANGUAGES
from domain.users import ROLES, Role, Session, User


def add(
    tx: Transaction, *, username: str, name: str, role: str, password_hash: str, language: str = FALLBACK
) -> User:
    """A new user; ValueError for a bad field or a username in use."""
    if not is_username(username):
        raise ValueError(f"username must be a lower-case letter and letters or digits, not {username[:40]!r}")
    if username in MACHINES:
        raise ValueError(f"username {username} is how a part of the program is called")
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}, not {role[:40]!r}")
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language[:40]!r}")
    if by_username(tx, username):
        raise ValueError(f"there is a user {username} already")
    row = UserRow(
        username=username,
        name=one_line("name", name, 120),
        role=role,
        language=language,
        password_hash=password_hash,
    )
    tx.add(row)
    tx.flush()
    return _view(row)


def by_username(tx: Transaction, username: str) -> User | None:
    """The user of this name."""
    row = _row(tx, username)
    return _view(row) if row else None


def password_hash(tx: Transaction, username: str) -> str | None:
    """The hash of the user's password, None where there is no such user."""
    row = _row(tx, username)
    return row.password_hash if row else None


def set_password_hash(tx: Transaction, username: str, password_hash: str, *, keep: str = "") -> None:
    """A new password: whoever is logged in with the old one is logged out, but for the session to `keep` (the
    hash of its token). LookupError for no such user.
    """
    row = _known(tx, username)
    row.password_hash = password_hash
    # Whoever knew the old password may be the reason for the new one.
    _end_sessions(tx, row, keep)


def set_role(tx: Transaction, username: str, role: Role) -> None:
    """Another role, from the next login on: they are logged out. LookupError for no such user, ValueError
    where nobody could set it back.
    """
    row = _known(tx, username)
    if role != "admin":
        _refuse_last_admin(tx, row)
    row.role = role
    _end_sessions(tx, row)


def remove(tx: Transaction, username: str) -> None:
    """No user any more; what they did keeps their name. LookupError for no such user, ValueError for the last
    admin.
    """
    row = _known(tx, username)
    _refuse_last_admin(tx, row)
    _end_sessions(tx, row)
    tx.delete(row)
    tx.flush()


def all_users(tx: Transaction) -> tuple[User, ...]:
    """Everybody who may log in, by username."""
    return tuple(_view(row) for row in tx.scalars(select(UserRow).order_by(UserRow.username)))


def add_session(tx: Transaction, *, token_hash: str, user_id: int, csrf: str, expires_ms: int) -> None:
    """Remember a login until `expires_ms`."""
    tx.add(SessionRow(token_hash=token_hash, user_id=user_id, csrf=csrf, expires_ms=expires_ms))
    tx.flush()


def session(tx: Transaction, token_hash: str, now_ms: int) -> Session | None:
    """The login of this token, None where there is none or it has expired."""
    living = (
        select(UserRow, SessionRow.csrf)
        .join(SessionRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.token_hash == token_hash, SessionRow.expires_ms > now_ms)
    )
    found = tx.execute(living).one_or_none()
    return Session(user=_view(found[0]), csrf=found[1]) if found else None


def end_session(tx: Transaction, token_hash: str) -> None:
    """Forget the login of this token."""
    tx.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def end_expired_sessions(tx: Transaction, now_ms: int) -> None:
    """Forget the logins that have expired."""
    tx.execute(delete(SessionRow).where(SessionRow.expires_ms <= now_ms))


def _known(tx: Transaction, username: str) -> UserRow:
    row = _row(tx, username)
    if row is None:
        raise LookupError(f"there is no user {username[:40]!r}")
    return row


def _refuse_last_admin(tx: Transaction, row: UserRow) -> None:
    admins = select(UserRow.username).where(UserRow.role == "admin", UserRow.id != row.id)
    if row.role == "admin" and tx.scalar(admins.limit(1)) is None:
        raise ValueError(f"{row.username} is the last admin: make somebody else one first")


def _end_sessions(tx: Transaction, row: UserRow, keep: str = "") -> None:
    others = delete(SessionRow).where(SessionRow.user_id == row.id, SessionRow.token_hash != keep)
    tx.execute(others)


def _row(tx: Transaction, username: str) -> UserRow | None:
    return tx.scalar(select(UserRow).where(UserRow.username == username))


def _view(row: UserRow) -> User:
    return User(id=row.id, username=row.username, name=row.name, role=row.role, language=row.language)
