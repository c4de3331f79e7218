import contextlib
import dataclasses

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cti.bus.deduplicator import Deduplicator
from cti.bus.encoding import BadEvent, decode, encode
from domain.calls import Call, CallChanged
from domain.cases import CaseSummary
from domain.dialogue import PartialHeard, SpokenWord, StatementHeard
from domain.offers import Offer
from domain.vocabulary import kinds_of

EVERY_EVENT = [kind for kind in kinds_of() if kind.__module__.startswith("domain.")]


@pytest.mark.parametrize("kind", EVERY_EVENT, ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_survives_the_way_through_bytes(kind, data):
    event = data.draw(st.from_type(kind))
    try:
        encoded = encode(event)
    except BadEvent:
        assume("nan" not in repr(event) and "inf" not in repr(event))
        raise
    assert decode(encoded) == event


def test_a_whole_call_survives_with_its_records():
    call = Call(
        call_id="1.1",
        words=(SpokenWord(text="skrivaren", start_s=0.1, end_s=0.6, confidence=0.9),),
        case=CaseSummary(
            number="C-000001",
            title="t",
            service="s",
            category="c",
            impact="one",
            urgency="stopped",
            priority=2,
            because={"urgency": ("fungerar", "inte")},
        ),
        offers=(Offer(offer_id="o", agent="anna", offered_ms=5, missed="slow"),),
        marks={"answered": 1},
    )
    event = CallChanged(at_ms=1, call=call)
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PartialHeard",
        b"PartialHeard {",
        b'PartialHeard {"at_ms":1}',
        b'PartialHeard {"at_ms":"soon","call_id":"1","text":"x"}',
        b'NoSuchEvent {"at_ms":1}',
        b'Call {"call_id":"1"}',
        b"\xff\xfe {}",
        b"dataclass {}",
    ],
)
def test_bytes_that_are_no_event_get_a_clear_error(data):
    with pytest.raises(BadEvent):
        decode(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data):
    with contextlib.suppress(BadEvent):
        decode(data)


def test_a_field_of_the_wrong_type_is_refused_where_it_is_stated():
    with pytest.raises(BadEvent, match="PartialHeard"):
        encode(PartialHeard(call_id="1.1", at_ms=1, text=5))
    with pytest.raises(BadEvent, match="StatementHeard"):
        encode(StatementHeard(call_id="1.1", at_ms=1, text="x", confidence=float("nan")))


def test_a_field_that_a_newer_version_added_is_ignored():
    event = PartialHeard(call_id="1.1", at_ms=1, text="x")
    assert decode(encode(event)[:-1] + b',"mood":"calm"}') == event


def test_a_fact_of_before_statements_had_ids_is_read():
    old = b'StatementHeard {"at_ms":1,"event_id":"a","call_id":"1.1","text":"my printer","confidence":0.9}'
    event = decode(old)
    assert (event.text, event.statement_id, event.source) == ("my printer", "", "")


def test_a_consumer_that_remembers_ids_handles_an_event_once():
    deduplicator, event = Deduplicator(), PartialHeard(call_id="1.1", at_ms=1, text="x")
    again = dataclasses.replace(event)
    assert [deduplicator.first_time(event), deduplicator.first_time(again)] == [True, False]


def test_only_so_many_ids_are_remembered():
    deduplicator = Deduplicator(capacity=2)
    first, *others = [PartialHeard(call_id="1.1", at_ms=1, text="x") for _ in range(3)]
    for event in (first, *others):
        deduplicator.first_time(event)
    assert not deduplicator.first_time(others[0])
    assert deduplicator.first_time(first)
