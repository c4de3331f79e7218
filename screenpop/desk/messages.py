"""What a browser may say over the live connection, and the small frames it gets back."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from domain.events import OfferMade
from domain.records import PhoneKind, Presence
from screenpop.server.encode import to_json
from screenpop.server.texts import say

MOST_BYTES = 16 * 1024

_OfferId = Annotated[str, Field(max_length=64)]


class BadMessage(Exception):
    """Not a message of ours; says what is wrong with it, for the log."""


class Painted(BaseModel):
    """The offered call is on a visible screen."""

    type: Literal["painted"]
    offer_id: _OfferId


class Hidden(BaseModel):
    """The offered call came, but nobody can see this page."""

    type: Literal["hidden"]
    offer_id: _OfferId


class PresenceWanted(BaseModel):
    """The agent wants to be ready, on a break …; a line break in the reason would reach Asterisk."""

    type: Literal["presence"]
    presence: Presence
    reason: str = Field("", max_length=80, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    phone: PhoneKind = "browser"


PageMessage = Painted | Hidden | PresenceWanted
_messages: TypeAdapter[PageMessage] = TypeAdapter(Annotated[PageMessage, Field(discriminator="type")])


def parse(text: str) -> PageMessage:
    """A browser's message; raises BadMessage."""
    try:
        return _messages.validate_json(text)
    except (ValidationError, UnicodeError) as error:
        details = error.errors(include_input=False) if isinstance(error, ValidationError) else []
        raise BadMessage(details[0]["type"] if details else "not_text") from None


def offer_frame(offer: OfferMade) -> bytes:
    """Paint this call now, then answer."""
    return to_json({"type": "offer", "offer_id": offer.offer_id, "call_id": offer.call_id}).encode()


def error_frame(code: str, language: str) -> bytes:
    """What went wrong, in the user's language."""
    return to_json({"type": "error", "code": code, "message": say(language, code)}).encode()
