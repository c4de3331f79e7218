"""How agents and their telephones are called: the one place that knows.

An agent is a username: a lower-case letter, then letters and digits. Each has two telephones, PJSIP endpoints
`USERNAME-browser` (in the page) and `USERNAME-phone` (on the desk). In the queue an agent is the member
`PJSIP/USERNAME-KIND`; a channel of that telephone is `PJSIP/USERNAME-KIND-0000001a`.
The endpoint WEBCALLER is the caller's page, nobody's telephone.
"""

import re
from typing import cast, get_args

from domain.agents import PhoneKind

PHONE_KINDS: tuple[PhoneKind, ...] = get_args(PhoneKind)
WEBCALLER = "webcaller"

# Narrow, for it becomes a SIP user, a file's section, a queue member and a part of AMI lines.
_USERNAME = r"[a-z][a-z0-9]{0,31}"
_PHONE = re.compile(rf"PJSIP/(?P<agent>{_USERNAME})-(?P<kind>{'|'.join(PHONE_KINDS)})(-[0-9a-f]+)?", re.ASCII)


def is_username(name: str) -> bool:
    """Whether an agent may be called so."""
    return re.fullmatch(_USERNAME, name, re.ASCII) is not None


def endpoint(agent: str, kind: PhoneKind) -> str:
    """The PJSIP endpoint of this telephone."""
    return f"{agent}-{kind}"


def endpoints_of(agent: str) -> tuple[str, ...]:
    """Both telephones."""
    return tuple(endpoint(agent, kind) for kind in PHONE_KINDS)


def interface(agent: str, kind: PhoneKind) -> str:
    """The telephone as a queue's member and in a dial string."""
    return f"PJSIP/{endpoint(agent, kind)}"


def phone_of(channel: str) -> tuple[str, PhoneKind] | None:
    """Agent and kind of telephone of a channel or queue interface; None where it is no agent's."""
    match = _PHONE.fullmatch(channel)
    return (match["agent"], cast(PhoneKind, match["kind"])) if match else None
