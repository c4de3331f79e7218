"""Where a call goes, and why. Pure.

| the number dialled  | the desk is                   | what happens                 | why              |
|---------------------|-------------------------------|------------------------------|------------------|
| belongs to a desk   | open, and has room            | the dialogue, then its queue | `open`           |
|                     | closed by its hours           | the desk's `when_closed`     | `hours`          |
|                     | closed by a country's days off| the same                     | `holiday`        |
|                     | closed on a day of its own    | the same                     | `closed_day`     |
|                     | open, and `cap` callers wait  | the desk's `when_full`       | `full`           |
| belongs to nobody   |                               | the default desk, as if open | `unknown_number` |
| cannot be looked up |                               | the desk, as if open         | `lookup_failed`  |

A caller always reaches a person or is told truly why not: whatever breaks on the way leads to people.
"""

from dataclasses import replace
from datetime import UTC, datetime

import structlog

from domain.desks import Desk, DeskBook, Reception, Routing
from domain.opening import why_closed

log = structlog.get_logger()


def route(book: DeskBook, dialled: str, at_ms: int, waiting: int | None = None) -> Reception:
    """How a caller is received; `waiting` callers are in its queue, None: nobody knows.

    LookupError where there is no desk at all.
    """
    desk = book.of_number(dialled)
    if desk is not None:
        return Reception(desk, _at_desk(desk, at_ms, waiting))
    if book.default is None:
        raise LookupError("there is no desk")
    where = Routing(desk=book.default.key, queue=book.default.queue, why="unknown_number")
    return Reception(book.default, where)


def _at_desk(desk: Desk, at_ms: int, waiting: int | None) -> Routing:
    here = Routing(desk=desk.key, queue=desk.queue)
    try:
        closed = why_closed(desk.hours, datetime.fromtimestamp(at_ms / 1000, UTC))
    except Exception:
        log.exception("opening_hours_unusable", desk=desk.key)  # a person answers rather than nobody
        return replace(here, why="lookup_failed")
    if closed:
        return replace(here, why=closed, then=desk.when_closed)
    if desk.cap and waiting is not None and waiting >= desk.cap:
        return replace(here, why="full", then=desk.when_full)
    return here
