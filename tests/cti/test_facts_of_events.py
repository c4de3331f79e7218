"""Facts: what is personal in an event lies apart, and the event can be read with it and without."""

import traceback
from dataclasses import MISSING, fields, replace

import pytest
from call_events import DIALOGUE, ID, of, play
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from test_calls_any_order import ANY_EVENT

from cti.bus.encoding import BadEvent
from cti.calls import step
from cti.facts import event_of, fact_of
from domain.calls import CallAnswered, CallEnded, QueueJoined, without_person
from domain.case_events import CaseNoted
from domain.cases import CaseTexts, Said
from domain.dialogue import StatementHeard
from domain.event import Event
from domain.facts import StoredFact
from domain.vocabulary import kinds_of
from tests import case_work

SAID = Said(statement_id="1", text="Maria's printer", at_ms=1)
TEXTS = CaseTexts(title="", said=(SAID,), because={"service": ("printer",)})
PERSONAL = (
    *DIALOGUE,
    of(QueueJoined, 800, queue="support", position=1, number="+46701740605", name="Maria"),
    replace(case_work.told(ID), texts=TEXTS),
    CaseNoted(case_number="C-000001", version=2, actor="anna", note_id="anna/1", note="Maria's", at_ms=9),
)


def stored(event: Event, **changes: object) -> StoredFact:
    fact = fact_of(event, node="main", received_ms=7)
    return StoredFact(**vars(replace(fact, **changes)), seq=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", PERSONAL, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_whole(event: Event):
    assert event_of(stored(event)) == event


@pytest.mark.parametrize("event", PERSONAL, ids=lambda event: type(event).__name__)
def test_the_body_of_a_fact_holds_nobodys_words_names_or_numbers(event: Event):
    body = stored(event).body
    for trace in ("+46701740605", "Maria", "printer", "Printer"):
        assert trace not in body


@pytest.mark.parametrize("event", PERSONAL, ids=lambda event: type(event).__name__)
def test_an_event_can_be_read_after_what_is_personal_has_gone(event: Event):
    left = event_of(stored(event, personal=""))
    assert left
    assert type(left) is type(event)
    assert (left.event_id, left.subject, left.at_ms) == (event.event_id, event.subject, event.at_ms)


def test_what_is_not_personal_stays():
    assert event_of(stored(PERSONAL[0], personal="")) == of(
        CallAnswered, 100, event_id=PERSONAL[0].event_id, sip_call_id="sip-1", codec="ulaw"
    )
    registered = event_of(stored(PERSONAL[-2], personal=""))
    assert registered == replace(PERSONAL[-2], texts=CaseTexts())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(ANY_EVENT, st.sampled_from(PERSONAL)), max_size=30))
def test_facts_without_what_is_personal_make_the_call_without_the_person(happened):
    whole, left = play(*happened)[0], None
    for event in happened:
        left = step(left, event_of(stored(event, personal="")), event.at_ms)[0]
    assert left == (whole and without_person(whole))


def test_an_event_in_which_nothing_is_personal_has_no_personal_part():
    assert stored(of(CallEnded, 9, cause="Normal Clearing")).personal == ""
    assert stored(of(QueueJoined, 9, queue="support", position=1)).personal == ""


@pytest.mark.parametrize("kind", tuple(kinds_of()), ids=lambda kind: kind.__name__)
def test_every_personal_field_is_empty_by_default(kind: type[Event]):
    whole = {name for name in kind.personal if "." not in name}
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(kind)
        if field.name in whole
    }
    assert defaults.keys() == whole
    assert all(not default or default == CaseTexts() for default in defaults.values())


@pytest.mark.parametrize("broken", ["{", "[]", "7", '{"text": 7}', '{"text": "\\ud800"}'])
def test_a_fact_whose_personal_part_is_broken_costs_itself_only(broken: str):
    heard = of(StatementHeard, 1, text="secret words", confidence=1.0)
    with capture_logs() as logs:
        assert event_of(stored(heard, personal=broken)) is None
    assert [line["event"] for line in logs] == ["fact_unreadable"]
    assert "secret" not in str(logs)


def test_an_event_that_cannot_be_written_down_is_told_without_its_words():
    heard = of(StatementHeard, 1, text=["secret words"], confidence=1.0)
    with pytest.raises(BadEvent) as raised:
        stored(heard)
    assert "text" in str(raised.value)
    assert "secret" not in "".join(traceback.format_exception(raised.value))
