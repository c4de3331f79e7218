"""Who goes first at the processor: telephone sound and the event loop, then all other programs."""

import os
import shutil


def go_first() -> bool:
    """Have this process, and what it starts, run before ordinary programs; whether the system allows it.

    To be called before any thread is started. Real-time round robin at its lowest priority, like Asterisk's
    own option -p: a waiting caller's frame is then late by what runs before it here, and not by what a
    browser or a backup does. A loop that hangs leaves the others what the kernel keeps for them
    (`sched_rt_runtime_us`) until `svarklar up` ends it. Allowed to root, and to whom RLIMIT_RTPRIO does.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    return True


def ordinary() -> tuple[str, ...]:
    """What to put before a command that must not go first: it takes its time; util-linux has it."""
    chrt = shutil.which("chrt")
    return (chrt, "--other", "0") if chrt else ()
