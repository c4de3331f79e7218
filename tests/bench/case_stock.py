"""A hundred thousand cases in a moment: rows as the program writes them, without its commits one by one."""

import json
import random
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from casestore import case_search
from casestore.case_words import number_of, words_of
from casestore.db import Store
from casestore.tables import CaseRow, CaseTextRow, ContactRow, CounterRow, FactRow
from domain.cases import Case, CaseTexts, Said

NOTES = 10_000
"""Notes of the case `NOTED`."""
NOTED, BUSY_CONTACT = "C-000001", 1
OPEN_OF_ONE = 1_000
"""So many cases, the first ones, are open and of one person."""
_PEOPLE, _OPEN_SHARE = 5_000, 0.04
_SENTENCES = Path(__file__).with_name("sentences.toml")
_NAMES = ("Maria", "Johan", "Ingunn", "Bjørn", "Åsa", "Mikael", "Helena", "Nils", "Sara", "Olof")
_SURNAMES = ("Lind", "Ekdahl", "Sørlie", "Åsen", "Öberg", "Kangas", "Ström", "Hansen", "Berg", "Dahl")
_SERVICES = ("printing", "network", "email", "account", "hardware", "software")
_BATCH = 5_000
_TEXTS = tuple(CaseTexts.__dataclass_fields__)


def fill(store: Store, cases: int, agents: list[str]) -> None:
    """So many cases, the people who called, a line of history each, and one with ten thousand notes."""
    with store.uow() as tx:
        tx.execute(insert(ContactRow), list(map(_person, range(1, _PEOPLE + 1))))
    for made in _batches(_cases(cases, agents)):
        _write(store, made)
    with store.uow() as tx:
        tx.execute(insert(FactRow), list(map(_note, range(NOTES))))
    with store.uow() as tx:
        counter = tx.get_one(CounterRow, "case")
        counter.value = cases


def _batches(cases: Iterator[Case]) -> Iterator[tuple[Case, ...]]:
    while batch := tuple(islice(cases, _BATCH)):
        yield batch


def _write(store: Store, made: tuple[Case, ...]) -> None:
    with store.uow() as tx:
        tx.execute(insert(CaseRow), [_row(case) for case in made])
        tx.execute(insert(CaseTextRow), [_text(case) for case in made])
        tx.execute(insert(FactRow), [_registered(case) for case in made])
        case_search.write(tx.connection(), [(number_of(case.number), words_of(case)) for case in made])


def _cases(count: int, agents: list[str]) -> Iterator[Case]:
    dice = random.Random(8)
    sentences = [each["text"] for each in tomllib.loads(_SENTENCES.read_text("utf-8"))["sentence"]]
    for number in range(1, count + 1):
        text, second = dice.choice(sentences), dice.choice(sentences)
        is_busy = number <= OPEN_OF_ONE
        contact = BUSY_CONTACT if is_busy else dice.randint(2, _PEOPLE)
        is_open = is_busy or dice.random() < _OPEN_SHARE
        yield Case(
            number=f"C-{number:06d}",
            version=1,
            status="open" if is_open else dice.choice(("resolved", "closed")),
            title=text[:60],
            said=(Said(statement_id=f"s{number}", text=f"{text} {second}", at_ms=number),),
            service=dice.choice(_SERVICES),
            category="incident",
            priority=dice.choice((1, 2, 3, 3, 4, 4, 4, 5)),
            agent=dice.choice(agents),
            desk="it",
            contact_id=contact,
            contact_name=_name(contact),
            caller_number=f"+4670{contact:07d}",
            opened_ms=number * 1000,
            changed_ms=number * 1000 + dice.randint(0, 10**8),
        )


def _name(contact: int) -> str:
    return f"{_NAMES[contact % 10]} {_SURNAMES[contact // 10 % 10]}"


def _person(contact: int) -> dict[str, Any]:
    empty = dict.fromkeys(("extension", "email", "department", "site", "language"), "")
    return empty | {"id": contact, "name": _name(contact), "employee_number": f"{contact:05d}", "vip": False}


def _row(case: Case) -> dict[str, Any]:
    own = {name: value for name, value in vars(case).items() if name not in _TEXTS}
    return own | {"set_by": {}}


def _text(case: Case) -> dict[str, Any]:
    texts = {name: getattr(case, name) for name in _TEXTS}
    return texts | {"case_number": case.number, "said": [asdict(said) for said in case.said]}


def _registered(case: Case) -> dict[str, Any]:
    body = {"case_number": case.number, "version": 1, "actor": "ivr", "values": {"status": "open"}}
    return _fact("CaseRegistered", case.number, f"r{case.number}", body)


def _note(number: int) -> dict[str, Any]:
    body = {
        "case_number": NOTED, "version": 1, "actor": "anna", "note_id": f"anna/{number // 3}",
        "note": f"Called back the {number}th time; it still does not work",
    }  # fmt: skip
    return _fact("CaseNoted", NOTED, f"n{number}", body)


def _fact(kind: str, subject: str, event_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    body = f"{kind} {json.dumps({'at_ms': 1, 'event_id': event_id} | fields)}"
    return {
        "event_id": event_id, "stream": "cases", "kind": kind, "subject": subject, "at_ms": 1,
        "received_ms": 1, "node": "main", "body": body,
    }  # fmt: skip
