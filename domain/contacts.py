"""People who may call, and whom a caller ID names."""

from dataclasses import dataclass
from typing import Literal

from domain.partial import Partial

Match = Literal["one", "several", "none", "withheld"]
How = Literal["ani", "extension", "choice", "employee_number", "nothing"]
"""What decided who is calling."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A person who may call; numbers in E.164, `extension` for internal calls."""

    id: int
    name: str
    employee_number: str = ""
    extension: str = ""
    email: str = ""
    department: str = ""
    site: str = ""
    language: str = ""
    vip: bool = False
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContactEdit(Partial):
    """What is to be known of a contact, as a list of people gives it; None leaves a field as it is."""

    name: str | None = None
    employee_number: str | None = None
    extension: str | None = None
    email: str | None = None
    department: str | None = None
    site: str | None = None
    language: str | None = None
    vip: bool | None = None
    numbers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Callers:
    """Whom the number (E.164, extension or empty) belongs to; `how`: ani, extension, nothing."""

    match: Match
    number: str = ""
    contacts: tuple[Contact, ...] = ()
    how: How = "nothing"
