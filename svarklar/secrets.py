"""Secrets of this installation: made at random at first start, in a file its owner alone can read."""

import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cti.asterisk.settings import AsteriskSecrets
from domain.endpoints import WEBCALLER, endpoints_of, is_username
from svarklar.settings import Settings

DEMO_LOGINS = ("anna", "bo", "sofia", "admin")
# Typed by hand from a terminal, so nothing that can be taken for something else.
_TYPEABLE = "abcdefghjkmnpqrstuvwxyz23456789"


class SecretsUnusable(Exception):
    """The secrets file is damaged or open to others; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Secrets(AsteriskSecrets):
    """Passwords: `sip` by endpoint, `demo` by login; `api_token` is for `svarklar call`."""

    api_token: str = field(repr=False)
    demo: dict[str, str] = field(repr=False)


def load_secrets(settings: Settings, agents: Sequence[str]) -> Secrets:
    """The secrets in var/secrets.json, with what is missing for these agents made and kept.

    Raises SecretsUnusable for a damaged or readable file, ValueError for a name no agent may have.
    """
    for agent in agents:
        if not is_username(agent):
            raise ValueError(f"{agent!r} is no agent name: lower-case letters a–z and digits only")
    path = settings.secrets_file
    known = _read(path) if path.exists() else None
    wanted = _complete(known, agents, demo=settings.demo)
    if wanted != known:
        _write(path, wanted)
    return wanted


def forget_secrets(settings: Settings, agent: str) -> None:
    """Whoever gets this name later does not get these telephones' passwords. Raises SecretsUnusable."""
    if not settings.secrets_file.exists():
        return
    known = _read(settings.secrets_file)
    own = endpoints_of(agent)
    kept = {endpoint: password for endpoint, password in known.sip.items() if endpoint not in own}
    _write(settings.secrets_file, replace(known, sip=kept))


def _complete(known: Secrets | None, agents: Sequence[str], *, demo: bool) -> Secrets:
    """What is known, and something random for whatever is not; nothing known changes."""
    endpoints = [endpoint for agent in agents for endpoint in endpoints_of(agent)]
    sip = {endpoint: secrets.token_urlsafe(24) for endpoint in (WEBCALLER, *endpoints)}
    logins = {login: _typeable_password() for login in DEMO_LOGINS} if demo else {}
    if known is None:
        return Secrets(
            ami=secrets.token_urlsafe(24), api_token=secrets.token_urlsafe(24), sip=sip, demo=logins
        )
    return Secrets(ami=known.ami, api_token=known.api_token, sip=sip | known.sip, demo=logins | known.demo)


def _typeable_password() -> str:
    """Twelve characters, 59 bits."""
    return "".join(secrets.choice(_TYPEABLE) for _ in range(12))


def _read(path: Path) -> Secrets:
    # Not just mended: whoever could read it may have done so already.
    if path.stat().st_mode & 0o077:
        raise SecretsUnusable(f"{path} can be read by others: chmod 600 {path}")
    try:
        return TypeAdapter(Secrets).validate_json(path.read_bytes())
    except ValidationError as error:
        kinds = ", ".join(sorted({detail["type"] for detail in error.errors()}))
        raise SecretsUnusable(f"{path} is damaged ({kinds}): restore it, or remove it for new ones") from None


def _write(path: Path, content: Secrets) -> None:
    """Replace the file at once; mkstemp makes it readable by its owner alone from the start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(content), file, indent=1)
    Path(temporary).replace(path)
