"""Who calls, read in advance: nothing is read when a call is offered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from domain.calls import Call
from screenpop.desk.answers import CallerCard
from screenpop.desk.frames import Encoded
from screenpop.server.encode import to_json

_About = tuple[int | None, str, str]
"""Contact, telephone number, case: what a card is made from. Another one makes another card."""


@dataclass(frozen=True)
class _Card:
    about: _About
    json: Encoded[CallerCard]


class CallerCards:
    """One for each call that lives; `asks` says when one is to be read."""

    def __init__(self) -> None:
        self._cards: dict[str, _Card] = {}
        self._asked: dict[str, _About] = {}

    def asks(self, call: Call) -> bool:
        """Whether the card of this call must be read, which is said once."""
        if call.stage == "ended" or _is_nobody(call) or self._asked.get(call.call_id) == _about(call):
            return False
        self._asked[call.call_id] = _about(call)
        return True

    def take(self, call: Call, card: CallerCard) -> bool:
        """The card as it was read for the call as it was then; False where it is of no use any more."""
        if self._asked.get(call.call_id) != _about(call):
            return False
        self._cards[call.call_id] = _Card(_about(call), Encoded[CallerCard](to_json(card)))
        return True

    def get(self, call: Call) -> Encoded[CallerCard] | None:
        """None where there is none of this very caller; one that is about to be read anew will do."""
        card = self._cards.get(call.call_id)
        return card.json if card and card.about[:2] == _about(call)[:2] else None

    def keep_only(self, call_ids: Collection[str]) -> None:
        self._cards = {call_id: card for call_id, card in self._cards.items() if call_id in call_ids}
        self._asked = {call_id: about for call_id, about in self._asked.items() if call_id in call_ids}


def _about(call: Call) -> _About:
    return call.contact_id, call.number, call.case_number


def _is_nobody(call: Call) -> bool:
    return call.contact_id is None and not call.number
