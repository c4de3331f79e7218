"""Our own clocks."""

import time


def now_ms() -> int:
    """Our own clock: milliseconds since the epoch."""
    # Wall time and not a monotonic clock: it is compared with other processes and with what is stored.
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds since some moment, for waits: this one never jumps, whatever is done to the machine's."""
    return time.monotonic_ns() // 1_000_000
