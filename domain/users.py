"""Those who log in."""

from dataclasses import dataclass
from typing import Literal, get_args

from domain.languages import FALLBACK, Language

Role = Literal["agent", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # whoever may do less comes first


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who logs in; `language` is that of their pages."""

    id: int
    username: str
    name: str
    role: Role
    language: Language = FALLBACK


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of the desk as colleagues see them."""

    username: str
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class Session:
    """A login that lasts: whose it is, and the token its changing requests must carry."""

    user: User
    csrf: str
