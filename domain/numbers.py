"""Who is calling: what a caller ID says, and whether it names one person. Pure; never raises.

A caller ID is whatever somebody else's telephone exchange wrote, so the rules are strict: what is
no telephone number beyond doubt is `unknown`, and nothing is guessed from it.

| caller ID                                        | kind       | number                      |
|--------------------------------------------------|------------|-----------------------------|
| empty, anonymous, restricted, unavailable …      | withheld   | empty                       |
| 3–5 digits                                       | extension  | the digits                  |
| +46 70…, 0046 70…, 070… (own region), 4670…      | e164       | E.164, with the plus        |
| everything else                                  | unknown    | its printable ASCII, ≤ 32   |
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from domain.contacts import Match

Kind = Literal["withheld", "extension", "e164", "unknown"]

_WITHHELD = {
    *("", "anonymous", "restricted", "unavailable", "private", "unknown", "withheld"),
    *("blocked", "hidden", "asterisk", "none", "null", "s"),
}
_EXTENSION = re.compile(r"[0-9]{3,5}")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()./-]*")
_LONGEST_CALLER_ID = 40


@dataclass(frozen=True)
class Caller:
    """What a caller ID says; the table above tells what `number` holds."""

    kind: Kind
    number: str = ""


def normalise(number: str, region: str) -> Caller:
    """The caller that a caller ID names; `region` (SE, NO …) is that of numbers without country code."""
    # Cut before anything looks at it: a caller ID may be as long as somebody likes.
    raw = number[: _LONGEST_CALLER_ID + 1].strip()
    if raw.strip("<>\"' ").lower() in _WITHHELD:
        return Caller("withheld")
    if _EXTENSION.fullmatch(raw):
        return Caller("extension", raw)
    if len(number) <= _LONGEST_CALLER_ID and _TELEPHONE.fullmatch(raw):
        parsed = _parse(raw, region)
        if parsed is not None:
            return Caller("e164", phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
    return Caller("unknown", "".join(c for c in raw if " " <= c <= "~")[:32])


def written_forms(e164: str) -> tuple[str, ...]:
    """How telephone exchanges may write this number; an extension is written as it is."""
    if not e164.startswith("+"):
        return (e164,)
    parsed = _parsed(e164, None)
    national = (f"0{parsed.national_number}",) if parsed else ()
    return (e164, e164[1:], f"00{e164[1:]}", *national)


def decide(caller: Caller, candidates: Collection[object]) -> Match:
    """Whether the contacts that were found for a caller name one person, several or none."""
    if caller.kind == "withheld":
        return "withheld"
    if len(candidates) > 1:
        return "several"
    return "one" if candidates else "none"


def _parse(raw: str, region: str) -> PhoneNumber | None:
    """With + or 00 a possible number will do; without, it must be a valid one: national, then foreign."""
    digits = re.sub(r"[^+0-9]", "", raw)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+"):
        parsed = _parsed(digits, None)
        return parsed if parsed and phonenumbers.is_possible_number(parsed) else None
    for text, home in ((digits, region), ("+" + digits, None)):
        parsed = _parsed(text, home)
        if parsed and phonenumbers.is_valid_number(parsed):
            return parsed
    return None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
