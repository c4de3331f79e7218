"""Contacts: the people who may call, found by number, extension or employee number."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select

from casestore import contact_csv
from casestore.contact_fields import checked
from casestore.db import Store, Transaction
from casestore.tables import ContactNumberRow, ContactRow
from domain.contacts import Contact, ContactEdit
from domain.imports import ImportReport

log = structlog.get_logger()

_NOBODY = ContactEdit(
    name="", employee_number="", extension="", email="", department="", site="", language="", vip=False,
    numbers=(),
)  # fmt: skip
_BATCH = 200  # ten thousand people in one transaction held callers' cases up for two seconds


def add(
    tx: Transaction,
    *,
    name: str,
    employee_number: str = "",
    extension: str = "",
    email: str = "",
    department: str = "",
    site: str = "",
    language: str = "",
    vip: bool = False,
    numbers: Sequence[str] = (),
) -> Contact:
    """A new contact; numbers in E.164. ValueError for a bad field or an employee number in use."""
    edit = checked(
        ContactEdit(
            name=name,
            employee_number=employee_number,
            extension=extension,
            email=email,
            department=department,
            site=site,
            language=language,
            vip=vip,
            numbers=tuple(numbers),
        )
    )
    if edit.employee_number and by_employee_number(tx, edit.employee_number):
        raise ValueError(f"employee number {edit.employee_number} is somebody else's")
    row = _new(edit)
    tx.add(row)
    tx.flush()
    return _view(row)


def get(tx: Transaction, contact_id: int) -> Contact | None:
    """The contact with this id."""
    row = tx.get(ContactRow, contact_id)
    return _view(row) if row and not _is_erased(row) else None


def is_erased(tx: Transaction, contact_id: int) -> bool:
    """Whether there was somebody with this id."""
    row = tx.get(ContactRow, contact_id)
    return row is not None and _is_erased(row)


def erase(tx: Transaction, contact_id: int) -> None:
    """Nothing stays but the id, which nobody gets again. LookupError where there never was a contact."""
    row = tx.get(ContactRow, contact_id)
    if row is None:
        raise LookupError(f"there is no contact {contact_id}")
    _change(tx, row, _NOBODY)


def by_number(tx: Transaction, e164: str) -> tuple[Contact, ...]:
    """Everybody who has this number, oldest first."""
    owners = select(ContactNumberRow.contact_id).where(ContactNumberRow.e164 == e164)
    return _where(tx, ContactRow.id.in_(owners))


def by_extension(tx: Transaction, extension: str) -> tuple[Contact, ...]:
    """Everybody at this internal extension, oldest first."""
    return _where(tx, ContactRow.extension == extension) if extension else ()


def by_employee_number(tx: Transaction, number: str) -> tuple[Contact, ...]:
    """Whoever has this employee number: one or none."""
    return _where(tx, ContactRow.employee_number == number)


def count(tx: Transaction) -> int:
    """How many contacts there are."""
    return tx.scalar(select(func.count()).select_from(ContactRow).where(ContactRow.name != "")) or 0


def import_csv(store: Store, lines: Iterable[str], *, region: str) -> ImportReport:
    """Take in contacts from the lines of a CSV file, as `contact_csv.read` says; bad rows become errors.

    A row whose employee number is known changes that contact, in the columns that the file has; a
    row without one is added unless the very same contact is there. Open a file with
    `encoding="utf-8", errors="surrogateescape"`: then broken bytes cost only their row.

    A batch is a transaction, so that callers' cases get their turn in between; an interrupted
    import is simply run again.
    """
    rows, errors = contact_csv.read(lines, region=region)
    added = changed = 0
    for start in range(0, len(rows), _BATCH):
        with store.uow() as tx:
            new, differing = _take_in(tx, rows[start : start + _BATCH])
        added += new
        changed += differing
    log.info("contacts_imported", added=added, changed=changed, errors=len(errors))
    return ImportReport(added=added, changed=changed, errors=tuple(errors))


def _take_in(tx: Transaction, rows: Sequence[ContactEdit]) -> tuple[int, int]:
    """How many people were added, and how many changed."""
    people = [(_new(edit), edit) for edit in rows]
    known = {_identity(row): row for row in _perhaps_the_same(tx, [new for new, _ in people])}
    added = changed = 0
    for new, edit in people:
        row = known.setdefault(_identity(new), new)
        if row is new:
            tx.add(new)
            added += 1
        else:
            changed += _change(tx, row, edit)
    return added, changed


def _perhaps_the_same(tx: Transaction, people: Sequence[ContactRow]) -> Iterable[ContactRow]:
    """Everybody in the store with one of these employee numbers or, for those without, one of these names."""
    numbered = {person.employee_number for person in people if person.employee_number}
    # Somebody without an employee number is known by everything together; the name narrows it to a few rows.
    names = {person.name for person in people if not person.employee_number}
    unnumbered = ContactRow.employee_number.is_(None) & ContactRow.name.in_(names)
    same = ContactRow.employee_number.in_(numbered)
    return tx.scalars(select(ContactRow).where(same | unnumbered if names else same))


def _is_erased(row: ContactRow) -> bool:
    return not row.name  # everybody else has one


def _where(tx: Transaction, condition: ColumnElement[bool]) -> tuple[Contact, ...]:
    rows = tx.scalars(select(ContactRow).where(condition).order_by(ContactRow.id))
    return tuple(_view(row) for row in rows)


def _new(edit: ContactEdit) -> ContactRow:
    return ContactRow(
        name=edit.name,
        employee_number=edit.employee_number or None,
        extension=edit.extension or "",
        email=edit.email or "",
        department=edit.department or "",
        site=edit.site or "",
        language=edit.language or "",
        vip=edit.vip or False,
        numbers=[ContactNumberRow(e164=number) for number in edit.numbers or ()],
    )


def _change(tx: Transaction, row: ContactRow, edit: ContactEdit) -> bool:
    """Write what differs; tells whether anything did."""
    now = _fields(row)
    differing = {field: value for field, value in edit.given().items() if value != now[field]}
    numbers = differing.pop("numbers", None)
    for field, value in differing.items():
        setattr(row, field, None if field == "employee_number" and not value else value)
    if numbers is not None:
        row.numbers.clear()
        tx.flush()  # the old ones leave before a number among them comes back
        row.numbers.extend(ContactNumberRow(e164=number) for number in numbers)
    return bool(differing) or numbers is not None


def _fields(row: ContactRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "employee_number": row.employee_number or "",
        "extension": row.extension,
        "email": row.email,
        "department": row.department,
        "site": row.site,
        "language": row.language,
        "vip": row.vip,
        "numbers": tuple(number.e164 for number in row.numbers),
    }


def _identity(row: ContactRow) -> str | tuple[Any, ...]:
    """What makes a row of a file the same person: the employee number, else everything."""
    return row.employee_number or tuple(_fields(row).values())


def _view(row: ContactRow) -> Contact:
    return Contact(id=row.id, **_fields(row))
