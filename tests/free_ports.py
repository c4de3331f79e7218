"""Ports that nobody has, for TCP and UDP: below those the kernel hands out to whoever asks for any.

Each of the processes that run tests side by side draws from a share of its own, so that none takes a port
that another has found free and not opened yet.
"""

import os
import random
import socket

_FIRST, _END = 10_000, 20_000

_given: set[int] = set()


def free_port() -> int:
    """A port that this process has not been given before."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ours = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.SystemRandom().randrange(_FIRST + ours, _END, processes)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
