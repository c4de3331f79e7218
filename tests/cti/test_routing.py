"""Where a call goes follows from the number, the time and who waits; the reason comes along."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.routing import route
from domain.desks import Desk, DeskBook, OpeningHours, Reception, Routing, Span

WEEK = Span(days=("mon", "tue", "wed", "thu", "fri"), opens="08:00", closes="17:00")
IT = Desk(key="it", name="IT", numbers=("100",), menu={"1": "account"})
HR = Desk(
    key="hr",
    name="Personnel",
    numbers=("101",),
    queue="hr",
    menu={"1": "payroll"},
    hours=OpeningHours(spans=(WEEK,), holidays="SE", closed_days=("2026-11-27",)),
    when_closed="case",
    when_full="announce",
    cap=2,
)
BOOK = DeskBook(desks=(IT, HR))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Stockholm")).timestamp() * 1000)


NOON = at("2026-11-25T12:00")


def test_each_number_reaches_its_desk_and_queue():
    assert route(BOOK, "100", NOON) == Reception(IT, Routing(desk="it", queue="support"))
    assert route(BOOK, "101", NOON) == Reception(HR, Routing(desk="hr", queue="hr"))


@pytest.mark.parametrize(
    ("moment", "why"),
    [("2026-11-25T18:00", "hours"), ("2026-12-25T12:00", "holiday"), ("2026-11-27T12:00", "closed_day")],
)
def test_a_closed_desk_says_why_and_does_what_was_chosen(moment, why):
    assert route(BOOK, "101", at(moment)).routing == Routing(desk="hr", queue="hr", why=why, then="case")


def test_a_desk_with_as_many_waiting_as_it_takes_is_full():
    assert route(BOOK, "101", NOON, waiting=1).routing.why == "open"
    assert route(BOOK, "101", NOON, waiting=2).routing == Routing(
        desk="hr", queue="hr", why="full", then="announce"
    )


def test_where_nobody_knows_how_many_wait_there_is_room():
    assert route(BOOK, "101", NOON, waiting=None).routing.then == "queue"


def test_a_number_of_nobody_reaches_the_default_desk():
    assert route(BOOK, "4711", NOON).routing == Routing(desk="it", queue="support", why="unknown_number")


def test_hours_that_cannot_be_understood_lead_to_people():
    broken = replace(HR, hours=OpeningHours(time_zone="Mars/Olympus"))
    routing = route(DeskBook(desks=(IT, broken)), "101", NOON).routing
    assert (routing.queue, routing.why, routing.then) == ("hr", "lookup_failed", "queue")


def test_without_any_desk_whoever_asks_is_told():
    with pytest.raises(LookupError):
        route(DeskBook(), "100", NOON)


@given(st.text(max_size=30), st.integers(0, 4_000_000_000_000), st.none() | st.integers(0, 10))
def test_every_call_gets_a_queue_of_some_desk(dialled, at_ms, waiting):
    received = route(BOOK, dialled, at_ms, waiting)
    desk, routing = received.desk, received.routing
    assert (routing.desk, routing.queue) == (desk.key, desk.queue)
    assert routing.then == "queue" or routing.why in ("hours", "holiday", "closed_day", "full")
