"""Reads contacts from CSV: each line stands alone, a bad one becomes an error and harms no other.  Pure."""

import csv
from collections.abc import Iterable

import phonenumbers

from casestore.contact_fields import FIELDS, checked
from domain.contacts import ContactEdit

_YES = ("1", "yes", "true", "x", "ja")
_NO = ("", "0", "no", "false", "nej", "nei")


def read(lines: Iterable[str], *, region: str) -> tuple[list[ContactEdit], list[str]]:
    """The checked fields of every good row, and an error `line N: why` for every other.

    The first line names the columns (`name` and any of FIELDS), between commas or semicolons; numbers
    are separated by semicolons, in any format of `region` (an ISO country code; ValueError where there
    is no such region). A quoted field may not span lines: so an unclosed quote costs one row.
    """
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"no such region: {region[:40]!r}")
    # Excel begins the file with a byte order mark, and separates by semicolons where the comma is in numbers.
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip("\ufeff \t\r\n"))
    head = next(numbered, None)
    if head is None:
        return [], ["the file is empty"]
    delimiter = ";" if head[1].count(";") > head[1].count(",") else ","
    try:
        columns = _columns(_cells(head[1].removeprefix("\ufeff"), delimiter))
    except ValueError as error:
        return [], [f"line {head[0]}: {error}"]
    rows, errors = [], []
    for number, line in numbered:
        try:
            cells = _cells(line, delimiter)
            if any(cells):
                rows.append(_edit(columns, cells, region))
        except ValueError as error:
            errors.append(f"line {number}: {error}")
    return rows, errors


def _cells(line: str, delimiter: str) -> list[str]:
    # Strict: without it a broken quote swallows the fields behind it in silence.
    reader = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        return [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise ValueError(f"not a CSV row: {error}") from error


def _columns(cells: list[str]) -> list[str]:
    columns = [cell.lower() for cell in cells]
    unknown = [column[:40] for column in columns if column not in FIELDS]
    if unknown or "name" not in columns or len(set(columns)) < len(columns):
        raise ValueError(
            f"the first line must name columns, each once, name among them, of: {', '.join(FIELDS)}; "
            f"not known: {', '.join(map(repr, unknown[:5])) or 'none'}"
        )
    return columns


def _edit(columns: list[str], cells: list[str], region: str) -> ContactEdit:
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} fields where the first line has {len(columns)}")
    texts = dict(zip(columns, cells, strict=True))
    vip, numbers = texts.pop("vip", None), texts.pop("numbers", None)
    return checked(
        ContactEdit(
            **texts,
            vip=None if vip is None else _yes(vip),
            numbers=None if numbers is None else _e164s(numbers, region),
        )
    )


def _e164s(text: str, region: str) -> tuple[str, ...]:
    given = filter(None, map(str.strip, text.split(";")))
    return tuple(_e164(number, region) for number in given)


def _yes(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(f"vip must be yes or no, not {text[:40]!r}")
    return text.lower() in _YES


def _e164(text: str, region: str) -> str:
    """Possible, not only assigned, numbers: numbering plans grow after this library was made."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{text[:40]!r} is not a telephone number") from error
    if number.extension or not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text[:40]!r} is not a telephone number that can be dialled from outside")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
