"""What each role may see and do: the one table. Every route and every message of a page asks `may`.

| right                              | agent | supervisor | admin |                                          |
|------------------------------------|-------|------------|-------|------------------------------------------|
| own_session, own_password          | yes   | yes        | yes   | who one is, to log out, one's password   |
| take_calls                         | yes   | yes        | yes   | presence, offers, a telephone            |
| see_calls, see_cases, see_articles | yes   | yes        | yes   |                                          |
| see_agents                         | yes   | yes        | yes   | colleagues, by name and state            |
| edit_cases, hear_statements        | yes   | yes        | yes   | listening is audited                     |
| see_audit                          |       | yes        | yes   | what people of the desk did              |
| manage_agents, manage_desks        |       |            | yes   |                                          |
| erase_contacts                     |       |            | yes   |                                          |
| phone_as_anybody                   |       |            | yes   | the /phone page: any number as one's own |
"""

from typing import Literal, get_args

from domain.users import Role

Right = Literal[
    "own_session", "own_password",
    "take_calls", "see_calls", "see_cases", "edit_cases", "hear_statements", "see_articles", "see_agents",
    "manage_agents", "manage_desks", "erase_contacts", "phone_as_anybody", "see_audit",
]  # fmt: skip
RIGHTS: tuple[Right, ...] = get_args(Right)

_AGENT: frozenset[Right] = frozenset(
    ("own_session", "own_password", "take_calls", "see_calls", "see_cases", "edit_cases", "hear_statements",
     "see_articles", "see_agents")
)  # fmt: skip
_SUPERVISOR: frozenset[Right] = _AGENT | {"see_audit"}
_ADMIN: frozenset[Right] = frozenset(RIGHTS)

RIGHTS_OF: dict[Role, frozenset[Right]] = {"agent": _AGENT, "supervisor": _SUPERVISOR, "admin": _ADMIN}


def may(role: Role, right: Right) -> bool:
    """Whether somebody of this role may do it."""
    return right in RIGHTS_OF[role]
