"""What a page may say over the live connection."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from domain.agents import PhoneKind, Wish
from domain.rights import Right

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
    """The agent wants to be ready, on a break …; None: as they are, at this phone.

    A line break in the reason would reach Asterisk.
    """

    type: Literal["presence"]
    presence: Wish | None
    reason: str = Field("", max_length=80, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    phone: PhoneKind = "browser"


PageMessage = Painted | Hidden | PresenceWanted
MESSAGES: tuple[type[PageMessage], ...] = get_args(PageMessage)
RIGHT_TO_SAY: dict[type[PageMessage], Right] = {
    Painted: "take_calls",
    Hidden: "take_calls",
    PresenceWanted: "take_calls",
}
_messages: TypeAdapter[PageMessage] = TypeAdapter(Annotated[PageMessage, Field(discriminator="type")])


def parse(text: str) -> PageMessage:
    """A browser's message; raises BadMessage."""
    try:
        return _messages.validate_json(text)
    except (ValidationError, UnicodeError) as error:
        # Without what was sent: it may be anything, and this goes to the log.
        details = error.errors(include_input=False) if isinstance(error, ValidationError) else []
        raise BadMessage(details[0]["type"] if details else "not_text") from None
