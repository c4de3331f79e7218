"""Passwords: argon2id with the library's parameters (RFC 9106, low memory: 64 MiB, three passes)."""

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from screenpop.server.threads import Threads

LEAST_CHARACTERS = 10

_hasher = PasswordHasher()
_AT_ONCE = 2  # each takes 64 MiB and a core


def hash_password(password: str) -> str:
    """The hash to store; blocks for about 50 ms: from the event loop, call it in a thread."""
    return _hasher.hash(password)


@functools.cache
def _nobodys_hash() -> str:
    return hash_password("")


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        # Nobody's hash takes as long to verify as somebody's.
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


class PasswordCheck:
    """Verifies passwords, a few at a time; an unknown user costs as much as a known one."""

    def __init__(self) -> None:
        self._threads = Threads("passwords", _AT_ONCE)

    async def prepare(self) -> None:
        """Make the hash that stands in for unknown users, so that the first of them is no slower."""
        await self._threads.run(_nobodys_hash)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; None as hash (no such user) never is."""
        return await self._threads.run(_matches, password_hash, password)

    def close(self) -> None:
        self._threads.close()
