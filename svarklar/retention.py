"""How long each kind of thing is kept. Blocking.

| what goes                                                        | setting          | counted from        |
|------------------------------------------------------------------|------------------|---------------------|
| callers' voices                                                  | `statement_days` | their recording     |
| words, names, numbers in facts and rows of calls, spoken prompts | `personal_days`  | their coming        |
| the same of cases that are solved, closed or merged              | `case_days`      | their last change   |
| facts, without words; those of cases stay                        | `fact_days`      | their coming        |
| what people of the desk did (audit)                              | `audit_days`     | their doing it      |
| logins                                                           |                  | their own end       |
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from casestore import audit, calls, cases, erasure, fact_log, recordings, users
from casestore.clock_check import is_ahead_of_the_store
from casestore.db import Store, Transaction
from domain.event import CallEvent, Event
from domain.streams import CASES
from domain.vocabulary import kinds_of
from ivr.speaking.prompts import forget_spoken
from svarklar.settings import Settings

_DAY_MS = 86_400_000
_BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class Tidying:
    """What is tidied, by which settings, as of when."""

    settings: Settings
    store: Store
    at_ms: int

    def days_ago_ms(self, days: int) -> int:
        return self.at_ms - days * _DAY_MS

    def in_batches(self, expire: Callable[[Transaction], int]) -> None:
        """A short transaction at a time, until one finds less than a batch: nobody waits long for it."""
        while True:
            with self.store.uow() as tx:
                if expire(tx) < _BATCH:
                    return


def tidy(tidying: Tidying) -> None:
    """Everything that was kept long enough goes, none of it by the wall clock alone.

    Raises StoreUnusable, OSError.
    """
    _voices(tidying)  # asks the second clock itself: what shall be kept for no time at all goes by any clock
    with tidying.store.reading() as tx:
        if is_ahead_of_the_store(tx, tidying.at_ms):
            return
    for expire in KEPT:
        expire(tidying)


def _voices(tidying: Tidying) -> None:
    folder, days = tidying.settings.recordings_folder, tidying.settings.statement_days
    tidying.in_batches(lambda tx: recordings.expire(tx, folder, days, tidying.at_ms, limit=_BATCH))


def _words_of_calls(tidying: Tidying) -> None:
    before_ms = tidying.days_ago_ms(tidying.settings.personal_days)
    for kind in _KINDS:
        if kind.personal:
            tidying.in_batches(partial(_expire_texts, kind.__name__, before_ms))
    # A call's row a day later, when none of its facts has words any more: until then both are the same.
    began_before_ms = before_ms - _DAY_MS
    tidying.in_batches(lambda tx: calls.expire_words(tx, began_before_ms, tidying.at_ms, limit=_BATCH))
    forget_spoken(tidying.settings.prompts_folder, before_ms / 1000)


def _words_of_cases(tidying: Tidying) -> None:
    before_ms = tidying.days_ago_ms(tidying.settings.case_days)
    tidying.in_batches(partial(_expire_cases, before_ms))


def _facts(tidying: Tidying) -> None:
    before_ms = tidying.days_ago_ms(tidying.settings.fact_days)
    for kind in _KINDS:
        tidying.in_batches(partial(_expire_facts, kind.__name__, before_ms))


def _audit(tidying: Tidying) -> None:
    before_ms = tidying.days_ago_ms(tidying.settings.audit_days)
    tidying.in_batches(lambda tx: audit.expire(tx, before_ms, limit=_BATCH))


def _logins(tidying: Tidying) -> None:
    with tidying.store.uow() as tx:
        users.end_expired_sessions(tx, tidying.at_ms)


def _lives_with_its_case(kind: type[Event]) -> bool:
    return getattr(kind, "stream", "") == CASES and not issubclass(kind, CallEvent)


_KINDS = tuple(kind for kind in kinds_of() if not _lives_with_its_case(kind))
KEPT: tuple[Callable[[Tidying], None], ...] = (_words_of_calls, _words_of_cases, _facts, _audit, _logins)


def _expire_cases(before_ms: int, tx: Transaction) -> int:
    numbers = cases.done_with(tx, before_ms, _BATCH)
    if numbers:
        erasure.erase_words_of_cases(tx, numbers)
    return len(numbers)


def _expire_texts(kind: str, before_ms: int, tx: Transaction) -> int:
    return fact_log.expire_texts(tx, kind, before_ms, limit=_BATCH)


def _expire_facts(kind: str, before_ms: int, tx: Transaction) -> int:
    return fact_log.expire(tx, kind, before_ms, limit=_BATCH)
