"""Who calls, read in advance."""

import json

from domain.calls import Call
from screenpop.desk.answers import CallerCard
from screenpop.desk.caller_cards import CallerCards

CARD = CallerCard(contact=None, open_cases=(), open_count=3, earlier_cases=(), calls=())
MARIA = Call(call_id="call1", contact_id=1, number="+46701740605")


def test_a_card_is_asked_for_once_and_again_when_it_is_about_something_else():
    cards = CallerCards()
    assert cards.asks(MARIA)
    assert not cards.asks(MARIA)
    with_case = Call(**{**vars(MARIA), "case_number": "C-000001"})
    assert cards.asks(with_case)
    assert cards.asks(Call(**{**vars(MARIA), "contact_id": 2}))


def test_nobody_and_a_call_that_is_over_have_none():
    cards = CallerCards()
    assert not cards.asks(Call(call_id="call1"))
    assert not cards.asks(Call(call_id="call1", contact_id=1, stage="ended"))


def test_a_card_of_somebody_else_is_never_shown():
    cards = CallerCards()
    cards.asks(MARIA)
    assert cards.get(MARIA) is None
    assert cards.take(MARIA, CARD)
    assert json.loads(cards.get(MARIA) or "")["open_count"] == 3
    # The card of the call before it had a case is still that of this caller.
    assert cards.get(Call(**{**vars(MARIA), "case_number": "C-000001"}))
    other = Call(**{**vars(MARIA), "contact_id": 2})
    cards.asks(other)
    assert cards.get(other) is None
    assert not cards.take(MARIA, CARD)
    assert cards.get(other) is None


def test_the_card_of_a_call_that_is_gone_goes_too():
    cards = CallerCards()
    cards.asks(MARIA)
    cards.take(MARIA, CARD)
    cards.keep_only(())
    assert cards.get(MARIA) is None
    assert not cards.take(MARIA, CARD)
