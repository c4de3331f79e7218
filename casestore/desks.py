"""Desks, their numbers, and who serves their queues.

Every write counts up `change_count`, by which another process learns that there is something new to read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, func, select, update

from casestore.db import Transaction
from casestore.desk_tables import DeskNumberRow, DeskRow, MembershipRow
from casestore.tables import CallRow, CounterRow
from casestore.upsert import insert_into
from domain.desk_rules import DeskRefused, Fault, faults_between, faults_of
from domain.desks import MOST_PENALTY, Desk, DeskBook, ManagedBy, Membership

log = structlog.get_logger()

_CHANGES = "desk changes"
_DESK = TypeAdapter(Desk)


class DeskConflict(Exception):
    """Somebody else has changed the desk meanwhile; `current` is how it is now, None where it is gone."""

    def __init__(self, current: Desk | None) -> None:
        super().__init__("the desk has been changed meanwhile")
        self.current = current


class DeskIsElsewhere(Exception):
    """The desk stands in a file, and is changed there."""


def book(tx: Transaction) -> DeskBook:
    """All desks as they are now; one that this version cannot read is left out and said."""
    living = tx.scalars(select(DeskRow).where(~DeskRow.removed).order_by(DeskRow.place, DeskRow.key))
    found = tuple(desk for row in living if (desk := _desk(row)))
    retired = tx.scalars(select(DeskRow.queue).where(DeskRow.removed).order_by(DeskRow.key)).all()
    used = {desk.queue for desk in found}
    return DeskBook(
        desks=found,
        memberships=memberships(tx),
        retired=tuple(dict.fromkeys(queue for queue in retired if queue not in used)),
    )


def get(tx: Transaction, key: str) -> Desk | None:
    """The desk of this key, None where there is none."""
    row = tx.get(DeskRow, key)
    return _desk(row) if row is not None and not row.removed else None


def save(tx: Transaction, desk: Desk, *, known_version: int) -> Desk:
    """Write the desk as it shall be, made of the version that was known (0: it is new).

    Raises DeskRefused with every fault, DeskConflict, and DeskIsElsewhere.
    """
    _count_change(tx)
    current = get(tx, desk.key)
    if (current.version if current else 0) != known_version:
        raise DeskConflict(current)
    if current is not None and current.managed_by == "file" and desk.managed_by != "file":
        raise DeskIsElsewhere(desk.key)
    others = [other for other in book(tx).desks if other.key != desk.key]
    # Its own faults, and those that it brings to the others: theirs were there before.
    if faults := [*faults_of(desk), *faults_between([*others, desk])]:
        raise DeskRefused(faults)
    return _write(tx, replace(desk, version=known_version))


def remove(tx: Transaction, key: str, *, known_version: int) -> None:
    """No new caller reaches it; who waits there stays. Raises as `save`, DeskRefused for the last one."""
    _count_change(tx)
    row, current = tx.get(DeskRow, key), get(tx, key)
    if row is None or current is None or current.version != known_version:
        raise DeskConflict(current)
    if current.managed_by == "file":
        raise DeskIsElsewhere(key)
    if len(book(tx).desks) == 1:
        raise DeskRefused([Fault(desk=key, field="key", code="last_desk")])
    _retire(tx, row)


def replace_all_of_file(tx: Transaction, desks: Sequence[Desk]) -> None:
    """The desks that stand in the file are these from now on; what is the same is not touched.

    Raises DeskRefused, where one has a number of a desk that stands elsewhere, too.
    """
    _count_change(tx)
    before = book(tx).desks
    named = {desk.key for desk in desks}
    stay = [desk for desk in before if desk.managed_by == "page" and desk.key not in named]
    faults = [fault for desk in desks for fault in faults_of(desk)]
    if faults := [*faults, *faults_between([*stay, *desks])]:
        raise DeskRefused(faults)
    for gone in before:
        # The one of the settings is only there where nothing else is said.
        if gone.managed_by != "page" and gone.key not in named and (row := tx.get(DeskRow, gone.key)):
            _retire(tx, row)
    tx.flush()  # numbers may move from one desk to another
    known = {desk.key: desk for desk in before}
    for number in {number for desk in desks for number in desk.numbers}:
        tx.execute(delete(DeskNumberRow).where(DeskNumberRow.number == number))
    for place, desk in enumerate(desks):
        ours = replace(desk, managed_by="file", version=known[desk.key].version if desk.key in known else 0)
        _write(tx, ours, place=place - len(desks), changed=known.get(desk.key) != ours)


def leave_file(tx: Transaction) -> None:
    """No file is named any more: its desks and memberships are changed in the page from now on."""
    for desk in book(tx).desks:
        if desk.managed_by == "file":
            _count_change(tx)
            _write(tx, replace(desk, managed_by="page"))
    tx.execute(update(MembershipRow).values(managed_by="page"))


def follow_settings(tx: Transaction, desk: Desk) -> bool:
    """Have the desk of the settings be so, as long as nobody has edited it; whether it follows them.

    In an empty database it is made. Raises DeskRefused.
    """
    before = book(tx).desks
    known = next((each for each in before if each.key == desk.key), None)
    if before and (known is None or known.managed_by != "settings"):
        return False
    ours = replace(desk, managed_by="settings", version=known.version if known else 0)
    if known != ours:
        others = [each for each in before if each.key != desk.key]
        if faults := [*faults_of(ours), *faults_between([*others, ours])]:
            raise DeskRefused(faults)
        _count_change(tx)
        _write(tx, ours)
    return True


def memberships(tx: Transaction) -> tuple[Membership, ...]:
    """Who serves which queue, by agent and queue."""
    rows = tx.scalars(select(MembershipRow).order_by(MembershipRow.agent, MembershipRow.queue))
    return tuple(
        Membership(agent=row.agent, queue=row.queue, penalty=row.penalty, managed_by=row.managed_by)
        for row in rows
    )


def set_memberships(
    tx: Transaction, queues: Iterable[str], serve: Iterable[Membership], *, by: ManagedBy = "page"
) -> None:
    """These serve these queues from now on, and nobody else does.

    ValueError for a bad one, DeskIsElsewhere where the file states who serves the queue.
    """
    _count_change(tx)
    wanted, serving = set(queues), {replace(each, managed_by=by) for each in serve}
    for each in serving:
        if each.queue not in wanted or not 0 <= each.penalty <= MOST_PENALTY:
            raise ValueError(f"{each.agent}, {each.queue}: no such queue, or a penalty over {MOST_PENALTY}")
    before = {each for each in memberships(tx) if each.queue in wanted}
    elsewhere = {each.queue for each in before if each.managed_by == "file" and by != "file"}
    for queue in elsewhere:
        stated = {each for each in before if each.queue == queue}
        if stated != {replace(each, managed_by="file") for each in serving if each.queue == queue}:
            raise DeskIsElsewhere(queue)
    change = wanted - elsewhere
    tx.execute(delete(MembershipRow).where(MembershipRow.queue.in_(change)))
    tx.add_all(MembershipRow(**vars(each)) for each in serving if each.queue in change)
    tx.flush()


def leave_memberships(tx: Transaction, queue: str) -> None:
    """The file does not state any more who serves the queue: the page does."""
    tx.execute(update(MembershipRow).where(MembershipRow.queue == queue).values(managed_by="page"))


def change_count(tx: Transaction) -> int:
    """How often anything here was changed."""
    return tx.scalar(select(CounterRow.value).where(CounterRow.name == _CHANGES)) or 0


def forget_removed(tx: Transaction) -> None:
    """Let go of removed desks in whose queue nobody waits."""
    living = tx.scalars(select(CallRow.call).where(CallRow.outcome.is_(None)))
    waiting = {str(call.get("queue", "")) for call in living if isinstance(call, dict)}
    used = {desk.queue for desk in book(tx).desks}
    for row in tx.scalars(select(DeskRow).where(DeskRow.removed)).all():
        if row.queue in waiting:
            continue
        if row.queue not in used:
            tx.execute(delete(MembershipRow).where(MembershipRow.queue == row.queue))
        tx.delete(row)


def _write(tx: Transaction, desk: Desk, *, place: int | None = None, changed: bool = True) -> Desk:
    row = tx.get(DeskRow, desk.key)
    if row is None:
        last = tx.scalar(select(func.max(DeskRow.place)))
        row = DeskRow(key=desk.key, place=0 if last is None else last + 1, removed=False)
        tx.add(row)
    if place is not None and row.place != place:
        row.place, changed = place, True
    saved = replace(desk, version=desk.version + 1) if changed else desk
    row.queue, row.removed, row.version = saved.queue, False, saved.version
    row.desk = _DESK.dump_python(saved, mode="json")
    tx.execute(delete(DeskNumberRow).where(DeskNumberRow.desk_key == desk.key))
    tx.flush()
    tx.add_all(DeskNumberRow(number=number, desk_key=desk.key) for number in dict.fromkeys(desk.numbers))
    return saved


def _retire(tx: Transaction, row: DeskRow) -> None:
    tx.execute(delete(DeskNumberRow).where(DeskNumberRow.desk_key == row.key))
    row.removed = True


def _count_change(tx: Transaction) -> None:
    """Locks the counter until the commit: of two who change desks at once, one waits for the other."""
    first = insert_into(tx, CounterRow).values(name=_CHANGES, value=1)
    tx.execute(first.on_conflict_do_update(index_elements=["name"], set_={"value": CounterRow.value + 1}))


def _desk(row: DeskRow) -> Desk | None:
    try:
        return _DESK.validate_python(row.desk)
    except ValidationError as error:
        log.error("desk_unreadable", desk=row.key, fields=error.error_count())
        return None
