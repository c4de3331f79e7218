"""The JSON that a request brings."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from screenpop.server.refusals import Refused

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: web.Request, kind: type[Body]) -> Body:
    """The request's body; raises Refused 400 for anything else."""
    require_json(request)
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError:
        raise Refused(400, "bad_request") from None


def require_json(request: web.Request) -> None:
    """Raises Refused 400 where the body says that it is something else."""
    # A form of a foreign page can send text and form data across origins, but no JSON.
    if request.content_type != "application/json":
        raise Refused(400, "bad_request")


def read_query(request: web.Request, kind: type[Body]) -> Body:
    """What stands after the `?`; raises Refused 400 where it means nothing."""
    try:
        return kind.model_validate(dict(request.query))
    except ValidationError:
        raise Refused(400, "bad_request") from None
