"""Contacts: found by number, extension and employee number; imported from CSV, good rows beside bad."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from casestore import contacts
from casestore.db import Store, Transaction
from domain.contacts import Contact
from domain.imports import ImportReport

HEADER = "name,employee_number,extension,email,department,site,language,vip,numbers"


def imported(store: Store, *lines: str, region: str = "SE") -> ImportReport:
    return contacts.import_csv(store, lines, region=region)


def count(store: Store) -> int:
    with store.reading() as tx:
        return contacts.count(tx)


def only(store: Store, employee_number: str) -> Contact:
    with store.uow() as tx:
        (contact,) = contacts.by_employee_number(tx, employee_number)
    return contact


def test_a_contact_is_found_by_each_of_its_numbers_extension_and_employee_number(store: Store):
    with store.uow() as tx:
        maria = contacts.add(
            tx,
            name="Maria Lind",
            employee_number="4217",
            extension="4401",
            numbers=("+46701740605", "+46701740606"),
        )
        assert contacts.get(tx, maria.id) == maria
        assert contacts.by_number(tx, "+46701740606") == (maria,)
        assert contacts.by_extension(tx, "4401") == (maria,)
        assert contacts.by_employee_number(tx, "4217") == (maria,)
        assert maria.numbers == ("+46701740605", "+46701740606")


@pytest.mark.parametrize("asked", ["", "+46", "\x00", "\ud800", "' OR 1=1 --", "9" * 10_000])
def test_a_number_nobody_has_finds_nobody(store: Store, asked: str):
    with store.uow() as tx:
        contacts.add(tx, name="Maria Lind")
        assert contacts.by_number(tx, asked) == ()
        assert contacts.by_extension(tx, asked) == ()
        assert contacts.by_employee_number(tx, asked) == ()


def test_several_contacts_may_share_a_number(store: Store):
    with store.uow() as tx:
        pair = tuple(contacts.add(tx, name=name, numbers=("+46701740610",)) for name in ("Erik", "Åsa"))
        assert contacts.by_number(tx, "+46701740610") == pair


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": " \t"},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"name": "a\ud800b"},
        {"name": "a\r\nb"},
        {"employee_number": "42 17"},
        {"extension": "12a"},
        {"extension": "١٢"},
        {"email": "nobody"},
        {"language": "xx"},
        {"numbers": ("070-1740605",)},
        {"numbers": tuple(f"+4670174{n:04}" for n in range(20))},
    ],
)
def test_a_bad_field_is_refused_with_a_short_reason(store: Store, fields: dict[str, object]):
    with store.uow() as tx:
        with pytest.raises(ValueError, match=r"\w") as refused:
            contacts.add(tx, **{"name": "Maria Lind", **fields})  # type: ignore[arg-type]
        assert contacts.count(tx) == 0
    assert len(str(refused.value)) < 200


def test_two_people_cannot_have_one_employee_number(store: Store):
    with store.uow() as tx:
        contacts.add(tx, name="Maria Lind", employee_number="4217")
        with pytest.raises(ValueError, match="4217"):
            contacts.add(tx, name="Anna Berg", employee_number="4217")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_an_import_reads_commas_and_semicolons_with_and_without_a_byte_order_mark(
    store: Store, mark: str, delimiter: str
):
    cells = ["Åsa Öberg", "4217", "4401", "asa@example.org", "Finance", "Umeå", "SV", "Ja"]
    row = delimiter.join([*cells, '"070-174 06 05; 0047 81 54 93 00"'])
    header = mark + HEADER.replace(",", delimiter)
    report = imported(store, header + "\r\n", row.replace("SV", "sv") + "\r\n")
    assert report == ImportReport(added=1)
    asa = only(store, "4217")
    assert (asa.name, asa.site, asa.language, asa.vip) == ("Åsa Öberg", "Umeå", "sv", True)
    assert asa.numbers == ("+46701740605", "+4781549300")


def test_national_numbers_are_those_of_the_region(store: Store):
    imported(store, "name,employee_number,numbers", "Ola,5101,815 49 300", region="NO")
    assert only(store, "5101").numbers == ("+4781549300",)
    with pytest.raises(ValueError, match="region"):
        imported(store, HEADER, region="sweden")


def test_a_bad_row_is_named_by_line_and_reason_and_the_others_are_taken_in(store: Store):
    report = imported(
        store,
        "name,employee_number,language,vip,numbers",
        "Good One,1,en,no,",
        "",
        ",2,en,no,",
        "Bad Number,3,en,no,12",
        "Bad Language,4,english,no,",
        "Bad Vip,5,en,perhaps,",
        "Too,6,en,no,,few,many",
        '"Open quote,7,en,no,',
        "Broken \udcff byte,8,en,no,",
        "X" * 10_000 + ",9,en,no,",
        "Extension,10,en,no,08-123 456 78 ext 5",
        "Good Two,11,en,no,",
    )
    assert report.added == 2
    assert [error.split(":")[0] for error in report.errors] == [f"line {n}" for n in range(4, 13)]
    reasons = ["name", "'12'", "language", "vip", "7 fields", "CSV", "Unicode", "10000", "ext 5"]
    for reason, error in zip(reasons, report.errors, strict=True):
        assert reason in error


@pytest.mark.parametrize(
    "header", ["", "\ufeff", "employee_number", "name,colour", "name,name", '"name', "\x00"]
)
def test_a_file_without_a_usable_first_line_is_refused_as_a_whole(store: Store, header: str):
    report = imported(store, header, "Maria Lind")
    assert report.added == 0
    assert len(report.errors) == 1


def test_a_second_import_changes_only_what_differs_in_the_columns_it_has(store: Store):
    imported(store, HEADER, "Maria Lind,4217,,,Finance,Umeå,en,yes,0701740605;0701740606", "Bo,4218,,,,,,,")
    assert imported(store, "name,employee_number", "Maria Lind,4217", "Bo,4218") == ImportReport()
    report = imported(store, "numbers,name,employee_number", "0701740606;0701740607,Maria Ek,4217")
    assert report == ImportReport(changed=1)
    maria = only(store, "4217")
    assert (maria.name, maria.department, maria.vip) == ("Maria Ek", "Finance", True)
    assert maria.numbers == ("+46701740606", "+46701740607")


def test_a_row_without_employee_number_is_added_once(store: Store):
    rows = ("Bo,,0701740605", "Bo,,0701740606", "Bo,,0701740605")
    assert imported(store, "name,employee_number,numbers", *rows).added == 2
    assert imported(store, "name,employee_number,numbers", *rows) == ImportReport()


def test_of_two_rows_with_one_employee_number_the_last_wins(store: Store):
    report = imported(store, "name,employee_number", "Maria Lind,4217", "Maria Ek,4217")
    assert (report.added, report.changed, only(store, "4217").name) == (1, 1, "Maria Ek")


def test_callers_get_their_turn_while_many_people_are_imported(store: Store):
    ended: list[Transaction] = []
    note = ended.append
    event.listen(Transaction, "after_commit", note)
    report = imported(store, "name,employee_number", *(f"Person {n},{n}" for n in range(1, 1001)))
    event.remove(Transaction, "after_commit", note)
    assert report == ImportReport(added=1000)
    assert len(ended) == 5  # after each of them others may write
    assert count(store) == 1000


def test_a_person_twice_in_a_long_file_is_one_person(store: Store):
    many = [f"Person {n}," for n in range(600)]
    assert imported(
        store, "name,employee_number", "Ola,1", "Kari,", *many, "Olav,1", "Kari,"
    ) == ImportReport(added=602, changed=1)
    assert only(store, "1").name == "Olav"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    lines=st.lists(st.text(alphabet=st.characters(exclude_categories=())), max_size=6)
    | st.lists(st.text(alphabet='name,;"\n\r\x00\ufeff +0479\ud800å'), max_size=6).map(
        lambda rows: ["name,employee_number,extension,numbers", *rows]
    )
)
@example(lines=["name;numbers", "a;+46701740605;b", "\x1c", "\r", '"'])
def test_an_import_of_any_text_answers_with_a_report(store: Store, lines: list[str]):
    before = count(store)
    report = contacts.import_csv(store, lines, region="SE")
    assert count(store) == before + report.added
    assert all(error.isprintable() for error in report.errors)
