"""Agents come and go while the server runs."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from structlog.testing import capture_logs

from casestore import users
from casestore.db import Store
from svarklar.secrets import Secrets
from svarklar.settings import Settings
from svarklar.staff import Agents, follow_staff


def add(store: Store, username: str) -> None:
    with store.uow() as tx:
        users.add(tx, username=username, name="X", role="agent", password_hash="h")


async def test_each_change_is_told_with_the_telephones_passwords(store: Store, tmp_path: Path) -> None:
    told: asyncio.Queue[tuple[Agents, Secrets]] = asyncio.Queue()
    add(store, "anna")

    async def changed(agents: Agents, secrets: Secrets) -> None:
        told.put_nowait((agents, secrets))

    settings = Settings(var=tmp_path)
    with following(lambda: follow_staff(settings, store, ("anna",), changed, look_s=0.001)):
        add(store, "bo")
        agents, secrets = await told.get()
        assert agents == ("anna", "bo")
        assert {"anna-phone", "bo-phone", "bo-browser"} <= secrets.sip.keys()
        with store.uow() as tx:
            users.remove(tx, "anna")
        assert (await told.get())[0] == ("bo",)
    assert told.empty()


async def test_what_could_not_be_done_is_done_the_next_time(store: Store, tmp_path: Path) -> None:
    times: asyncio.Queue[int] = asyncio.Queue()

    async def changed(agents: Agents, secrets: Secrets) -> None:
        times.put_nowait(1)
        if times.qsize() < 2:
            raise OSError("no room")

    add(store, "anna")
    settings = Settings(var=tmp_path)
    with capture_logs() as logs, following(lambda: follow_staff(settings, store, (), changed, look_s=0.001)):
        while not any(line["event"] == "staff_changed" for line in logs):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
    assert times.qsize() == 2
    assert [line["event"] for line in logs] == ["staff_not_followed", "staff_changed"]


@contextlib.contextmanager
def following(follow: Callable[[], object]):  # type: ignore[no-untyped-def]
    task = asyncio.ensure_future(follow())  # type: ignore[arg-type]
    yield
    task.cancel()
