"""Pages of cases: what they are narrowed to, in which order, and how they go on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, select, tuple_

from casestore import case_search
from casestore.case_fields import because_of, set_by_of
from casestore.case_words import Term, apart, asked, number_of
from casestore.db import Transaction
from casestore.tables import CaseRow, CaseTextRow, ContactNumberRow, ContactRow, RecordingRow
from domain.cases import Case, CaseSummary, Priority, Status, case_number, summary

Sort = Literal["opened", "changed", "priority"]
_PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_SHORTEST_TELEPHONE = 6
_MOST_PEOPLE = 20


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """What a list is narrowed to; empty: not by this. `text` is what somebody has typed."""

    statuses: tuple[Status, ...] = ()
    agent: str = ""
    service: str = ""
    desk: str = ""
    priority: Priority | None = None
    text: str = ""


@dataclass(frozen=True)
class CasePage:
    """Some cases, and what to give as `after` for those that follow; None: there are no more."""

    cases: tuple[CaseSummary, ...]
    next: str | None


def page(tx: Transaction, wanted: CaseFilter, sort: Sort, after: str, limit: int) -> CasePage:
    """The cases after that place, newest first or by priority, the most pressing first.

    Raises ValueError for a place that no page has given.
    """
    terms = _terms(tx, wanted)
    match sort:
        case "opened":
            places = _by_opened(tx, terms, after, limit + 1)
        case "priority":
            places = _by_priority(tx, terms, after, limit + 1)
        case "changed":
            places = _by_changed(tx, terms, after, limit + 1)
    shown = places[:limit]
    more = shown[-1].place if len(places) > limit else None
    return CasePage(summaries(tx, [each.number for each in shown]), more)


def of_contact(
    tx: Transaction, contact_id: int, statuses: Collection[Status], limit: int
) -> tuple[CaseSummary, ...]:
    """The newest cases of this person that are so."""
    newest_first = select(CaseRow.number).order_by(CaseRow.opened_ms.desc(), CaseRow.number.desc())
    return summaries(tx, tx.scalars(newest_first.where(*_theirs(contact_id, statuses)).limit(limit)))


def count_of_contact(tx: Transaction, contact_id: int, statuses: Collection[Status]) -> int:
    """How many cases of this person are so."""
    return tx.scalar(select(func.count()).select_from(CaseRow).where(*_theirs(contact_id, statuses))) or 0


def summary_of(tx: Transaction, case: Case) -> CaseSummary:
    """The case as lists show it."""
    return summary(case, has_voice=bool(_with_voice(tx, [case.number])))


def summaries(tx: Transaction, numbers: Iterable[str]) -> tuple[CaseSummary, ...]:
    """These cases in this order, as lists show them; unknown ones are left out."""
    wanted = tuple(dict.fromkeys(numbers))
    columns = (*_COLUMNS, CaseTextRow.title, CaseTextRow.because, CaseTextRow.contact_name)
    query = select(*columns).outerjoin(CaseTextRow, CaseTextRow.case_number == CaseRow.number)
    rows = {row["number"]: row for row in tx.execute(query.where(CaseRow.number.in_(wanted))).mappings()}
    with_voice = _with_voice(tx, rows)
    found = (rows[number] for number in wanted if number in rows)
    return tuple(summary(_case(dict(row)), has_voice=row["number"] in with_voice) for row in found)


def _theirs(contact_id: int, statuses: Collection[Status]) -> tuple[ColumnElement[bool], ...]:
    return CaseRow.contact_id == contact_id, CaseRow.status.in_(statuses)


def _with_voice(tx: Transaction, numbers: Collection[str]) -> frozenset[str]:
    """Those of these whose callers' voice is kept."""
    heard = select(RecordingRow.case_number).where(RecordingRow.case_number.in_(numbers))
    return frozenset(tx.scalars(heard.distinct()))


_COLUMNS = tuple(
    getattr(CaseRow, name)
    for name in (
        "number", "version", "status", "service", "category", "impact", "urgency", "priority", "desk",
        "agent", "contact_id", "opened_ms", "changed_ms", "set_by",
    )
)  # fmt: skip


def _case(row: dict[str, object]) -> Case:
    """As much of the case as a summary shows; its texts may have been erased."""
    texts = {"title": row["title"] or "", "contact_name": row["contact_name"] or ""}
    judged = {"because": because_of(row["because"]), "set_by": set_by_of(row["set_by"])}
    return Case(**row | texts | judged)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Place:
    number: str
    place: str


def _by_opened(tx: Transaction, terms: Sequence[Term], after: str, limit: int) -> list[_Place]:
    # By number: they are given in the order in which cases are registered.
    before = int(after) if after else None
    return [_Place(case_number(found), str(found)) for found in case_search.newest(tx, terms, limit, before)]


def _by_priority(tx: Transaction, terms: Sequence[Term], after: str, limit: int) -> list[_Place]:
    """One priority after the other: each is a word of the index, and its newest come first."""
    first, _, number = after.partition(".")
    before = int(number) if after else None
    found: list[_Place] = []
    for priority in _PRIORITIES:
        if after and priority < int(first):
            continue
        narrowed = (*terms, Term(words=(apart("p", priority),)))
        numbers = case_search.newest(tx, narrowed, limit - len(found), before)
        found += [_Place(case_number(each), f"{priority}.{each}") for each in numbers]
        before = None
        if len(found) == limit:
            break
    return found


def _by_changed(tx: Transaction, terms: Sequence[Term], after: str, limit: int) -> list[_Place]:
    query = select(CaseRow.number, CaseRow.changed_ms)
    if terms:
        # Along the index of changes: common words end the walk early, rare ones make it 100,000 short steps.
        number = cast(func.substr(CaseRow.number, 3), BigInteger)
        query = query.where(number.in_(case_search.matching(tx, terms)))
    if after:
        changed_ms, _, last = after.partition(".")
        place = tuple_(CaseRow.changed_ms, CaseRow.number)
        query = query.where(place < tuple_(literal(int(changed_ms)), literal(case_number(int(last)))))
    rows = tx.execute(query.order_by(CaseRow.changed_ms.desc(), CaseRow.number.desc()).limit(limit))
    return [_Place(row.number, f"{row.changed_ms}.{number_of(row.number)}") for row in rows]


def _terms(tx: Transaction, wanted: CaseFilter) -> tuple[Term, ...]:
    values = {"a": wanted.agent, "v": wanted.service, "d": wanted.desk, "p": wanted.priority}
    narrowed = [Term(words=(apart(kind, value),)) for kind, value in values.items() if value]
    if wanted.statuses:
        narrowed.append(Term(words=tuple(apart("s", status) for status in wanted.statuses)))
    return (*narrowed, *(_with_people(tx, term) for term in asked(wanted.text)))


def _with_people(tx: Transaction, term: Term) -> Term:
    """A number may be somebody's: then the cases of that person are meant as well."""
    if not term.number:
        return term
    theirs = select(ContactRow.id).where(
        (func.lower(ContactRow.employee_number) == term.number) | (ContactRow.extension == term.number)
    )
    people = set(tx.scalars(theirs.limit(_MOST_PEOPLE)))
    if len(term.number) >= _SHORTEST_TELEPHONE:
        # With or without country code: what comes after either is the same.
        ending = term.number.lstrip("0")
        numbers = select(ContactNumberRow.contact_id).where(ContactNumberRow.e164.endswith(ending))
        people |= set(tx.scalars(numbers.limit(_MOST_PEOPLE)))
    return replace(term, words=(*term.words, *(apart("c", each) for each in sorted(people))))
