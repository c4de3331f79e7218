"""What people of the desk did that others must be able to see: usernames and numbers, no words of callers."""

from dataclasses import dataclass
from typing import Literal

AuditKind = Literal[
    "logged_in", "login_refused", "password_changed",
    "agent_added", "agent_removed", "role_changed",
    "statement_heard", "settings_changed", "contact_erased",
]  # fmt: skip

LEAST_DAYS = 31
"""So long it is kept at least; the database refuses to delete what is younger than 30 by its own clock."""

COMMAND_LINE = "command line"
"""The actor of what was done on the machine itself."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """`actor` is a username, or COMMAND_LINE; `values` what it was done to (`{"case": "C-000001"}`)."""

    id: int
    at_ms: int
    actor: str
    kind: AuditKind
    values: dict[str, str]
