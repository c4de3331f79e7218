"""What becomes of an offer in its agent's browsers."""

import pytest

from domain.offers import OfferAnswered, OfferMade
from screenpop.desk.shown_offers import OPEN_MS, ForeignOffer, Offers


def offer(offer_id: str = "o1", agent: str = "anna", at_ms: int = 0) -> OfferMade:
    return OfferMade(at_ms=at_ms, call_id="c1", offer_id=offer_id, agent=agent)


def words(answers: tuple[OfferAnswered, ...]) -> list[str]:
    assert all((answer.call_id, answer.agent) == ("c1", "anna") for answer in answers)
    return [answer.answer for answer in answers]


def test_an_offer_is_delivered_and_painted_once() -> None:
    offers = Offers()
    assert words(offers.offer_made(offer(), {1, 2}, 0)) == ["delivered"]
    assert words(offers.offer_made(offer(), {1, 2}, 0)) == []
    assert words(offers.page_painted("anna", "o1", 10)) == ["painted"]
    assert words(offers.page_painted("anna", "o1", 11)) == []
    assert offers.open_to("anna", 12) == ()


def test_without_a_browser_nothing_is_said_until_one_comes() -> None:
    offers = Offers()
    assert words(offers.offer_made(offer(), set(), 0)) == []
    assert words(offers.browser_arrived("anna", set(), 5)) == ["delivered"]
    assert words(offers.browser_arrived("anna", {1}, 6)) == []


def test_hidden_is_said_when_every_browser_is_hidden() -> None:
    offers = Offers()
    offers.offer_made(offer(), {1, 2}, 0)
    assert words(offers.page_hidden("anna", "o1", 1, {1, 2}, 1)) == []
    assert words(offers.page_hidden("anna", "o1", 1, {1, 2}, 2)) == []
    assert words(offers.page_hidden("anna", "o1", 2, {1, 2}, 3)) == ["hidden"]
    assert words(offers.page_hidden("anna", "o1", 2, {1, 2}, 4)) == []


def test_hidden_is_said_when_the_only_visible_browser_leaves() -> None:
    offers = Offers()
    offers.offer_made(offer(), {1, 2}, 0)
    offers.page_hidden("anna", "o1", 1, {1, 2}, 1)
    assert words(offers.browser_left("anna", {1}, 2)) == ["hidden"]


def test_a_reload_takes_the_offer_along() -> None:
    offers = Offers()
    offers.offer_made(offer(), {1}, 0)
    assert words(offers.browser_left("anna", set(), 1)) == ["gone"]
    assert [each.offer_id for each in offers.open_to("anna", 2)] == ["o1"]
    assert words(offers.browser_arrived("anna", set(), 2)) == ["delivered"]
    assert words(offers.page_painted("anna", "o1", 3)) == ["painted"]
    assert words(offers.browser_left("anna", set(), 4)) == []


@pytest.mark.parametrize("offer_id", ["o1", "never made", ""])
def test_an_offer_to_somebody_else_is_foreign(offer_id: str) -> None:
    offers = Offers()
    offers.offer_made(offer(), {1}, 0)
    with pytest.raises(ForeignOffer):
        offers.page_painted("bo", offer_id, 1)
    with pytest.raises(ForeignOffer):
        offers.page_hidden("bo", offer_id, 2, {2}, 1)
    assert offers.open_to("bo", 1) == ()
    assert offers.open_to("anna", 1)


def test_what_the_gate_has_settled_is_over() -> None:
    offers = Offers()
    offers.offer_made(offer(), {1}, 0)
    offers.gate_opened("o1")
    offers.gate_opened("never made")
    assert words(offers.page_painted("anna", "o1", 1)) == []
    assert words(offers.browser_left("anna", set(), 1)) == []


def test_an_offer_whose_gate_died_is_not_offered_for_ever() -> None:
    offers = Offers()
    offers.offer_made(offer(), {1}, 0)
    assert offers.open_to("anna", OPEN_MS - 1)
    assert offers.open_to("anna", OPEN_MS) == ()


def test_memory_is_bounded() -> None:
    offers = Offers()
    for number in range(1001):
        offers.offer_made(offer(f"o{number}"), {1}, 0)
    with pytest.raises(ForeignOffer):
        offers.page_painted("anna", "o0", 1)
    assert words(offers.page_painted("anna", "o1000", 1)) == ["painted"]
