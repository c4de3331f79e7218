"""Somebody is taken out of the store: what is theirs goes, what is another's and every figure stays."""

from dataclasses import replace

import pytest
from sqlalchemy import MetaData, func, select, text

from casestore import calls, case_search, case_words, cases, contacts, erasure, fact_log
from casestore.case_words import asked
from casestore.db import Store, Transaction
from domain.calls import Call, without_person
from domain.case_commands import Note
from domain.cases import Said
from domain.contacts import Contact
from domain.facts import Fact
from tests import case_work

HERS, SHARED, HIS = "+46701740601", "+46701740602", "+46701740603"


def call(call_id: str, number: str, contact: Contact | None = None) -> Call:
    return Call(
        call_id=call_id, number=number, name="Astrid", stage="ended", outcome="answered", language="sv",
        contact_id=contact and contact.id, contact_name=contact.name if contact else "",
        transcript=f"words of {call_id}", marks={"answered": 1, "ended": 2},
    )  # fmt: skip


def fact(call_id: str) -> Fact:
    return Fact(
        event_id=call_id, stream="dialogue", kind="StatementHeard", subject=call_id, at_ms=1, received_ms=1,
        node="main", body="{}", personal=f'{{"text": "words of {call_id}"}}',
    )  # fmt: skip


@pytest.fixture
def astrid(store: Store) -> Contact:
    with store.uow() as tx:
        return contacts.add(
            tx, name="Astrid Öhrn", employee_number="7311", extension="731", email="astrid@example.org",
            department="Law", site="Kalmar", language="sv", vip=True, numbers=(HERS, SHARED),
        )  # fmt: skip


@pytest.fixture
def bo(store: Store) -> Contact:
    with store.uow() as tx:
        return contacts.add(tx, name="Bo Ek", employee_number="7312", numbers=(HIS, SHARED))


@pytest.fixture
def happened(store: Store, astrid: Contact, bo: Contact) -> dict[str, Call]:
    """Calls of both, with a fact each; each of them has a case."""
    known = [
        call("hers", HERS, astrid),
        call("hers from elsewhere", HIS, astrid),
        call("hers not identified", HERS),
        call("hers as exchanges write it", "0701740601"),
        call("hers from her extension", "731"),
        call("hers from the shared number", SHARED, astrid),
        call("his from her telephone", HERS, bo),
        call("his from the shared number", SHARED, bo),
        call("whose", SHARED),
        call("his", HIS, bo),
    ]
    with store.uow() as tx:
        calls.save(tx, known)
        fact_log.append(tx, [fact(each.call_id) for each in known])
        for who, number in ((astrid, HERS), (bo, HIS), (None, HERS)):
            said = (Said(statement_id="1", text=f"spoken from {number}", at_ms=1),)
            contact_id = who and who.id
            case_work.registered(tx, title="Printer", said=said, contact_id=contact_id, caller_number=number)
    return {each.call_id: each for each in known}


def erased(store: Store, contact: Contact) -> erasure.Traces:
    with store.uow() as tx:
        left = erasure.traces(tx, contact)
        erasure.erase(tx, left)
    return left


def test_their_cases_are_found_by_nothing_of_theirs_any_more(
    store: Store, astrid: Contact, happened: dict[str, Call]
):
    def found_by(words: str) -> int:
        with store.reading() as tx:
            return len(case_search.newest(tx, asked(words), 9))

    assert (found_by("spoken"), found_by(HERS), found_by("printer")) == (3, 2, 3)
    erased(store, astrid)
    assert (found_by(HERS), found_by("C-1")) == (0, 1)
    assert found_by("spoken") == found_by("printer") < 3
    with store.reading() as tx:
        if tx.get_bind().dialect.name == "sqlite":
            assert HERS.removeprefix("+").encode() not in b"".join(
                tx.execute(text("SELECT block FROM case_search_data")).scalars()
            )


def found(store: Store, who: str) -> list[int]:
    with store.reading() as tx:
        return [contact.id for contact in erasure.find(tx, who, region="SE")]


def rows(tx: Transaction) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(tx.connection())
    return {
        table.name: tx.scalar(select(func.count()).select_from(table)) or 0
        for table in tables.sorted_tables
        if not table.name.startswith("case_search_")  # SQLite's own, in which it keeps what `case_search` has
    }


def test_somebody_is_found_by_id_employee_number_extension_and_number(
    store: Store, astrid: Contact, bo: Contact
):
    for who in (str(astrid.id), "7311", "731", HERS, "070-174 06 01", "0046701740601"):
        assert found(store, who) == [astrid.id]
    assert found(store, SHARED) == [astrid.id, bo.id]


@pytest.mark.parametrize("who", ["", "99", "0", "-1", "+46", "x" * 10_000, "9" * 30, "٣", "'; --", "\x00"])
def test_nobody_is_found_by_what_is_nobodys(store: Store, astrid: Contact, who: str):
    assert found(store, who) == []


def test_what_is_theirs_is_known_beforehand(store: Store, astrid: Contact, happened: dict[str, Call]):
    with store.reading() as tx:
        left = erasure.traces(tx, astrid)
    assert (left.numbers, left.shared) == ((HERS, "731"), (SHARED,))
    assert set(left.call_ids) == {name for name in happened if name.startswith("hers")} | {
        "his from her telephone"
    }
    assert (left.cases, left.facts) == (("C-000001", "C-000003"), 9)


def test_calls_and_facts_are_without_the_person_and_the_others_as_they_were(
    store: Store, astrid: Contact, happened: dict[str, Call]
):
    theirs = set(erased(store, astrid).call_ids)
    with store.reading() as tx:
        kept = {name: calls.get(tx, name) for name in happened}
        words = {each.subject for each in fact_log.read(tx, 0, 100) if each.personal}
    assert kept == {name: without_person(each) if name in theirs else each for name, each in happened.items()}
    assert words == {*happened.keys() - theirs, "C-000002"}


def test_every_count_is_as_before_but_of_what_is_personal(
    store: Store, astrid: Contact, happened: dict[str, Call]
):
    with store.reading() as tx:
        before = rows(tx)
    erased(store, astrid)
    with store.reading() as tx:
        after = rows(tx)
    personal = {"contact_numbers": 2, "fact_texts": 9, "case_texts": 2}
    assert {name: count + personal.get(name, 0) for name, count in after.items()} == before


def test_nothing_of_the_contact_is_left_and_nobody_gets_the_id_again(
    store: Store, astrid: Contact, happened: dict[str, Call]
):
    erased(store, astrid)
    assert found(store, "7311") == found(store, "731") == found(store, HERS) == []
    with store.uow() as tx:
        assert contacts.get(tx, astrid.id) is None
        assert contacts.count(tx) == 1
        assert contacts.add(tx, name="Astrid Öhrn", employee_number="7311").id > astrid.id
        case = cases.get(tx, "C-000001")
        assert case
        assert (case.contact_id, case.contact_name, case.title, case.statement) == (astrid.id, "", "", "")


def test_a_case_of_somebody_else_who_called_from_their_telephone_keeps_all_but_the_number(
    store: Store, astrid: Contact, bo: Contact, happened: dict[str, Call]
):
    with store.uow() as tx:
        case_work.registered(tx, title="His", contact_id=bo.id, caller_number=HERS)
    erased(store, astrid)
    with store.reading() as tx:
        case = cases.get(tx, "C-000004")
        assert case
        assert (case.title, case.contact_name, case.caller_number) == ("His", "Bo Ek", "")
        (registered,) = fact_log.read(tx, 0, 9, subject="C-000004")
    assert HERS not in registered.personal
    assert "Bo Ek" in registered.personal


def test_no_case_is_found_any_more_by_what_was_erased(
    store: Store, astrid: Contact, bo: Contact, happened: dict[str, Call]
):
    def hits(words: str) -> tuple[int, ...]:
        with store.reading() as tx:
            return case_search.newest(tx, case_words.asked(words), 9)

    assert (hits("Astrid"), hits("spoken"), hits(HERS)) == ((1,), (3, 2, 1), (3, 1))
    erased(store, astrid)
    assert (hits("Astrid"), hits("spoken"), hits(HERS)) == ((), (2,), ())


def test_a_case_goes_on_after_its_person_was_erased(store: Store, astrid: Contact, happened: dict[str, Call]):
    erased(store, astrid)
    with store.uow() as tx:
        note = Note(actor="anna", at_ms=5, note_id="anna/1", text="still broken")
        case = case_work.carried_out(tx, "C-000001", note)
        assert (case.number, case.version) == ("C-000001", 2)
        assert [entry.kind for entry in case_work.history(tx, "C-000001")] == ["registered", "noted"]


def test_erasing_again_finds_what_has_come_since(store: Store, astrid: Contact, happened: dict[str, Call]):
    erased(store, astrid)
    late = call("late", "", astrid)
    with store.uow() as tx:
        calls.save(tx, [late])
        (nobody,) = erasure.find(tx, str(astrid.id), region="SE")
    assert nobody == Contact(id=astrid.id, name="")
    erased(store, nobody)
    with store.reading() as tx:
        assert calls.get(tx, "late") == without_person(late)


def test_a_number_is_their_own_again_once_the_other_has_gone(store: Store, astrid: Contact, bo: Contact):
    erased(store, bo)
    with store.reading() as tx:
        assert erasure.traces(tx, astrid).shared == ()


def test_what_fails_in_the_middle_changes_nothing(store: Store, astrid: Contact, happened: dict[str, Call]):
    def fail() -> None:
        with store.uow() as tx:
            erasure.erase(tx, erasure.traces(tx, astrid))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as tx:
        assert contacts.get(tx, astrid.id) == replace(astrid)
        assert calls.get(tx, "hers") == happened["hers"]
        assert len([each for each in fact_log.read(tx, 0, 100) if each.personal]) == len(happened) + 3


def test_a_person_with_tens_of_thousands_of_calls_is_erased_too(store: Store, astrid: Contact):
    with store.uow() as tx:
        calls.save(tx, [call(f"1.{n}", HERS) for n in range(40_000)])
    assert len(erased(store, astrid).calls) == 40_000
    with store.reading() as tx:
        assert calls.of_person(tx, -1, [HERS]) == ()


def test_the_database_is_asked_to_let_go_of_what_was_deleted(
    store: Store, astrid: Contact, happened: dict[str, Call]
):
    erased(store, astrid)
    assert store.forget_deleted() == ""


def test_the_files_of_the_database_hold_nothing_of_what_was_erased(
    store: Store, astrid: Contact, happened: dict[str, Call], tmp_path
):
    if not (tmp_path / "svarklar.db").exists():
        pytest.skip("PostgreSQL keeps its files to itself: docs/limits.md")
    erased(store, astrid)
    assert store.forget_deleted() == ""
    files = b"".join(path.read_bytes() for path in tmp_path.glob("svarklar.db*"))
    for trace in ("Astrid Öhrn", HERS, "astrid@example.org", "words of hers", "7311", "Kalmar"):
        assert trace.encode() not in files
    assert b"words of whose" in files


def test_what_cannot_be_cleaned_now_is_said(store: Store, astrid: Contact, database_url: str):
    if not database_url.startswith("sqlite"):
        pytest.skip("of SQLite's journal")
    other = Store(database_url, busy_timeout_ms=50)
    erased(store, astrid)
    with store.reading() as tx:
        contacts.count(tx)
        erased(other, astrid)
        assert "reads the database" in other.forget_deleted()
    assert other.forget_deleted() == ""
    other.close()
