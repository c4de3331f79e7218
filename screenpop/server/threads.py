"""Threads for what blocks, apart from everybody else's: slow work elsewhere holds up nobody here."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Threads:
    """At most `most` pieces of work at once; the others wait their turn. None is made before the first."""

    def __init__(self, name: str, most: int) -> None:
        self._executor = ThreadPoolExecutor(most, name)

    async def run(self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
        """What the work returns or raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Begin nothing more; what hangs is not waited for."""
        # A thread that hangs must not keep the other parts from ending.
        self._executor.shutdown(wait=False, cancel_futures=True)
