"""What becomes of an offered call in its agent's browsers. Pure: the caller sends and publishes.

An offer is open until it was painted, every browser of the agent is hidden, the gate has settled it,
or `OPEN_MS` have passed (the gate died with its call). Browsers are any hashable things.
"""

from collections.abc import Collection, Hashable, Set
from dataclasses import dataclass, field
from typing import Literal

from domain.offers import OfferAnswered, OfferMade

OPEN_MS = 5_000
_REMEMBERED = 1000

_Answer = Literal["delivered", "painted", "hidden", "gone"]


class ForeignOffer(Exception):
    """This offer was never made to this agent."""


@dataclass
class _Offer:
    made: OfferMade
    open: bool = True
    hidden: set[Hashable] = field(default_factory=set)


class Offers:
    """The latest offers; the finished ones too, to know a late answer from a foreign one."""

    def __init__(self) -> None:
        self._offers: dict[str, _Offer] = {}

    def offer_made(
        self, offer: OfferMade, browsers: Collection[Hashable], now_ms: int
    ) -> tuple[OfferAnswered, ...]:
        """A new offer, with the agent's browsers it can be sent to. A known one changes nothing."""
        if offer.offer_id in self._offers:
            return ()
        self._offers[offer.offer_id] = _Offer(offer)
        if len(self._offers) > _REMEMBERED:
            del self._offers[next(iter(self._offers))]
        return (_answer(offer, "delivered", now_ms),) if browsers else ()

    def open_to(self, agent: str, now_ms: int) -> tuple[OfferMade, ...]:
        """The offers that wait for a browser of this agent."""
        return tuple(offer.made for offer in self._open(agent, now_ms))

    def browser_arrived(
        self, agent: str, others: Collection[Hashable], now_ms: int
    ) -> tuple[OfferAnswered, ...]:
        """A browser has come and will be sent the open offers; the first one answers that they arrived."""
        if others:
            return ()
        return tuple(_answer(made, "delivered", now_ms) for made in self.open_to(agent, now_ms))

    def browser_left(self, agent: str, remaining: Set[Hashable], now_ms: int) -> tuple[OfferAnswered, ...]:
        """A browser is gone; it may come back within the cap, so the offers stay open."""
        # The last one leaves nobody who could be hidden: "gone" is the more useful cause.
        if not remaining:
            return tuple(_answer(made, "gone", now_ms) for made in self.open_to(agent, now_ms))
        return self._all_hidden(agent, remaining, now_ms)

    def page_painted(self, agent: str, offer_id: str, now_ms: int) -> tuple[OfferAnswered, ...]:
        """A visible page shows the call; nothing where it came too late. Raises ForeignOffer."""
        offer = self._of(agent, offer_id)
        if not offer.open:
            return ()
        offer.open = False
        return (_answer(offer.made, "painted", now_ms),)

    def page_hidden(
        self, agent: str, offer_id: str, browser: Hashable, browsers: Set[Hashable], now_ms: int
    ) -> tuple[OfferAnswered, ...]:
        """This browser's page cannot be seen; an answer once that is true of all. Raises ForeignOffer."""
        self._of(agent, offer_id).hidden.add(browser)
        return self._all_hidden(agent, browsers, now_ms)

    def gate_opened(self, offer_id: str) -> None:
        """The gate waits no longer."""
        if offer := self._offers.get(offer_id):
            offer.open = False
            offer.hidden.clear()

    def _all_hidden(self, agent: str, browsers: Set[Hashable], now_ms: int) -> tuple[OfferAnswered, ...]:
        unseen = [offer for offer in self._open(agent, now_ms) if browsers <= offer.hidden]
        for offer in unseen:
            offer.open = False
        return tuple(_answer(offer.made, "hidden", now_ms) for offer in unseen)

    def _open(self, agent: str, now_ms: int) -> list[_Offer]:
        return [
            offer
            for offer in self._offers.values()
            if offer.open and offer.made.agent == agent and offer.made.at_ms > now_ms - OPEN_MS
        ]

    def _of(self, agent: str, offer_id: str) -> _Offer:
        offer = self._offers.get(offer_id)
        if offer is None or offer.made.agent != agent:
            raise ForeignOffer(offer_id)
        return offer


def _answer(made: OfferMade, answer: _Answer, now_ms: int) -> OfferAnswered:
    return OfferAnswered(
        at_ms=now_ms, call_id=made.call_id, offer_id=made.offer_id, agent=made.agent, answer=answer
    )
