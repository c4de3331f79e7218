"""The desks of this installation: from file or settings into the database, and from there to every part.

A desk that stands in the file is changed there and nowhere else; the others are changed in the settings page.
While there is neither a file nor a desk that somebody has edited, there is the one of the settings.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from casestore import desks
from casestore.db import Store, StoreUnusable
from cti.asterisk.install.configuration import ConfigurationRefused
from cti.asterisk.settings import settings_desk
from domain.desk_rules import DeskRefused
from domain.desks import Desk, DeskBook
from domain.languages import LANGUAGES
from ivr.flows.statement import SERVICES
from svarklar.desk_file import DeskFileRefused, file_refused, read_desk_file
from svarklar.settings import Settings

log = structlog.get_logger()

_LOOK_S = 2.0

Change = Callable[[DeskBook], None]


def first_desk(settings: Settings) -> Desk:
    """The desk that the settings describe: what there was before desks had records."""
    others = (language for language in LANGUAGES if language != settings.language)
    return settings_desk(
        settings,
        languages=(settings.language, *others),
        ask_language=settings.ask_language,
        menu=SERVICES,
        wrapup_s=settings.wrapup_s,
    )


def take_in_desks(settings: Settings, store: Store) -> str:
    """Have the database hold what file and settings say; `ok`, or what is wrong with the file.

    Raises ConfigurationRefused for settings that make no desk.
    """
    with store.uow() as tx:
        desks.forget_removed(tx)
    state = "ok"
    if settings.desk_file:
        state = _take_in_file(settings.desk_file, store)
    else:
        with store.uow() as tx:
            desks.leave_file(tx)
    try:
        with store.uow() as tx:
            desks.follow_settings(tx, first_desk(settings))
    except DeskRefused as refused:
        raise ConfigurationRefused(f"the desk of the settings: {refused}") from None
    return state


def _take_in_file(file: Path, store: Store) -> str:
    """All of it or nothing: a bad file leaves the desks as they were."""
    try:
        read = read_desk_file(file)
        with store.uow() as tx:
            desks.replace_all_of_file(tx, read.desks)
            for queue in dict.fromkeys(desk.queue for desk in read.desks):
                if queue in read.members:
                    desks.set_memberships(tx, [queue], read.members[queue], by="file")
                else:
                    desks.leave_memberships(tx, queue)
    except DeskRefused as refused:
        return _refuse(file_refused(file, refused.faults))
    except DeskFileRefused as refused:
        return _refuse(refused)
    log.info("desk_file_read", file=str(file), desks=[desk.key for desk in read.desks])
    return "ok"


def _refuse(refused: DeskFileRefused) -> str:
    log.error("desk_file_refused", reason=str(refused))
    return str(refused)


def read_book(store: Store) -> tuple[int, DeskBook]:
    """How often the desks were changed, and how they are."""
    with store.reading() as tx:
        return desks.change_count(tx), desks.book(tx)


class DeskRecords:
    """The desks as they are now, for the parts of one process; whoever must act on a change is told.

    `state` is for health.
    """

    def __init__(self, settings: Settings, store: Store, *, look_s: float = _LOOK_S) -> None:
        self._file = settings.desk_file
        self._store = store
        self._look_s = look_s
        self._changes: list[Change] = []
        self._count, self.book = 0, DeskBook()
        self._file_was = _stamp(self._file)
        self.state = "ok"

    def load(self) -> None:
        """Read them; blocks. Raises StoreUnusable."""
        self._count, self.book = read_book(self._store)

    def on_change(self, change: Change) -> None:
        """Tell this one of every change, and how it is now at once."""
        self._changes.append(change)
        change(self.book)

    async def watch(self) -> None:
        """Take in what changes, in the file and in the database, until cancelled."""
        while True:
            await asyncio.sleep(self._look_s)
            try:
                has_changed = await asyncio.to_thread(self._look)
            except StoreUnusable as error:  # health tells of the database; the desks are as they were
                log.warning("desks_not_read", reason=str(error))
                continue
            if has_changed:
                self._tell()

    def _look(self) -> bool:
        stamp = _stamp(self._file)
        if self._file and stamp != self._file_was:
            self.state = _take_in_file(self._file, self._store)
            self._file_was = stamp
        with self._store.reading() as tx:
            if desks.change_count(tx) == self._count:
                return False
        before = self.book
        self.load()
        return self.book != before

    def _tell(self) -> None:
        log.info("desks_changed", desks=[desk.key for desk in self.book.desks])
        for change in self._changes:
            try:
                change(self.book)
            except Exception:
                log.exception("desk_change_not_taken")


def _stamp(file: Path | None) -> tuple[int, int] | None:
    """What changes when the file does; None where it is not there."""
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None
