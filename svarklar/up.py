"""`svarklar up`: Asterisk and `svarklar serve` together, watched, and ended together.

`serve` is a process of its own, so that a crash or a hang of it never takes Asterisk and its callers along:
it is started again, and meanwhile the dialplan sends every caller straight to the queue.
"""

import asyncio
import contextlib
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from functools import partial

import structlog

from casestore.db import Store, StoreUnusable
from cti.asterisk.install.binary import find_asterisk
from cti.asterisk.install.configuration import ConfigurationRefused, write_configuration, write_routes
from cti.asterisk.process import AsteriskFailed, AsteriskProcess
from cti.processes import go_first
from cti.work import Work
from svarklar.desk_records import read_book
from svarklar.secrets import Secrets
from svarklar.serve_process import ServeProcess, StartFailed
from svarklar.settings import Settings
from svarklar.staff import give_telephones
from svarklar.var_lock import VarLock

log = structlog.get_logger()

_RESTART_PAUSE_S = 1.0
_LOOK_S = 2.0


@contextlib.asynccontextmanager
async def running(
    settings: Settings, secrets: Secrets, agents: Sequence[str], lock: VarLock
) -> AsyncIterator[None]:
    """Asterisk and `serve`, kept alive until the block ends. Raises StartFailed, AsteriskFailed."""
    # Before any thread or child: both inherit it.
    go_first()
    allow_many_files()
    binary = await asyncio.to_thread(find_asterisk, settings)
    store = Store(settings.database)
    count, desks = await asyncio.to_thread(read_book, store)
    write_configuration(settings, secrets, agents, binary, desks)
    asterisk, serve = AsteriskProcess(settings, secrets, binary), ServeProcess(settings, lock)
    watching = Work()
    try:
        await _side_by_side(asterisk.start(), serve.start())  # each waits for the other by itself
        watching.start("serve", partial(supervise_serve, serve))
        watching.start("asterisk", partial(supervise_asterisk, asterisk))
        watching.start("desks", partial(follow_desks, settings, store, asterisk, count))
        watching.start("telephones", partial(give_telephones, settings, asterisk, tuple(agents)))
        yield
    finally:
        # Before the two are ended: a watcher would start again what we end.
        await watching.close()
        await serve.stop()
        await asterisk.stop()
        store.close()


def allow_many_files() -> None:
    """A caller costs a dozen open files, here and in Asterisk; what the system allows at most is taken."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # no limit at all is more than some kernels give
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _side_by_side(*starts: Coroutine[None, None, None]) -> None:
    """All of them; where one fails the others are given up, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as starting:
            for start in starts:
                starting.create_task(start)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def supervise_serve(serve: ServeProcess, pause_s: float = _RESTART_PAUSE_S) -> None:
    """Start it again whenever it has ended or hangs, until cancelled."""
    while True:
        reason = await serve.failed()
        log.error("serve_restarted", reason=reason)
        await serve.stop(patience_s=0)  # it does not listen, and its callers wait for it
        await _again(serve.start, pause_s)


async def _again(start: Callable[[], Awaitable[None]], pause_s: float) -> None:
    """Start until it has started: giving up would leave callers without a desk."""
    while True:
        await asyncio.sleep(pause_s)
        try:
            return await start()
        except (StartFailed, AsteriskFailed, OSError) as error:  # the system may have no process to give
            log.error("start_failed", reason=str(error))


async def supervise_asterisk(asterisk: AsteriskProcess, pause_s: float = _RESTART_PAUSE_S) -> None:
    """Start it again whenever it has ended, until cancelled."""
    while True:
        code = await asterisk.wait()
        log.error("asterisk_restarted", code=code)
        await _again(asterisk.start, pause_s)


async def follow_desks(settings: Settings, store: Store, asterisk: AsteriskProcess, count: int) -> None:
    """Have Asterisk take in every change of the desks' numbers and queues, until cancelled.

    Here and not in `serve`: who runs Asterisk writes its configuration, and may tell it so without a login.
    """
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            now, desks = await asyncio.to_thread(read_book, store)
            if now != count and write_routes(settings, desks):
                await asterisk.reload_routes()
                log.info("routes_reloaded", numbers=[n for desk in desks.desks for n in desk.numbers])
            count = now
        except (StoreUnusable, AsteriskFailed, ConfigurationRefused, TimeoutError, OSError) as error:
            log.error("routes_not_reloaded", reason=str(error))


async def until_told_to_stop() -> None:
    """Return at Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
