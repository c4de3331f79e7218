"""A second clock beside the wall's: what is in the store was written at some time, not long ago."""

import structlog
from sqlalchemy import func, select

from casestore.db import Transaction
from casestore.tables import FactRow, RecordingRow

log = structlog.get_logger()

_DAY_MS = 24 * 60 * 60 * 1000


def is_ahead_of_the_store(tx: Transaction, now_ms: int) -> bool:
    """Whether `now_ms` is more than a day later than the newest thing here: then nothing goes for its age.

    Said in the log. A store that has had nothing new for a day is not believed either: it costs a delay.
    """
    newest = (
        select(FactRow.received_ms).order_by(FactRow.seq.desc()).limit(1),
        # Whichever is written most: one table may stand still for weeks at a small desk.
        select(func.max(RecordingRow.at_ms)),
    )
    newest_ms = max(tx.scalar(query) or 0 for query in newest)
    if now_ms <= newest_ms + _DAY_MS:
        return False
    if newest_ms:
        log.warning("nothing_expired", reason="the clock is ahead", now_ms=now_ms, newest_ms=newest_ms)
    return True
