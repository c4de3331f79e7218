"""Tasks that must live: one that dies is logged, shown in health, and begun again."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cti.bus.pause import GrowingPause

log = structlog.get_logger()

_WELL_AFTER_S = 60.0


class Work:
    """A supervised group; no task of it vanishes unseen."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deaths: dict[str, tuple[float, str]] = {}

    @property
    def state(self) -> str:
        """`ok`, or which task has died within the last minute and of what."""
        now_s = asyncio.get_running_loop().time()
        recent = {name: why for name, (at_s, why) in self._deaths.items() if at_s > now_s - _WELL_AFTER_S}
        return "; ".join(f"{name}: {why}" for name, why in recent.items()) or "ok"

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Have `run()` run until `close`; where it raises or returns, it is begun again after a pause."""
        assert name not in self._tasks, f"{name} runs already"
        self._tasks[name] = asyncio.create_task(self._supervise(name, run), name=name)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _supervise(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        pause = GrowingPause()
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await run()
                why = "it ended"
                log.error("task_ended", task=name)
            except asyncio.CancelledError as error:
                if _is_told_to_end():
                    raise
                why = repr(error)  # what it waited for was cancelled, not the task itself
                log.error("task_died", task=name, error=why)
            except Exception as error:
                why = repr(error)
                log.exception("task_died", task=name)
            self._deaths[name] = (loop.time(), why)
            if loop.time() - began_s > _WELL_AFTER_S:
                pause.succeeded()
            await pause.wait()


def _is_told_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
