"""Who is logged in. The browser holds a random token, the store its hash only."""

import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from casestore import users
from casestore.db import Store
from domain.clock import now_ms
from domain.users import Session, User
from screenpop.server.threads import Threads


@dataclass(frozen=True)
class SignedIn:
    """The user of a request; `csrf` must come back as a header with every change."""

    user: User
    csrf: str = field(repr=False)
    token_hash: str = field(repr=False)


class Sessions:
    """Logins that end after `life_ms`, or when unused for `idle_ms`; `threads` wait for the store.

    The store knows the end of the life; use is remembered here, and starts anew with the process.
    """

    def __init__(
        self, store: Store, threads: Threads, *, life_ms: int, idle_ms: int, clock: Callable[[], int] = now_ms
    ) -> None:
        self._store = store
        self._threads = threads
        self._life_ms = life_ms
        self._idle_ms = idle_ms
        self._clock = clock
        self._used_ms: dict[str, int] = {}
        self._held: Counter[str] = Counter()

    async def begin(self, user: User) -> tuple[str, str]:
        """A new session: its token, for the cookie, and its CSRF token."""
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._clock()
        # Sessions that simply run out are never asked for again: here is where they are forgotten.
        self._used_ms = {each: at for each, at in self._used_ms.items() if at > now - self._life_ms}
        self._used_ms[_hashed(token)] = now
        await self._threads.run(self._add, _hashed(token), user.id, csrf, now)
        return token, csrf

    async def find(self, token: str) -> SignedIn | None:
        """Whose token this is, None where it is nobody's any more; counts as use."""
        return await self.find_hashed(_hashed(token)) if token else None

    async def find_hashed(self, token_hash: str) -> SignedIn | None:
        """The same for somebody who kept no token but its hash."""
        now = self._clock()
        # After a restart nobody knows when it was last used: from now on, rather than logging everybody out.
        unused_ms = now - self._used_ms.get(token_hash, now)
        # An open page counts as use: an agent may talk for an hour without touching it.
        if unused_ms > self._idle_ms and not self._held[token_hash]:
            await self.end(token_hash)
            return None
        session = await self._threads.run(self._read, token_hash, now)
        if session is None:
            return None
        self._used_ms[token_hash] = now
        return SignedIn(session.user, session.csrf, token_hash)

    async def end(self, token_hash: str) -> None:
        self._used_ms.pop(token_hash, None)
        await self._threads.run(self._end, token_hash)

    @contextlib.contextmanager
    def held(self, token_hash: str) -> Iterator[None]:
        """Within the block (an open page) the session is in use, however quiet."""
        self._held[token_hash] += 1
        try:
            yield
        finally:
            self._held[token_hash] -= 1
            if not self._held[token_hash]:
                del self._held[token_hash]
            self._used_ms[token_hash] = self._clock()

    def _add(self, token_hash: str, user_id: int, csrf: str, at_ms: int) -> None:
        expires_ms = at_ms + self._life_ms
        with self._store.uow() as tx:
            users.end_expired_sessions(tx, at_ms)
            users.add_session(tx, token_hash=token_hash, user_id=user_id, csrf=csrf, expires_ms=expires_ms)

    def _read(self, token_hash: str, at_ms: int) -> Session | None:
        with self._store.reading() as tx:
            return users.session(tx, token_hash, at_ms)

    def _end(self, token_hash: str) -> None:
        with self._store.uow() as tx:
            users.end_session(tx, token_hash)


# A plain hash is enough for 256 random bits; a password needs argon2, for it can be guessed.
def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
