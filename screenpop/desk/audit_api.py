"""`GET /api/audit`: what people of the desk did, for those who may see it."""

from dataclasses import dataclass

from aiohttp import web

from casestore import audit
from casestore.db import Store
from domain.audit import AuditEntry
from screenpop.server.auth import READS, STORE, needs
from screenpop.server.encode import answer

_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class AuditAnswer:
    """The newest first; `older_than` is what to ask for next (`?before=`), None where that is all."""

    entries: tuple[AuditEntry, ...]
    older_than: int | None


@needs("see_audit")
async def audit_entries(request: web.Request) -> web.Response:
    """`GET /api/audit?before=ID&actor=USERNAME`: both may be left out."""
    before = request.query.get("before", "")
    before_id = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None
    entries = await request.app[READS].run(
        _read, request.app[STORE], before_id, request.query.get("actor", "")
    )
    older_than = entries[-1].id if len(entries) == _AT_ONCE else None
    return answer(AuditAnswer(entries=entries, older_than=older_than))


def _read(store: Store, before_id: int | None, actor: str) -> tuple[AuditEntry, ...]:
    with store.reading() as tx:
        return audit.recent(tx, _AT_ONCE, before_id=before_id, actor=actor)
