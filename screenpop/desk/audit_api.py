"""`GET /api/audit`: what people of the desk did, for those who may see it."""

from dataclasses import dataclass

from aiohttp import web

from casestore import audit
from domain.audit import AuditEntry
from screenpop.server.auth import needs
from screenpop.server.encode import answer
from screenpop.server.reading import read

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
    actor = request.query.get("actor", "")
    entries = await read(request, audit.recent, _AT_ONCE, before_id=before_id, actor=actor)
    older_than = entries[-1].id if len(entries) == _AT_ONCE else None
    return answer(AuditAnswer(entries=entries, older_than=older_than))
