"""Child processes: who goes first at the processor, how they die with us, how they are ended."""

import asyncio
import errno
import os
import shutil
import signal
import socket
from asyncio.subprocess import Process

import structlog

log = structlog.get_logger()


def go_first() -> bool:
    """Have this process, and what it starts, run before ordinary programs; whether the system allows it.

    To be called before any thread is started. Real-time round robin at its lowest priority, like Asterisk's
    own option -p: a waiting caller's frame is then late by what runs before it here, and not by what a
    browser or a backup does. A loop that hangs leaves the others what the kernel keeps for them
    (`sched_rt_runtime_us`) until `svarklar up` ends it. Root may do this, and any user with RLIMIT_RTPRIO.
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


def port_taken(host: str, port: int, kind: socket.SocketKind) -> bool:
    """Whether another socket has this port; restarts right after an end are no obstacle.

    Raises OSError where nobody could have it: the address is not this machine's, the port is the system's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # A port in TIME_WAIT would otherwise count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OSError(error.errno, f"{error.strerror}: {host}, port {port}") from None
            return True
    return False


def with_our_death(signal_name: str = "TERM") -> tuple[str, ...]:
    """`setpriv` ends a child when we are killed and cannot stop it ourselves; util-linux has it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", signal_name, "--") if setpriv else ()


async def end(process: Process, name: str, patience_s: float) -> None:
    """End a child, by force where it does not listen; allowed when it has ended."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(patience_s):
            await process.wait()
    except TimeoutError:
        log.warning("process_killed", process=name, pid=process.pid)
        process.kill()
        await process.wait()
