"""Desks come from the file, else from the settings, and a change is taken in while the program runs."""

import asyncio
from dataclasses import replace

import pytest

from casestore import desks
from casestore.db import Store
from cti.asterisk.install.configuration import ConfigurationRefused
from domain.desks import Membership
from svarklar.desk_file import DeskFileRefused, read_desk_file
from svarklar.desk_records import DeskRecords, first_desk, take_in_desks

FILE = """
[[desk]]
key = "it"
name = "IT"
numbers = ["100"]
menu = { 1 = "account", 0 = "other" }

[[desk]]
key = "hr"
name = "Personnel"
numbers = ["101"]
queue = "hr"
languages = ["sv", "en"]
greeting = { sv = "Välkommen till personal." }
menu = { 1 = "payroll", 0 = "other" }
when_closed = "case"
members = { anna = 0, sofia = 5 }
[desk.hours]
holidays = "SE"
closed_days = ["2026-11-27"]
spans = [{ days = ["mon", "tue"], opens = "08:00", closes = "17:00" }]
"""


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "desks.toml"
    file.write_text(FILE)
    return file


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'svarklar.db'}")
    store.upgrade()
    yield store
    store.close()


def book(store):
    with store.reading() as tx:
        return desks.book(tx)


def refusal(file, text):
    file.write_text(text)
    with pytest.raises(DeskFileRefused) as refused:
        read_desk_file(file)
    return str(refused.value)


def test_a_file_says_all_that_a_desk_can_be(file):
    read = read_desk_file(file)
    assert [desk.key for desk in read.desks] == ["it", "hr"]
    assert read.desks[1].hours.spans[0].closes == "17:00"
    assert {(each.agent, each.penalty) for each in read.members["hr"]} == {("anna", 0), ("sofia", 5)}


def test_an_error_names_the_file_the_desk_and_the_field(file):
    told = refusal(file, FILE.replace('numbers = ["101"]', 'numbers = ["100"]'))
    assert told.startswith(f"{file}: desk hr, numbers: ")
    assert "“it”" in told
    assert "desk hr, members" in refusal(file, FILE.replace("sofia = 5", "sofia = 500"))
    assert "desk hr, when_closed" in refusal(file, FILE.replace('"case"', '"sleep"'))


def test_everything_that_is_wrong_is_said_at_once(file):
    told = refusal(file, FILE.replace('"SE"', '"XX"').replace('numbers = ["100"]', "numbers = []"))
    assert "desk it, numbers" in told
    assert "desk hr, hours" in told


@pytest.mark.parametrize(
    "text", ["", "desk = 1", "[desk]\nkey = 'it'", "x = 1\n" + FILE, "[[desk", "[[desk]]\nversion = 3"]
)
def test_what_is_no_list_of_desks_is_refused(file, text):
    assert str(file) in refusal(file, text)


def test_without_a_file_there_is_the_desk_of_the_settings(new_settings, store):
    settings = new_settings(support_number="4600", queue="helpdesk", ring_s=20, wrapup_s=7, language="sv")
    assert take_in_desks(settings, store) == "ok"
    (desk,) = book(store).desks
    assert (desk.numbers, desk.queue, desk.ring_s, desk.wrapup_s) == (("4600",), "helpdesk", 20, 7)
    assert desk.languages == ("sv", "en", "nb")
    assert list(desk.menu) == ["1", "2", "3", "4", "5", "0"]


def test_settings_that_make_no_desk_are_refused_in_one_line(new_settings, store):
    with pytest.raises(ConfigurationRefused, match="number"):
        take_in_desks(new_settings(support_number="100,1,System(id)"), store)


def test_the_file_takes_the_place_of_the_settings(new_settings, store, file):
    take_in_desks(new_settings(), store)
    assert take_in_desks(new_settings(desk_file=file), store) == "ok"
    assert [(desk.key, desk.managed_by) for desk in book(store).desks] == [("it", "file"), ("hr", "file")]
    assert Membership(agent="sofia", queue="hr", penalty=5, managed_by="file") in book(store).memberships


def test_a_bad_file_leaves_the_desks_as_they_were_and_says_so(new_settings, store, file):
    settings = new_settings(desk_file=file)
    take_in_desks(settings, store)
    before = book(store)
    file.write_text(FILE.replace('"Personnel"', '"People"').replace('"SE"', '"XX"'))
    assert str(file) in take_in_desks(settings, store)
    assert book(store) == before


def test_where_no_file_is_named_any_more_its_desks_are_changed_in_the_page(new_settings, store, file):
    take_in_desks(new_settings(desk_file=file), store)
    take_in_desks(new_settings(), store)
    hr = book(store).desks[1]
    assert hr.managed_by == "page"
    with store.uow() as tx:
        desks.save(tx, replace(hr, name="People"), known_version=hr.version)
        desks.set_memberships(tx, ["hr"], [])
    assert book(store).memberships == ()


async def test_a_change_of_the_file_is_told_to_every_part(new_settings, store, file):
    settings = new_settings(desk_file=file)
    take_in_desks(settings, store)
    records, told = DeskRecords(settings, store, look_s=0.01), asyncio.Queue()
    records.load()
    records.on_change(told.put_nowait)
    assert [desk.name for desk in (await told.get()).desks] == ["IT", "Personnel"]
    watching = asyncio.create_task(records.watch())
    file.write_text(FILE.replace('"Personnel"', '"People and pay"'))
    assert [desk.name for desk in (await told.get()).desks] == ["IT", "People and pay"]
    watching.cancel()


async def test_what_an_admin_changes_is_told_to_every_part(new_settings, store):
    settings = new_settings()
    take_in_desks(settings, store)
    records, told = DeskRecords(settings, store, look_s=0.01), asyncio.Queue()
    records.load()
    records.on_change(told.put_nowait)
    (desk,) = (await told.get()).desks
    watching = asyncio.create_task(records.watch())
    with store.uow() as tx:
        desks.save(tx, replace(desk, ring_s=9, managed_by="page"), known_version=desk.version)
    assert (await told.get()).desks[0].ring_s == 9
    watching.cancel()


def test_the_first_desk_is_a_good_one(settings):
    assert first_desk(settings).numbers == (settings.support_number,)
