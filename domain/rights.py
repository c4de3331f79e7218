"""What each role may see and do: the one table. Every route, frame and command asks `may`."""

from typing import Literal, get_args

from domain.users import Role

Right = Literal[
    "take_calls", "see_calls", "see_cases", "edit_cases", "hear_statements", "see_articles", "own_password",
    "see_agents", "manage_agents", "manage_desks", "erase_contacts", "phone_as_anybody", "see_audit",
]  # fmt: skip
RIGHTS: tuple[Right, ...] = get_args(Right)

_AGENT: frozenset[Right] = frozenset(
    ("take_calls", "see_calls", "see_cases", "edit_cases", "hear_statements", "see_articles", "own_password",
     "see_agents")
)  # fmt: skip
_SUPERVISOR: frozenset[Right] = _AGENT | {"see_audit"}
_ADMIN: frozenset[Right] = frozenset(RIGHTS)

RIGHTS_OF: dict[Role, frozenset[Right]] = {"agent": _AGENT, "supervisor": _SUPERVISOR, "admin": _ADMIN}


def may(role: Role, right: Right) -> bool:
    """Whether somebody of this role may do it."""
    return right in RIGHTS_OF[role]
