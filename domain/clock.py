"""Our own clock."""

import time


def now_ms() -> int:
    """Our own clock: milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
