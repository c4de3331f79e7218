"""What `svarklar up` sees to before it starts anything, and while it watches."""

import asyncio
import subprocess
import sys
from typing import cast

from svarklar.serve_process import ServeProcess
from svarklar.up import supervise_serve

COUNT = """
import resource
from svarklar.up import allow_many_files
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 2000))
allow_many_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_it_may_open_as_many_files_as_the_system_allows() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    assert done.stdout == "(2000, 2000)\n"


class MortalServe:
    """Has failed; the system has no process for the first new one."""

    def __init__(self) -> None:
        self.starts = 0
        self.runs = asyncio.Event()

    async def failed(self) -> str:
        if self.starts:
            self.runs.set()
            await asyncio.Event().wait()
        return "ended"

    async def stop(self, patience_s: float) -> None:
        pass

    async def start(self) -> None:
        self.starts += 1
        if self.starts == 1:
            raise BlockingIOError(11, "Resource temporarily unavailable")


async def test_a_serve_that_the_system_cannot_start_now_is_started_later() -> None:
    serve = MortalServe()
    watching = asyncio.create_task(supervise_serve(cast("ServeProcess", serve), pause_s=0))
    running = asyncio.create_task(serve.runs.wait())
    await asyncio.wait((watching, running), timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert (running.done(), serve.starts) == (True, 2)
    watching.cancel()
