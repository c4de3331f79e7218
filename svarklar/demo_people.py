"""The people of a demo: logins, contacts and a pair of open cases; the numbers are kept for fiction."""

from collections.abc import Mapping
from dataclasses import replace

from casestore import cases, contacts, users
from casestore.db import Transaction
from casework.changes import Changes
from domain.case_commands import Register, Solve
from domain.cases import NewCase, Said
from domain.languages import Language
from domain.users import Role

_USERS: tuple[tuple[str, str, Role, Language], ...] = (
    ("anna", "Anna Dahl", "agent", "en"),
    ("bo", "Bo Lindqvist", "agent", "sv"),
    ("sofia", "Sofia Ek", "supervisor", "en"),
    ("admin", "Ingrid Moen", "admin", "nb"),
)
# Employee number, name, language, telephone numbers, extension, department, site, and whether a VIP.
_CONTACTS: tuple[tuple[str, str, Language, tuple[str, ...], str, str, str, bool], ...] = (
    ("4217", "Maria Lind", "en", ("+46701740605",), "", "Finance", "Stockholm", False),
    ("4218", "Anna Berg", "sv", ("+46701740606",), "", "Human Resources", "Göteborg", False),
    ("5101", "Ola Hansen", "nb", ("+4781549300",), "", "Sales", "Oslo", False),
    ("4301", "Erik Sjöberg", "sv", ("+46701740610",), "", "Warehouse", "Malmö", False),
    ("4302", "Åsa Nyström", "sv", ("+46701740610",), "", "Warehouse", "Malmö", False),
    ("4401", "Karin Holm", "sv", (), "4401", "Reception", "Stockholm", False),
    ("4230", "Lars Öberg", "en", ("+46701740612",), "", "Production", "Västerås", False),
    ("4001", "Helena Ström", "en", ("+46701740607",), "4001", "Management", "Stockholm", True),
    ("4233", "Johan Ekdahl", "en", ("+46701740608", "+46313900623"), "4233", "Finance", "Göteborg", False),
    ("5104", "Ingunn Sørlie", "nb", ("+46701740613",), "", "Logistics", "Bergen", False),
    ("5110", "Bjørn Åsen", "nb", ("+46701740614",), "5110", "Legal", "Oslo", False),
    ("4250", "Mikael Kangas", "en", ("+46701740609",), "", "Development", "Umeå", False),
)


def _said(text: str) -> tuple[Said, ...]:
    return (Said(statement_id="demo", text=text, at_ms=0),)


_CASES = (
    (
        "4230",
        NewCase(
            title="The label printer in hall B prints blank pages",
            said=_said("the label printer in hall b only prints blank pages so we write the labels by hand"),
            service="printing",
            category="incident",
            impact="several",
            urgency="hindered",
            language="en",
            because={"service": ("printer",), "impact": ("we",), "urgency": ("by hand",)},
        ),
    ),
    (
        "5104",
        NewCase(
            title="VPN kobler ned hvert tiende minutt",
            said=_said("vpn kobler ned hvert tiende minutt når jeg jobber hjemmefra"),
            service="network",
            category="incident",
            impact="one",
            urgency="hindered",
            language="nb",
            because={"service": ("vpn",), "urgency": ("kobler ned",)},
        ),
    ),
)


def seed(tx: Transaction, *, passwords: Mapping[str, str], now_ms: int) -> None:
    """Add whoever is missing; `passwords` maps each demo username to a password hash (KeyError without)."""
    _add_users(tx, passwords)
    _add_contacts(tx, now_ms)


def _add_users(tx: Transaction, passwords: Mapping[str, str]) -> None:
    for username, name, role, language in _USERS:
        # Only who is missing: a demo login may have been changed since.
        if users.by_username(tx, username) is None:
            users.add(
                tx,
                username=username,
                name=name,
                role=role,
                language=language,
                password_hash=passwords[username],
            )


def _add_contacts(tx: Transaction, now_ms: int) -> None:
    opened = dict(_CASES)
    for number, name, language, numbers, extension, department, site, vip in _CONTACTS:
        if contacts.by_employee_number(tx, number):
            continue
        contact = contacts.add(
            tx,
            employee_number=number,
            name=name,
            language=language,
            numbers=numbers,
            extension=extension,
            department=department,
            site=site,
            vip=vip,
            email=f"{number}@example.org",
        )
        if number in opened:
            _open_case(tx, opened[number], contact.id, contact.numbers[0], now_ms)


def _open_case(tx: Transaction, new: NewCase, contact_id: int, number: str, now_ms: int) -> None:
    said = tuple(replace(one, at_ms=now_ms) for one in new.said)
    own = replace(new, said=said, contact_id=contact_id, caller_number=number)
    changes = Changes(tx, now_ms)
    changes.finish(changes.carry_out_all("", (Register(actor="demo", at_ms=now_ms, new=own),)))


def close_cases(tx: Transaction, number: str, *, now_ms: int) -> None:
    """Solve the open cases of whoever has this number, so that a demo call begins as the first one did."""
    for contact in contacts.by_number(tx, number):
        for case in cases.open_of_contact(tx, contact.id):
            changes = Changes(tx, now_ms)
            changes.finish(changes.carry_out(case.number, Solve(actor="demo", at_ms=now_ms)))
