"""Desks as they are kept: one number, one desk; a write against an older version is a conflict."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from casestore import calls, desks
from casestore.db import Store
from casestore.desks import DeskConflict, DeskIsElsewhere
from domain.calls import Call
from domain.desk_rules import DeskRefused
from domain.desks import Desk, Membership, OpeningHours, Span

IT = Desk(key="it", name="IT", numbers=("100",), menu={"1": "account"})
HR = Desk(
    key="hr",
    name="Personnel",
    numbers=("101", "+4687101"),
    queue="hr",
    languages=("sv", "en"),
    greeting={"sv": "Välkommen till personal."},
    menu={"1": "payroll", "0": "other"},
    hours=OpeningHours(
        spans=(Span(days=("mon", "fri"), opens="08:00", closes="17:00"),),
        holidays="SE",
        closed_days=("2026-12-23",),
    ),
)


@pytest.fixture
def two(store: Store) -> Store:
    """A store with both desks."""
    with store.uow() as tx:
        desks.save(tx, IT, known_version=0)
        desks.save(tx, HR, known_version=0)
    return store


def book(store: Store):
    with store.reading() as tx:
        return desks.book(tx)


def test_a_desk_comes_back_as_it_was_with_its_first_version(two: Store):
    assert book(two).desks == (replace(IT, version=1), replace(HR, version=1))


def test_a_number_of_another_desk_is_refused_and_the_word_names_both(two: Store):
    with pytest.raises(DeskRefused) as refused, two.uow() as tx:
        desks.save(tx, replace(HR, numbers=("100", "101")), known_version=1)
    (fault,) = refused.value.faults
    assert (fault.desk, fault.field, fault.code, fault.value, fault.other) == (
        "hr", "numbers", "number_taken", "100", "it",
    )  # fmt: skip
    assert book(two).desks[1].numbers == HR.numbers


def test_a_number_may_move_to_another_desk_once_it_is_free(two: Store):
    with two.uow() as tx:
        desks.save(tx, replace(HR, numbers=("102",)), known_version=1)
        desks.save(tx, replace(IT, numbers=("100", "101")), known_version=1)
    assert book(two).of_number("101").key == "it"


def test_of_two_admins_the_second_is_shown_what_the_first_made(two: Store):
    with two.uow() as tx:
        desks.save(tx, replace(IT, ring_s=20), known_version=1)
    with pytest.raises(DeskConflict) as conflict, two.uow() as tx:
        desks.save(tx, replace(IT, ring_s=25), known_version=1)
    assert conflict.value.current == replace(IT, ring_s=20, version=2)


def test_a_new_desk_does_not_overwrite_one_that_is_there(two: Store):
    with pytest.raises(DeskConflict), two.uow() as tx:
        desks.save(tx, IT, known_version=0)


def test_a_removed_desk_has_no_number_and_its_queue_is_still_served(two: Store):
    with two.uow() as tx:
        desks.set_memberships(tx, ["hr"], [Membership(agent="anna", queue="hr")])
        desks.remove(tx, "hr", known_version=1)
    left = book(two)
    assert [desk.key for desk in left.desks] == ["it"]
    assert left.queues() == ("support", "hr")
    assert left.served_by("anna") == {"hr": 0}
    with two.uow() as tx:
        desks.save(tx, replace(IT, numbers=("100", "101")), known_version=1)  # the number is free again


def test_what_was_removed_goes_when_nobody_waits_there_any_more(two: Store):
    with two.uow() as tx:
        desks.set_memberships(tx, ["hr"], [Membership(agent="anna", queue="hr")])
        desks.remove(tx, "hr", known_version=1)
        calls.save(tx, [Call(call_id="1.1", stage="queued", queue="hr", marks={"answered": 1})])
        desks.forget_removed(tx)
    assert book(two).queues() == ("support", "hr")
    with two.uow() as tx:
        calls.save(tx, [Call(call_id="1.1", stage="ended", outcome="answered", queue="hr")])
        desks.forget_removed(tx)
    assert book(two).queues() == ("support",)
    assert book(two).memberships == ()


def test_the_last_desk_stays(store: Store):
    with store.uow() as tx:
        desks.save(tx, IT, known_version=0)
    with pytest.raises(DeskRefused, match="last_desk"), store.uow() as tx:
        desks.remove(tx, "it", known_version=1)


def test_the_desk_of_the_settings_follows_them_until_somebody_edits_it(store: Store):
    with store.uow() as tx:
        assert desks.follow_settings(tx, IT)
    with store.uow() as tx:
        assert desks.follow_settings(tx, replace(IT, ring_s=20))
    (desk,) = book(store).desks
    assert (desk.ring_s, desk.managed_by) == (20, "settings")
    with store.uow() as tx:
        desks.save(tx, replace(desk, name="Helpdesk", managed_by="page"), known_version=desk.version)
        assert not desks.follow_settings(tx, IT)
    assert book(store).desks[0].name == "Helpdesk"


def test_what_stands_in_the_file_is_there_and_is_changed_there_only(two: Store):
    with two.uow() as tx:
        desks.replace_all_of_file(tx, [replace(HR, name="People")])
    assert [(desk.key, desk.managed_by) for desk in book(two).desks] == [("hr", "file"), ("it", "page")]
    with pytest.raises(DeskIsElsewhere), two.uow() as tx:
        desks.save(tx, HR, known_version=2)
    with pytest.raises(DeskIsElsewhere), two.uow() as tx:
        desks.remove(tx, "hr", known_version=2)


def test_numbers_change_places_within_the_file(store: Store):
    with store.uow() as tx:
        desks.replace_all_of_file(tx, [IT, HR])
        desks.replace_all_of_file(tx, [replace(IT, numbers=("101",)), replace(HR, numbers=("100",))])
    assert book(store).of_number("100").key == "hr"


def test_a_desk_that_left_the_file_goes(store: Store):
    with store.uow() as tx:
        desks.replace_all_of_file(tx, [IT, HR])
        desks.replace_all_of_file(tx, [HR])
    assert [desk.key for desk in book(store).desks] == ["hr"]


def test_a_file_that_takes_a_number_of_another_desk_changes_nothing(two: Store):
    with pytest.raises(DeskRefused) as refused, two.uow() as tx:
        desks.replace_all_of_file(tx, [replace(HR, name="People"), replace(IT, key="lab", numbers=("100",))])
    assert [(fault.desk, fault.other) for fault in refused.value.faults] == [("lab", "it")]
    assert book(two).desks[1].name == "Personnel"


def test_the_same_file_again_is_no_new_version(store: Store):
    with store.uow() as tx:
        desks.replace_all_of_file(tx, [IT, HR])
    before = book(store)
    with store.uow() as tx:
        desks.replace_all_of_file(tx, [IT, HR])
    assert book(store) == before


def test_memberships_of_other_queues_stay(two: Store):
    with two.uow() as tx:
        both = (Membership(agent="anna", queue="support"), Membership(agent="sofia", queue="hr", penalty=5))
        desks.set_memberships(tx, ["support", "hr"], both)
        desks.set_memberships(tx, ["support"], [Membership(agent="bo", queue="support")])
    assert {(each.agent, each.queue, each.penalty) for each in book(two).memberships} == {
        ("bo", "support", 0),
        ("sofia", "hr", 5),
    }


def test_who_stands_in_no_queue_serves_the_default_one(two: Store):
    assert book(two).served_by("bo") == {"support": 0}


def test_every_change_is_counted(two: Store):
    with two.uow() as tx:
        before = desks.change_count(tx)
        desks.save(tx, replace(IT, ring_s=20), known_version=1)
        assert desks.change_count(tx) > before


def test_a_desk_of_a_later_version_costs_itself_only(two: Store):
    with two.uow() as tx:
        tx.execute(text("""UPDATE desks SET desk = '{"key": "hr", "shape": "unknown"}' WHERE key = 'hr'"""))
    assert [desk.key for desk in book(two).desks] == ["it"]


def test_of_many_admins_at_once_exactly_one_is_first(two: Store):
    def save(ring_s: int) -> bool:
        try:
            with two.uow() as tx:
                desks.save(tx, replace(IT, ring_s=ring_s), known_version=1)
        except DeskConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as admins:
        assert sum(admins.map(save, range(10, 18))) == 1
    assert book(two).desks[0].version == 2


def test_of_two_desks_that_are_made_at_once_with_one_number_one_is_refused(two: Store):
    def make(key: str) -> bool:
        try:
            with two.uow() as tx:
                desks.save(tx, replace(IT, key=key, numbers=("200",)), known_version=0)
        except DeskRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as admins:
        assert sum(admins.map(make, ("lab", "shop", "hall", "yard"))) == 1
