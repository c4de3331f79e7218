"""What is wrong with a desk is said by desk and field, all of it at once."""

from contextlib import suppress
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.desk_rules import DeskRefused, faults_between, faults_of, read_desk
from domain.desks import Desk, OpeningHours, Span

GOOD = Desk(key="hr", name="Personnel", numbers=("101",), queue="hr", menu={"1": "payroll"})
SPAN = Span(days=("mon",), opens="08:00", closes="17:00")


def faults(table) -> list[tuple[str, str]]:
    with pytest.raises(DeskRefused) as refused:
        read_desk(table)
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_a_desk_reads_back_from_what_it_is_written_as():
    full = replace(GOOD, greeting={"sv": "Hej."}, hours=OpeningHours(spans=(SPAN,), holidays="SE"))
    assert read_desk(asdict(full)) == full


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"key": "H R"}, ("key", "bad_key")),
        ({"name": " "}, ("name", "bad_name")),
        ({"name": "a\nb"}, ("name", "bad_name")),
        ({"numbers": ()}, ("numbers", "no_number")),
        ({"numbers": ("100,1,System(id)",)}, ("numbers", "bad_number")),
        ({"queue": "support]\n[other"}, ("queue", "bad_queue")),
        ({"languages": ()}, ("languages", "no_language")),
        ({"greeting": {"en": "x" * 151}}, ("greeting", "long_greeting")),
        ({"menu": {}}, ("menu", "missing")),
        ({"menu": {"*": "payroll"}}, ("menu", "bad_menu")),
        ({"menu": {"1": "${SHELL}"}}, ("menu", "bad_menu")),
        ({"ring_s": 0}, ("ring_s", "out_of_range")),
        ({"cap": -1}, ("cap", "out_of_range")),
        ({"hours": OpeningHours(time_zone="Mars/Olympus")}, ("hours", "bad_zone")),
        ({"hours": OpeningHours(time_zone="../etc/passwd")}, ("hours", "bad_zone")),
        ({"hours": OpeningHours(holidays="XX")}, ("hours", "bad_calendar")),
        ({"hours": OpeningHours(closed_days=("24 December",))}, ("hours", "bad_day")),
        ({"hours": OpeningHours(closed_days=("20261224",))}, ("hours", "bad_day")),
        ({"hours": OpeningHours(spans=(replace(SPAN, opens="8:00"),))}, ("hours", "bad_time")),
        ({"hours": OpeningHours(spans=(replace(SPAN, closes="07:00"),))}, ("hours", "bad_time")),
        ({"hours": OpeningHours(spans=(replace(SPAN, days=()),))}, ("hours", "bad_time")),
    ],
)
def test_a_bad_field_is_named(change, found):
    (fault,) = faults_of(replace(GOOD, **change))
    assert (fault.desk, (fault.field, fault.code)) == (replace(GOOD, **change).key, found)


def test_a_field_that_no_desk_has_is_no_default_passed_over():
    assert faults({"key": "hr", "ringtime": 5}) == [("ringtime", "unknown_field")]
    table = {**asdict(GOOD), "hours": {"spans": [{"days": ["mon"], "from": "08:00"}], "zone": "x"}}
    assert faults(table) == [("hours.zone", "unknown_field"), ("hours.spans.from", "unknown_field")]


def test_everything_that_is_wrong_is_said_at_once():
    assert faults({"key": "hr", "languages": ["fi"], "ring_s": "long"}) == [
        ("name", "missing"),
        ("numbers", "missing"),
        ("languages", "bad_value"),
        ("ring_s", "bad_value"),
    ]


def test_a_number_that_belongs_to_two_desks_is_refused_with_both_names():
    (fault,) = faults_between([GOOD, replace(GOOD, key="it", numbers=("100", "101"))])
    assert (fault.desk, fault.other, fault.code, fault.value) == ("it", "hr", "number_taken", "101")


def test_two_desks_of_one_key_are_refused():
    assert [fault.code for fault in faults_between([GOOD, replace(GOOD, numbers=("102",))])] == ["key_taken"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(asdict(GOOD))), JSON))
def test_whatever_a_file_or_a_page_sends_is_a_good_desk_or_refused(table):
    with suppress(DeskRefused):  # any other error is a fault of ours
        assert not list(faults_of(read_desk(table)))
