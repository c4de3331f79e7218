"""Reads desks from a TOML file: one `[[desk]]` table each, fields as in `domain/desks.py` (see the README).

`members = { anna = 0, sofia = 5 }` in a desk's table states who serves its queue, with their penalties; where
no table of a queue has it, the settings page says who does.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.desk_rules import DeskRefused, Fault, faults_between, read_desk
from domain.desks import MOST_PENALTY, Desk, Membership
from domain.endpoints import is_username
from screenpop.server.fault_texts import in_words

_MOST_BYTES = 1_000_000


class DeskFileRefused(ValueError):
    """The file is not taken; the message names it, and each desk and field with what is wrong."""


@dataclass(frozen=True, kw_only=True)
class DeskFile:
    """What the file says: the desks in its order, and by queue who serves there where it states that."""

    desks: tuple[Desk, ...]
    members: Mapping[str, tuple[Membership, ...]]


def read_desk_file(file: Path) -> DeskFile:
    """All of it, or DeskFileRefused."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError(f"larger than {_MOST_BYTES} bytes")
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DeskFileRefused(f"{file}: {' '.join(str(error).split())}") from None
    entries = tables.get("desk")
    tables_alone = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
    if set(tables) != {"desk"} or not tables_alone:
        raise DeskFileRefused(f"{file}: holds [[desk]] tables and nothing else")
    desks: list[Desk] = []
    members: dict[str, tuple[Membership, ...]] = {}
    faults: list[Fault] = []
    for entry in entries or ():
        stated = entry.pop("members", None)
        try:
            desks.append(read_desk(_without_ours(entry)))
            if stated is not None:
                own = tuple(_members(desks[-1], stated))
                members[desks[-1].queue] = (*members.get(desks[-1].queue, ()), *own)
        except DeskRefused as refused:
            faults += refused.faults
    if faults := [*faults, *faults_between(desks)]:
        raise file_refused(file, faults)
    return DeskFile(desks=tuple(desks), members=members)


def file_refused(file: Path, faults: Sequence[Fault]) -> DeskFileRefused:
    """The error that tells an operator all of it."""
    told = "; ".join(f"desk {each.desk or '?'}, {each.field}: {in_words(each, 'en')}" for each in faults)
    return DeskFileRefused(f"{file}: {told}")


def _without_ours(entry: dict[str, Any]) -> dict[str, Any]:
    """The same: `managed_by` and `version` are ours to say. Raises DeskRefused."""
    if ours := {"managed_by", "version"} & entry.keys():
        key = str(entry.get("key", ""))
        raise DeskRefused([Fault(desk=key, field=name, code="unknown_field") for name in sorted(ours)])
    return entry


def _members(desk: Desk, stated: Any) -> Iterator[Membership]:
    for agent, penalty in stated.items() if isinstance(stated, dict) else [("", stated)]:
        if not is_username(agent) or penalty not in range(MOST_PENALTY + 1):
            value = f"{agent} = {penalty}"[:80]
            raise DeskRefused([Fault(desk=desk.key, field="members", code="bad_member", value=value)])
        yield Membership(agent=agent, queue=desk.queue, penalty=int(penalty), managed_by="file")
