"""When a desk is open: by the clock on its wall, the country's days off, and days of its own."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.desks import OpeningHours, Span
from domain.opening import why_closed

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEKDAYS = Span(days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="17:00")
OFFICE = OpeningHours(spans=(WEEKDAYS,), holidays="SE", closed_days=("2026-11-27",))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def test_a_desk_without_hours_is_always_open():
    assert why_closed(OpeningHours(), at("2026-12-25T03:00")) is None


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2026-11-25T08:00", None),
        ("2026-11-25T16:59:59", None),
        ("2026-11-25T17:00", "hours"),
        ("2026-11-25T07:59:59", "hours"),
        ("2026-11-28T12:00", "hours"),  # a Saturday
        ("2026-11-27T12:00", "closed_day"),
        ("2026-06-19T12:00", "holiday"),  # Midsummer Eve: no public holiday, and nobody works
        ("2026-12-24T12:00", "holiday"),
        ("2026-01-06T12:00", "holiday"),
    ],
)
def test_an_office_answers_in_its_hours(moment, why):
    assert why_closed(OFFICE, at(moment)) == why


def test_the_clock_on_the_desks_own_wall_counts():
    evening = OpeningHours(spans=(WEEKDAYS,), time_zone="Europe/Helsinki")
    assert why_closed(evening, at("2026-11-25T16:30")) == "hours"
    assert why_closed(OFFICE, datetime(2026, 7, 1, 6, 0, tzinfo=UTC)) is None  # summer time: it is 08:00


def test_midnight_ends_a_day_and_a_lunch_may_lie_between_two_spans():
    night = Span(days=("wed",), opens="20:00", closes="24:00")
    morning = Span(days=("wed",), opens="08:00", closes="12:00")
    hours = OpeningHours(spans=(morning, night))
    assert [why_closed(hours, at(f"2026-11-25T{time}")) for time in ("11:00", "13:00", "23:59")] == [
        None,
        "hours",
        None,
    ]


def test_a_country_without_customary_days_off_has_its_public_ones():
    assert why_closed(OpeningHours(holidays="NO"), at("2026-05-17T12:00")) == "holiday"
