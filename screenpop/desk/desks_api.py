"""Desks and who serves their queues, for the settings page of admins.

| request                          | answer                                                                  |
|----------------------------------|-------------------------------------------------------------------------|
| `GET /api/desks`                 | `DesksAnswer`: every desk, the default one first                        |
| `GET /api/desks/KEY`             | `Desk`; 404                                                             |
| `PUT /api/desks/KEY` a `Desk`    | the `Desk` as it was saved; `version` is the one the change is made of, |
|                                  | 0 makes a desk                                                          |
| `DELETE /api/desks/KEY?version=` | 204; who waits there is still answered                                  |
| `GET /api/memberships`           | `MembershipsAnswer`                                                     |
| `PUT /api/memberships`           | of a `MembershipsChange`: `MembershipsAnswer` as it was saved           |

A change that is not taken has changed nothing: 422 `desk_refused` with `faults` by field, in the user's
language; 409 `desk_conflict` with `current`, how it is now; 409 `desk_in_file`: it is changed in the file;
422 `membership_refused`. What is taken takes effect within seconds, without a restart, and is audited.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from casestore import audit, desks, users
from casestore.db import Store, Transaction
from casestore.desks import DeskConflict, DeskIsElsewhere
from domain.clock import now_ms
from domain.desk_rules import DeskRefused, read_desk
from domain.desks import Desk, Membership
from screenpop.server.auth import READS, SIGNED_IN, STORE, needs
from screenpop.server.bodies import require_json
from screenpop.server.encode import answer
from screenpop.server.fault_texts import in_words
from screenpop.server.reading import read
from screenpop.server.refusals import Refused, language_of
from screenpop.server.texts import say

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class DesksAnswer:
    """Every desk, the default one first."""

    desks: tuple[Desk, ...]


@dataclass(frozen=True, kw_only=True)
class ServingAgent:
    """Somebody who may serve queues."""

    username: str
    name: str


@dataclass(frozen=True, kw_only=True)
class MembershipsAnswer:
    """Who serves which queue; `version` is given back with a change. Who stands in none serves the first."""

    version: int
    queues: tuple[str, ...]
    agents: tuple[ServingAgent, ...]
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, kw_only=True)
class FieldFault:
    """What is wrong with a field, in words."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class MembershipsChange:
    """What a page sends: all memberships as they shall be, made of this version."""

    version: int
    memberships: tuple[Membership, ...]


_CHANGE = TypeAdapter(MembershipsChange)


@needs("manage_desks")
async def all_desks(request: web.Request) -> web.Response:
    """`GET /api/desks`."""
    return answer(await read(request, lambda tx: DesksAnswer(desks=desks.book(tx).desks)))


@needs("manage_desks")
async def desk(request: web.Request) -> web.Response:
    """`GET /api/desks/KEY`."""
    found = await read(request, desks.get, request.match_info["key"])
    if found is None:
        raise Refused(404, "desk_not_found")
    return answer(found)


@needs("manage_desks")
async def save_desk(request: web.Request) -> web.Response:
    """`PUT /api/desks/KEY`."""
    table, key = await _body(request), request.match_info["key"]
    known_version = table.get("version", 0)
    if table.get("key", key) != key or not isinstance(known_version, int):
        raise Refused(400, "bad_request")

    def save(tx: Transaction) -> Desk:
        # Where it is changed is for us to say: in the page, from now on.
        made = read_desk({**table, "key": key, "managed_by": "page"})
        saved = desks.save(tx, made, known_version=known_version)
        _note(request, tx, desk=key)
        return saved

    return await _changed(request, save)


@needs("manage_desks")
async def remove_desk(request: web.Request) -> web.Response:
    """`DELETE /api/desks/KEY?version=N`."""
    key, version = request.match_info["key"], request.query.get("version", "")
    if not version.isascii() or not version.isdecimal() or len(version) > 9:
        raise Refused(400, "bad_request")

    def remove(tx: Transaction) -> None:
        desks.remove(tx, key, known_version=int(version))
        _note(request, tx, desk=key, removed="yes")

    return await _changed(request, remove)


@needs("manage_desks")
async def memberships(request: web.Request) -> web.Response:
    """`GET /api/memberships`."""
    return answer(await read(request, _memberships))


@needs("manage_desks")
async def save_memberships(request: web.Request) -> web.Response:
    """`PUT /api/memberships`."""
    try:
        change = _CHANGE.validate_python(await _body(request))
    except ValidationError:
        raise Refused(422, "membership_refused") from None

    def save(tx: Transaction) -> MembershipsAnswer:
        now = _memberships(tx)
        if change.version != now.version:
            raise _MembershipConflict(now)
        agents = {agent.username for agent in now.agents}
        if any(each.agent not in agents for each in change.memberships):
            raise Refused(422, "membership_refused")
        try:
            desks.set_memberships(tx, now.queues, change.memberships)
        except ValueError:
            raise Refused(422, "membership_refused") from None
        _note(request, tx, memberships=str(len(change.memberships)))
        return _memberships(tx)

    return await _changed(request, save)


class _MembershipConflict(Exception):
    def __init__(self, current: MembershipsAnswer) -> None:
        super().__init__("the memberships have been changed meanwhile")
        self.current = current


def _memberships(tx: Transaction) -> MembershipsAnswer:
    book = desks.book(tx)
    queues = tuple(dict.fromkeys(desk.queue for desk in book.desks))
    return MembershipsAnswer(
        version=desks.change_count(tx),
        queues=queues,
        agents=tuple(ServingAgent(username=user.username, name=user.name) for user in users.all_users(tx)),
        memberships=tuple(each for each in book.memberships if each.queue in queues),
    )


async def _body(request: web.Request) -> Mapping[str, Any]:
    require_json(request)
    try:
        table = await request.json()
    except (ValueError, RecursionError):
        raise Refused(400, "bad_request") from None
    if not isinstance(table, dict):
        raise Refused(400, "bad_request")
    return table


async def _changed(request: web.Request, change: Callable[[Transaction], object]) -> web.Response:
    """What the change gives, 204 for nothing; or why it was not taken."""

    def work(store: Store) -> object:
        with store.uow() as tx:
            return change(tx)

    try:
        given = await request.app[READS].run(work, request.app[STORE])
    except DeskRefused as refused:
        language = language_of(request)
        faults = [
            FieldFault(field=fault.field, code=fault.code, message=in_words(fault, language))
            for fault in refused.faults
        ]
        return _not_taken(request, 422, "desk_refused", faults=faults)
    except (DeskConflict, _MembershipConflict) as conflict:
        return _not_taken(request, 409, "desk_conflict", current=conflict.current)
    except DeskIsElsewhere:
        return _not_taken(request, 409, "desk_in_file")
    return web.Response(status=204) if given is None else answer(given)


def _not_taken(request: web.Request, status: int, code: str, **more: object) -> web.Response:
    error = {"code": code, "message": say(language_of(request), code)}
    return answer({"error": error, **more}, status)


def _note(request: web.Request, tx: Transaction, **values: str) -> None:
    audit.note(tx, request[SIGNED_IN].user.username, "settings_changed", values, now_ms())
