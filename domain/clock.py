"""Our own clock."""

import time


def now_ms() -> int:
    """Our own clock: milliseconds since the epoch."""
    # Wall time and not a monotonic clock: it is compared with other processes and with what is stored.
    return time.time_ns() // 1_000_000
