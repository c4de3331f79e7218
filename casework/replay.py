"""All cases made anew from their facts, and whether they are the living ones."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from casestore import cases, fact_log
from casestore.db import Store, Transaction
from casework.case import apply
from casework.case_facts import KINDS, events_of
from domain.cases import Case, CaseTexts
from domain.streams import CASES

_AT_ONCE, _FACTS = 200, 1_000
_TEXTS = tuple(each.name for each in fields(CaseTexts))

Progress = Callable[[int, int], None]
"""Told how many cases were compared, and that much again: their number is not known before the end."""


@dataclass(frozen=True)
class CaseDifference:
    """A case that its facts do not make as it is: in these fields."""

    number: str
    fields: tuple[str, ...]


def made_anew(tx: Transaction, number: str) -> Case:
    """The case as its facts make it; of version 0 where there are none that can be read."""
    case, after = Case(number=number), 0
    while page := fact_log.read(tx, after, _FACTS, stream=CASES, subject=number, kinds=KINDS):
        for event in events_of(page):
            case = apply(case, event)
        after = page[-1].seq
    return case


def compare_cases(store: Store, progress: Progress = lambda place, last: None) -> list[CaseDifference]:
    """The cases that are not as their facts make them. Blocking. Raises StoreUnusable.

    A case and its facts are read in one transaction: they are written in one. Words that were erased in the
    case differ in nothing.
    """
    differences: list[CaseDifference] = []
    after, done = "", 0
    while True:
        with store.reading() as tx:
            page = cases.page(tx, after, _AT_ONCE)
            found = [(case, made_anew(tx, case.number)) for case in page]
        if not page:
            return differences
        named = ((case.number, _differing(case, made)) for case, made in found)
        differences += [CaseDifference(number, names) for number, names in named if names]
        after, done = page[-1].number, done + len(page)
        progress(done, done)


def _differing(case: Case, made: Case) -> tuple[str, ...]:
    # Facts whose words were erased tell no more who gave the case its words.
    known = {name: by for name, by in case.set_by.items() if name not in _TEXTS or name in made.set_by}
    case = replace(case, set_by=known)
    names = (each.name for each in fields(Case) if getattr(case, each.name) != getattr(made, each.name))
    return tuple(name for name in names if name not in _TEXTS or getattr(case, name))
