"""Who somebody is in the store, and how nothing of them stays in it but figures.

Theirs is what they were identified in, and what came from a number or extension that nobody else has, whoever
spoke. A number that somebody else has too says nothing: there only what they were identified in is theirs.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, update

from casestore import calls, case_search, cases, contacts, fact_log, recordings
from casestore.db import Transaction
from casestore.tables import CaseRow, CaseTextRow, ContactNumberRow, ContactRow
from domain.calls import Call
from domain.contacts import Contact
from domain.numbers import normalise, written_forms

_MOST_ID = 2**31 - 1
_AT_ONCE = 10_000  # no statement may name more than some ten thousand values


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What a person has left in the store. `numbers` are those that nobody else has, `shared` the others."""

    contact: Contact
    numbers: tuple[str, ...]
    shared: tuple[str, ...]
    calls: tuple[Call, ...]
    cases: tuple[str, ...]
    facts: int
    recordings: int

    @property
    def call_ids(self) -> tuple[str, ...]:
        return tuple(call.call_id for call in self.calls)


def find(tx: Transaction, who: str, *, region: str) -> tuple[Contact, ...]:
    """Everybody whose id, employee number, extension or telephone number this is, each once.

    An erased contact, without anything, is found by the id alone.
    """
    named = [*contacts.by_employee_number(tx, who), *contacts.by_extension(tx, who)]
    named += contacts.by_number(tx, normalise(who, region).number)
    if who.isascii() and who.isdecimal() and int(who) <= _MOST_ID:
        if contact := contacts.get(tx, int(who)):
            named.append(contact)
        elif contacts.is_erased(tx, int(who)):
            named.append(Contact(id=int(who), name=""))
    return tuple({contact.id: contact for contact in named}.values())


def traces(tx: Transaction, contact: Contact) -> Traces:
    """Everything of this person, as it is now."""
    shared = _shared(tx, contact)
    everything = (*contact.numbers, *((contact.extension,) if contact.extension else ()))
    own = tuple(number for number in everything if number not in shared)
    written = [form for number in own for form in written_forms(number)]
    their_calls = calls.of_person(tx, contact.id, written)
    their_cases = _cases(tx, contact.id, written)
    subjects = (*(call.call_id for call in their_calls), *their_cases)
    return Traces(
        contact=contact,
        numbers=own,
        shared=tuple(shared),
        calls=their_calls,
        cases=their_cases,
        facts=sum(fact_log.count_texts(tx, some) for some in _some_at_once(subjects)),
        recordings=sum(recordings.count(tx, some) for some in _some_at_once(their_cases)),
    )


def erase(tx: Transaction, left: Traces) -> None:
    """Take all of it out of the store; recordings, which are files, are `recordings.remove`'s."""
    for subjects in _some_at_once(left.call_ids):
        fact_log.erase_texts(tx, subjects)
    calls.erase_words(tx, left.calls)
    for numbers in _some_at_once(left.cases):
        erase_words_of_cases(tx, numbers)
    _erase_number_of_other_cases(tx, left.numbers)
    contacts.erase(tx, left.contact.id)


def erase_words_of_cases(tx: Transaction, numbers: Sequence[str]) -> None:
    """People's words, names and numbers of these cases go: texts, what their facts tell, what finds them."""
    fact_log.erase_texts(tx, numbers)
    tx.connection().execute(delete(CaseTextRow).where(CaseTextRow.case_number.in_(numbers)))
    _find_by_what_is_left(tx, numbers)


def _shared(tx: Transaction, contact: Contact) -> Collection[str]:
    """Those of their numbers that somebody else has too."""
    others = select(ContactNumberRow.e164).where(
        ContactNumberRow.e164.in_(contact.numbers), ContactNumberRow.contact_id != contact.id
    )
    at_the_same = select(ContactRow.extension).where(
        ContactRow.extension == contact.extension, ContactRow.extension != "", ContactRow.id != contact.id
    )
    return dict.fromkeys([*tx.scalars(others), *tx.scalars(at_the_same)])


def _cases(tx: Transaction, contact_id: int, numbers: Collection[str]) -> tuple[str, ...]:
    from_theirs = CaseTextRow.caller_number.in_(numbers)
    theirs = or_(CaseRow.contact_id == contact_id, CaseRow.contact_id.is_(None) & from_theirs)
    with_texts = select(CaseRow.number).outerjoin_from(CaseRow, CaseTextRow)
    return tuple(tx.scalars(with_texts.where(theirs).order_by(CaseRow.number)))


def _find_by_what_is_left(tx: Transaction, numbers: Sequence[str]) -> None:
    """Nothing finds the cases any more but what is left of them."""
    tx.expire_all()  # what was read before is not what is there now
    for some in _some_at_once(numbers):
        for case in cases.by_numbers(tx, some):
            case_search.put(tx, case)
    case_search.tidy(tx)


def _erase_number_of_other_cases(tx: Transaction, numbers: Collection[str]) -> None:
    """Somebody else has called from their telephone: the case is that one's, the number is not."""
    written = [form for number in numbers for form in written_forms(number)]
    named = CaseTextRow.caller_number.in_(written)
    others = tx.scalars(select(CaseTextRow.case_number).where(named)).all()
    tx.execute(update(CaseTextRow).where(named).values(caller_number=""))
    for subjects in _some_at_once(others):
        fact_log.change_texts(tx, subjects, lambda text: _without_number(text, written))
    _find_by_what_is_left(tx, others)


def _without_number(text: Any, numbers: Collection[str]) -> Any:
    """The same JSON, without these as the number of a caller, wherever in it."""
    if not isinstance(text, dict):
        return text
    return {
        name: "" if name == "caller_number" and value in numbers else _without_number(value, numbers)
        for name, value in text.items()
    }


def _some_at_once(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[first : first + _AT_ONCE] for first in range(0, len(names), _AT_ONCE))
